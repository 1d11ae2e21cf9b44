import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { refreshSession } from "../data/session";
import { Button, Confirm, Section, Select, toasts } from "../kit";
import { Table } from "../kit/Table";
import { words as admin } from "../words/admin";
import { words } from "../words/presets";
import { bytes } from "../words/times";
import { applyPreset, presetsQuery, type GovernedWorkspace, type PresetSettings } from "./documents";
import { NotThere } from "./NotThere";
import { useAsked } from "./useAsked";

type Preset = PresetSettings["preset"];

function typesSaid(types: readonly string[] | null): string {
  if (types === null) return words.anyType;
  const names = types.map((type) => type.toLowerCase());
  return names.length > 6 ? words.some(names.length, names.slice(0, 5).join(", ")) : names.join(", ");
}

function rowsOf(
  preset: PresetSettings,
  now: GovernedWorkspace,
): { name: string; now: string; then: string }[] {
  const said = (on: boolean) => (on ? words.on : words.off);
  return [
    ...preset.scopes.map(({ provider, scope }) => ({
      name: words.scopes[provider],
      now: words.each,
      then: words.scopeNames[scope],
    })),
    { name: words.limit, now: bytes(now.attachmentLimitBytes), then: bytes(preset.attachmentLimitBytes) },
    { name: words.types, now: typesSaid(now.attachmentTypes), then: typesSaid(preset.attachmentTypes) },
    { name: words.oversize, now: admin.oversizes[now.oversize], then: admin.oversizes[preset.oversize] },
    { name: words.outlook, now: said(now.labs.outlook), then: said(preset.labsOutlook) },
  ];
}

/** Another system's settings, shown beside those that hold now before they are taken. */
export function Presets({
  workspace,
  onApplied,
}: {
  workspace: GovernedWorkspace;
  onApplied: (workspace: GovernedWorkspace) => void;
}) {
  const { data, failed, again } = useAsked(presetsQuery);
  const [chosen, setChosen] = useState<Preset | "">("");
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const preset = data?.presets.find((one) => one.preset === chosen);
  const apply = async () => {
    if (preset === undefined) return;
    setBusy(true);
    try {
      const answer = (await change(applyPreset, { preset: preset.preset })).applyPreset;
      if (answer.__typename === "Workspace") {
        toasts.show(words.applied);
        setChosen("");
        onApplied(answer);
        void refreshSession();
      } else {
        toasts.show(answer.message, { tone: "bad" });
      }
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setBusy(false);
    setAsking(false);
  };
  return (
    <Section title={words.title} about={words.about}>
      {data === null ? (
        <NotThere failed={failed} again={again} />
      ) : (
        <>
          <Select
            label={words.choose}
            hint={workspace.preset === null ? undefined : words.lastApplied(words.names[workspace.preset])}
            options={[
              { value: "", label: words.none },
              ...data.presets.map((one) => ({ value: one.preset, label: words.names[one.preset] })),
            ]}
            value={chosen}
            onChange={setChosen}
            className="sm:max-w-96"
          />
          {preset !== undefined && (
            <>
              <Table
                label={words.sets}
                rows={rowsOf(preset, workspace)}
                keyOf={(row) => row.name}
                columns={[
                  { heading: words.setting, cell: (row) => <span className="font-medium">{row.name}</span> },
                  { heading: words.now, cell: (row) => <span className="text-ink-2">{row.now}</span> },
                  { heading: words.then, cell: (row) => row.then },
                ]}
              />
              <span className="flex justify-end">
                <Button kind="primary" onClick={() => setAsking(true)}>
                  {words.apply}
                </Button>
              </span>
            </>
          )}
        </>
      )}
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => void apply()}
        title={words.confirmTitle(chosen === "" ? "" : words.names[chosen])}
        confirm={words.apply}
        busy={busy}
      >
        {words.confirmAbout}
      </Confirm>
    </Section>
  );
}
