import { useEffect, useState } from "react";

import { ask } from "../data/client";
import { useSession } from "../data/session";
import { useStore } from "../data/store";
import { useFeed } from "../data/useFeed";
import { toasts } from "../kit";
import { words } from "../words/settings";
import { AutoBcc } from "./AutoBcc";
import { consentStore, endConsent } from "./attempt";
import { Connect } from "./Connect";
import { attemptQuery, type Attempt } from "./documents";
import { ConsentFailed, ConsentWaits } from "./Consent";
import { MailboxPanel } from "./MailboxPanel";

/** Follows the consent that this tab began; null where there is none, or it has been told the end of. */
function useAttempt(): Attempt | null {
  const consent = useStore(consentStore);
  const [attempt, setAttempt] = useState<Attempt | null>(null);
  const id = consent?.mailboxId ?? null;
  const look = () => {
    if (id === null) return;
    ask(attemptQuery, { id }).then(
      (answer) => {
        // Two that looked at the same time would both tell the end.
        if (consentStore.get()?.mailboxId !== id) return;
        if (answer.mailbox?.status === "CONNECTED") {
          endConsent();
          toasts.show(words.now[answer.mailbox.scope]);
        } else {
          setAttempt(answer.mailbox);
        }
      },
      // The frame says that the server is away; the feed loads anew when it is back.
      () => undefined,
    );
  };
  useEffect(look, [id]);
  useFeed((event) => {
    if (event.__typename === "MailboxChanged" && event.mailbox.id === id) look();
  }, look);
  return id === null || attempt?.id !== id ? null : attempt;
}

/** Settings > Profile > Email (2-way sync). */
export function EmailSettings() {
  const { mailbox } = useSession();
  const attempt = useAttempt();
  const live = mailbox !== null && mailbox.status !== "AUTHORIZING" ? mailbox : null;
  const waits = attempt?.status === "AUTHORIZING" || attempt?.status === "REAUTHENTICATE" ? attempt : null;
  const failed = attempt?.status === "FAILED" ? attempt : null;
  return (
    <>
      {failed !== null && <ConsentFailed attempt={failed} />}
      {waits !== null && waits.id !== live?.id && <ConsentWaits live={live?.address ?? null} />}
      {live === null ? (
        waits === null && <Connect />
      ) : (
        <MailboxPanel key={live.id} id={live.id} address={live.address ?? ""} changed={live} />
      )}
      <AutoBcc />
    </>
  );
}
