import { useState } from "react";

import { restoreDraft } from "../composer/sending";
import { change, sentenceOf } from "../data/client";
import { cancelSend, retrySend, type Message } from "../data/documents";
import { useNow } from "../data/session";
import { useInboxData } from "../inbox/context";
import { Button, classes, Icon, toasts, type IconName } from "../kit";
import { words } from "../words/conversation";
import { clockTime, messageTime } from "../words/times";

type Delivery = NonNullable<Message["delivery"]>;

interface Said {
  text: string;
  icon: IconName;
  tone: string;
}

function said(delivery: Delivery, address: string | null): Said {
  const quiet = "text-ink-2";
  switch (delivery.state) {
    case "HELD":
      return {
        text: words.held(clockTime(delivery.undoUntil ?? new Date().toISOString())),
        icon: "clock",
        tone: quiet,
      };
    case "SCHEDULED":
      return { text: words.scheduled(messageTime(delivery.sendAt ?? "")), icon: "clock", tone: quiet };
    case "QUEUED":
      return { text: delivery.error ?? words.queued, icon: "clock", tone: quiet };
    case "SENDING":
      return { text: words.sending, icon: "send", tone: quiet };
    case "SENT": {
      const at = clockTime(delivery.sentAt ?? "");
      return {
        text: address === null ? words.sentPlain(at) : words.sent(address, at),
        icon: "done",
        tone: "text-ink-3",
      };
    }
    case "UNCERTAIN":
      return { text: delivery.error ?? words.uncertain, icon: "warning", tone: "text-warn" };
    case "REFUSED":
      return { text: delivery.error ?? words.refusedPlain, icon: "warning", tone: "text-bad" };
    case "CANCELLED":
      return { text: words.cancelled, icon: "close", tone: "text-ink-3" };
  }
}

/** How a sending stands, as a sentence, with what can be done about it. */
export function DeliveryLine({ message, threadId }: { message: Message; threadId: string }) {
  const { conversations } = useInboxData();
  const [busy, setBusy] = useState(false);
  const now = useNow(1);
  const { delivery } = message;
  if (delivery === null) return null;
  const { text, icon, tone } = said(delivery, message.mailbox?.address ?? null);
  const canUndo =
    delivery.state === "SCHEDULED" ||
    delivery.state === "QUEUED" ||
    (delivery.state === "HELD" && new Date(delivery.undoUntil ?? 0) > now);

  const undo = async () => {
    setBusy(true);
    try {
      const { cancelSend: answer } = await change(cancelSend, { messageId: message.id });
      if (answer.__typename === "Message") {
        conversations.takeState(threadId, answer);
        await restoreDraft(message, threadId);
        toasts.show(words.takenBack);
      } else {
        toasts.show(answer.message, { tone: "bad" });
      }
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setBusy(false);
  };
  const retry = async () => {
    setBusy(true);
    try {
      const { retrySend: answer } = await change(retrySend, { messageId: message.id });
      if (answer.__typename === "Message") conversations.takeState(threadId, answer);
      toasts.show(
        answer.__typename === "Message" ? words.retried : answer.message,
        answer.__typename === "Message" ? {} : { tone: "bad" },
      );
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setBusy(false);
  };
  return (
    <div className={classes("mt-2 flex flex-wrap items-center gap-x-2 gap-y-1 text-sm", tone)}>
      <Icon name={icon} size={14} />
      <span role="status" className="wrap-words min-w-0">
        {text}
      </span>
      {canUndo && (
        <Button kind="quiet" className="h-7" busy={busy} onClick={() => void undo()}>
          {delivery.state === "SCHEDULED" ? words.cancelSchedule : words.undo}
        </Button>
      )}
      {(delivery.state === "REFUSED" || delivery.state === "UNCERTAIN") && (
        <Button className="h-7" busy={busy} onClick={() => void retry()}>
          {words.sendNow}
        </Button>
      )}
    </div>
  );
}
