import { useEffect, useState } from "react";

import { ask, change, sentenceOf } from "../data/client";
import { useSession } from "../data/session";
import { useCommands } from "../frame/keys";
import { Button, Confirm, Notice, Section, Skeleton, toasts } from "../kit";
import { CopyField } from "../kit/CopyField";
import { words } from "../words/autobcc";
import { autoBccQuery, rotateAutoBcc } from "./documents";

type Read = { address: string | null } | { failed: string } | null;

function useAddress(): [Read, (next: Read) => void, () => void] {
  const [read, setRead] = useState<Read>(null);
  const load = () => {
    ask(autoBccQuery, {}).then(
      (answer) => setRead({ address: answer.viewer.user?.autoBccAddress ?? null }),
      (error: unknown) => setRead({ failed: sentenceOf(error) }),
    );
  };
  useEffect(load, []);
  return [read, setRead, load];
}

/** The address that brings mail here from any mail program. */
export function AutoBcc() {
  const { isAdmin } = useSession();
  const [read, setRead, load] = useAddress();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const address = read !== null && "address" in read ? read.address : null;
  const copy = async () => {
    if (address === null) return;
    await navigator.clipboard.writeText(address);
    toasts.show(words.copied);
  };
  useCommands(
    [{ label: `${words.title}: ${words.copy}`, group: words.title, run: () => void copy() }],
    address !== null,
  );
  const rotate = async () => {
    setBusy(true);
    try {
      const answer = (await change(rotateAutoBcc, {})).rotateAutoBccAddress;
      if (answer.__typename === "User") {
        setRead({ address: answer.autoBccAddress });
        toasts.show(words.changed);
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
      {read === null ? (
        <Skeleton className="h-9" />
      ) : "failed" in read ? (
        <Notice tone="bad" action={<Button onClick={load}>{words.tryAgain}</Button>}>
          {words.away} {read.failed}
        </Notice>
      ) : address === null ? (
        <Notice>
          {words.none} {isAdmin && words.noneAdmin}
        </Notice>
      ) : (
        <>
          <CopyField label={words.address} value={address} copied={words.copied}>
            <Button icon="refresh" className="h-9" onClick={() => setAsking(true)}>
              {words.change}
            </Button>
          </CopyField>
          <details>
            <summary className="w-fit rounded-md text-sm font-medium">{words.how}</summary>
            <ol className="mt-2 flex list-decimal flex-col gap-1 ps-5 text-sm text-ink-2">
              {words.steps.map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
            <p className="mt-2 text-sm text-ink-3">{words.rules}</p>
          </details>
        </>
      )}
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => void rotate()}
        title={words.changeTitle}
        confirm={words.change}
        busy={busy}
      >
        {words.changeAbout}
      </Confirm>
    </Section>
  );
}
