import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { refreshSession } from "../data/session";
import { Button, Section, Select, Switch, TextArea, TextField, toasts } from "../kit";
import { words } from "../words/admin";
import { updateWorkspace, workspaceQuery, type GovernedWorkspace, type WorkspaceChange } from "./documents";
import { NotThere } from "./NotThere";
import { bytesOf, listOf, megabytesOf } from "./policy";
import { Presets } from "./Presets";
import { useAsked } from "./useAsked";

interface Refused {
  message: string;
  field: string;
}

type Save = (part: WorkspaceChange) => Promise<Refused | null>;

/** The workspace's own settings, each part saved by itself. */
export function MailSettings() {
  const { data, failed, again, put } = useAsked(workspaceQuery);
  if (data === null) return <NotThere failed={failed} again={again} />;
  const save: Save = async (part) => {
    try {
      const answer = (await change(updateWorkspace, { input: part })).updateWorkspace;
      if (answer.__typename === "Workspace") {
        put(() => ({ workspace: answer }));
        toasts.show(words.saved);
        void refreshSession();
        return null;
      }
      if (answer.__typename === "InvalidInput") return { message: answer.message, field: answer.field };
      toasts.show(answer.message, { tone: "bad" });
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    return null;
  };
  return (
    <>
      <Presets workspace={data.workspace} onApplied={(workspace) => put(() => ({ workspace }))} />
      <Name workspace={data.workspace} save={save} />
      <Attachments key={data.workspace.preset ?? "none"} workspace={data.workspace} save={save} />
      <Blocklist workspace={data.workspace} save={save} />
      <Section title={words.labs} about={words.labsAbout}>
        <Switch
          label={words.outlook}
          hint={words.outlookAbout}
          checked={data.workspace.labs.outlook}
          onChange={(labsOutlook) => void save({ labsOutlook })}
        />
      </Section>
    </>
  );
}

interface Part {
  workspace: GovernedWorkspace;
  save: Save;
}

function useSaving(save: Save): {
  run: (part: WorkspaceChange) => Promise<void>;
  busy: boolean;
  refused: Refused | null;
} {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused | null>(null);
  const run = async (part: WorkspaceChange) => {
    setBusy(true);
    setRefused(await save(part));
    setBusy(false);
  };
  return { run, busy, refused };
}

function Name({ workspace, save }: Part) {
  const [name, setName] = useState(workspace.name);
  const { run, busy, refused } = useSaving(save);
  return (
    <Section title={words.workspace}>
      <form
        className="flex flex-wrap items-start gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          void run({ name: name.trim() });
        }}
      >
        <TextField
          label={words.workspaceName}
          value={name}
          maxLength={200}
          dir="auto"
          error={refused?.message}
          onChange={(event) => setName(event.target.value)}
          className="min-w-0 flex-1 basis-64"
        />
        <Button type="submit" busy={busy} disabled={name.trim() === workspace.name} className="mt-6 h-9">
          {words.save}
        </Button>
      </form>
    </Section>
  );
}

function Attachments({ workspace, save }: Part) {
  const [limit, setLimit] = useState(megabytesOf(workspace.attachmentLimitBytes));
  const [types, setTypes] = useState((workspace.attachmentTypes ?? []).join(", "));
  const [oversize, setOversize] = useState(workspace.oversize);
  const [badLimit, setBadLimit] = useState(false);
  const { run, busy, refused } = useSaving(save);
  const submit = () => {
    // The most that may be is not a round number: what was not touched is not sent.
    const unchanged = limit === megabytesOf(workspace.attachmentLimitBytes);
    const bytes = unchanged ? workspace.attachmentLimitBytes : bytesOf(limit);
    setBadLimit(bytes === null);
    if (bytes === null) return;
    const attachmentTypes = listOf(types).length === 0 ? null : listOf(types);
    void run({ attachmentLimitBytes: bytes, attachmentTypes, oversize });
  };
  return (
    <Section title={words.attachments} about={words.attachmentsAbout}>
      <form
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label={words.limit}
            hint={words.limitHint}
            inputMode="decimal"
            value={limit}
            error={badLimit ? words.limitBad : undefined}
            onChange={(event) => setLimit(event.target.value)}
          />
          <Select
            label={words.oversize}
            options={[
              { value: "SKIP_MESSAGE", label: words.oversizes.SKIP_MESSAGE },
              { value: "KEEP_WITHOUT_ATTACHMENT", label: words.oversizes.KEEP_WITHOUT_ATTACHMENT },
            ]}
            value={oversize}
            onChange={setOversize}
          />
        </div>
        <TextField
          label={words.types}
          hint={words.typesHint}
          value={types}
          spellCheck={false}
          error={refused?.message}
          onChange={(event) => setTypes(event.target.value)}
        />
        <span>
          <Button type="submit" busy={busy}>
            {words.save}
          </Button>
        </span>
      </form>
    </Section>
  );
}

function Blocklist({ workspace, save }: Part) {
  const [typed, setTyped] = useState(workspace.blocklist.join("\n"));
  const { run, busy, refused } = useSaving(save);
  const entries = listOf(typed);
  const place = Number(/^input\.blocklist\.(\d+)$/.exec(refused?.field ?? "")?.[1] ?? Number.NaN);
  const named = entries[place];
  return (
    <Section title={words.blocklist} about={words.blocklistAbout}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void run({ blocklist: entries });
        }}
      >
        <TextArea
          label={words.blocklistField}
          hint={words.blocked(entries.length)}
          rows={6}
          dir="ltr"
          spellCheck={false}
          value={typed}
          error={
            refused === null ? undefined : `${named === undefined ? "" : `“${named}”: `}${refused.message}`
          }
          onChange={(event) => setTyped(event.target.value)}
        />
        <span>
          <Button type="submit" busy={busy}>
            {words.save}
          </Button>
        </span>
      </form>
    </Section>
  );
}
