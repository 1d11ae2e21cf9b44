import { useEffect, useState } from "react";

import { ask, change, sentenceOf } from "../data/client";
import { refreshSession } from "../data/session";
import { Confirm, toasts } from "../kit";
import { words } from "../words/settings";
import { disconnectMailbox, threadsThroughQuery, type Provider } from "./documents";

/** How many conversations sync through the mailbox, "100+" where there are more than are counted. */
function useCount(id: string, open: boolean): string | null {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (!open) return;
    ask(threadsThroughQuery, { id }).then(
      ({ threads }) => setSaid(`${threads.edges.length}${threads.pageInfo.hasNextPage ? "+" : ""}`),
      () => setSaid(null),
    );
  }, [id, open]);
  return said;
}

/** Says what stays and what stops before it ends a connection, and afterwards what stayed. */
export function Disconnect(props: {
  open: boolean;
  onClose: () => void;
  id: string;
  address: string;
  provider: Provider;
}) {
  const [busy, setBusy] = useState(false);
  const threads = useCount(props.id, props.open);
  const disconnect = async () => {
    setBusy(true);
    try {
      const answer = (await change(disconnectMailbox, { id: props.id })).disconnectMailbox;
      if (answer.__typename === "Disconnected") {
        const sends = answer.sendsRefused > 0 ? words.disconnectedSends(answer.sendsRefused) : "";
        toasts.show(words.disconnected(answer.threadsKept, answer.messagesKept) + sends, { seconds: 10 });
        await refreshSession();
      } else {
        toasts.show(answer.message, { tone: "bad" });
      }
      props.onClose();
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setBusy(false);
  };
  return (
    <Confirm
      open={props.open}
      onClose={props.onClose}
      onConfirm={() => void disconnect()}
      title={words.disconnectTitle(props.address)}
      confirm={words.disconnect}
      danger
      busy={busy}
    >
      <ul className="flex list-disc flex-col gap-2 ps-5">
        <li>{words.disconnectStays(threads === null ? "" : words.threadsSome(threads))}</li>
        <li>{words.disconnectStops}</li>
        <li>{words.disconnectGone[props.provider]}</li>
      </ul>
    </Confirm>
  );
}
