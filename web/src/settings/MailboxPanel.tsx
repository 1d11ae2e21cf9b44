import { lazy, Suspense, useEffect, useState } from "react";

import { ask, change, sentenceOf } from "../data/client";
import { useNow } from "../data/session";
import { useFeed } from "../data/useFeed";
import { Badge, Button, Notice, Section, Skeleton, toasts } from "../kit";
import { words } from "../words/settings";
import { messageTime } from "../words/times";
import { AddressBook } from "./AddressBook";
import { Disconnect } from "./Disconnect";
import { mailboxQuery, syncNow, type MailboxSettings } from "./documents";
import { Elsewhere } from "./Elsewhere";
import { Health } from "./Health";
import { Move } from "./Move";
import { namesOf } from "./permissions";
import { Skipped } from "./Skipped";
import { useBegin } from "./useBegin";
import { What } from "./What";
import { WhyMissing } from "./WhyMissing";

const Activity = lazy(() => import("../activity/Activity"));

/** Asks for the mailbox when it is shown, when it changes, and now and then while it is looked at. */
function useMailbox(id: string, changed: unknown): [MailboxSettings | null, () => void] {
  const [mailbox, setMailbox] = useState<MailboxSettings | null>(null);
  const tick = useNow(15).getTime();
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    if (document.visibilityState === "hidden") return;
    let late = false;
    ask(mailboxQuery, { id }).then(
      (answer) => {
        if (!late) setMailbox(answer.mailbox);
      },
      // What is on the screen stays; the frame says that the server is away.
      () => undefined,
    );
    return () => {
      late = true;
    };
  }, [id, changed, tick, asked]);
  const again = () => setAsked((count) => count + 1);
  useFeed((event) => {
    if (event.__typename === "MessageSynced") again();
  }, again);
  return [mailbox, again];
}

/** One mailbox: how it stands, how it goes, what it brings, and how to end it. */
export function MailboxPanel({ id, address, changed }: { id: string; address: string; changed: unknown }) {
  const [mailbox, again] = useMailbox(id, changed);
  const [dialog, setDialog] = useState<"move" | "disconnect" | null>(null);
  if (mailbox === null) {
    return (
      <div aria-busy="true" className="flex flex-col gap-3">
        <Skeleton className="h-8 w-72" />
        <Skeleton className="h-24" />
      </div>
    );
  }
  const connected = mailbox.status === "CONNECTED";
  return (
    <>
      <section aria-label={address} className="flex flex-col gap-4">
        <header className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <span className="flex min-w-0 flex-1 basis-64 flex-wrap items-center gap-x-3">
            <h2 className="wrap-words text-lg font-semibold" dir="ltr">
              {address}
            </h2>
            <Status mailbox={mailbox} />
          </span>
          <span className="flex flex-wrap gap-2">
            {connected && <CheckNow id={id} />}
            <Button icon="pencil" onClick={() => setDialog("move")}>
              {words.editShort}
            </Button>
            <Button kind="danger" icon="trash" onClick={() => setDialog("disconnect")}>
              {words.disconnect}
            </Button>
          </span>
        </header>
        {mailbox.status === "REAUTHENTICATE" && <SignInAgain mailbox={mailbox} />}
        <Health mailbox={mailbox} />
        {mailbox.connectedAt !== null && (
          <p className="text-sm text-ink-3">{words.since(messageTime(mailbox.connectedAt))}</p>
        )}
      </section>
      <What mailbox={mailbox} onChanged={again} />
      <Section title={words.activity} about={words.activityAbout}>
        <Suspense fallback={<Skeleton className="h-40" />}>
          <Activity id={id} changed={mailbox.health.lastStoredAt} />
        </Suspense>
      </Section>
      {connected && <AddressBook mailbox={mailbox} onAsked={again} />}
      <Skipped skipped={mailbox.skipped} />
      <WhyMissing id={id} changed={mailbox.health.lastChangeSeenAt} />
      <Move open={dialog === "move"} onClose={() => setDialog(null)} id={id} address={address} />
      <Disconnect
        open={dialog === "disconnect"}
        onClose={() => setDialog(null)}
        id={id}
        address={address}
        provider={mailbox.provider}
      />
    </>
  );
}

function Status({ mailbox }: { mailbox: MailboxSettings }) {
  if (mailbox.status === "REAUTHENTICATE") return <Badge tone="warn">{words.reauthenticate}</Badge>;
  const waits = mailbox.health.retryAt !== null && new Date(mailbox.health.retryAt) > new Date();
  return waits ? <Badge tone="warn">{words.paused}</Badge> : <Badge tone="good">{words.connected}</Badge>;
}

function CheckNow({ id }: { id: string }) {
  const [busy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    try {
      const answer = (await change(syncNow, { id })).syncNow;
      if (answer.__typename === "Mailbox") toasts.show(words.asked);
      else toasts.show(answer.message, { tone: "bad" });
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setBusy(false);
  };
  return (
    <Button icon="refresh" busy={busy} onClick={() => void check()}>
      {words.syncNow}
    </Button>
  );
}

function SignInAgain({ mailbox }: { mailbox: MailboxSettings }) {
  const { begin, busy, refused, elsewhere } = useBegin();
  const missing = namesOf(mailbox.missingPermissions);
  if (elsewhere !== null) return <Elsewhere url={elsewhere} />;
  return (
    <>
      <Notice
        tone="warn"
        action={
          <Button
            kind="primary"
            busy={busy}
            onClick={() => void begin({ kind: "again", mailboxId: mailbox.id })}
          >
            {words.reauthNow}
          </Button>
        }
      >
        <strong className="font-semibold">{words.reauthTitle}.</strong> {mailbox.statusReason}{" "}
        {words.reauthAbout}
        {missing.length > 0 && (
          <>
            {" "}
            {words.missingTitle}: {missing.join(", ")}. {words.missingAbout}
          </>
        )}
      </Notice>
      {refused !== null && <Notice tone="bad">{refused.message}</Notice>}
    </>
  );
}
