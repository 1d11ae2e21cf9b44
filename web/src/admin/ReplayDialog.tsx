import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { useNow } from "../data/session";
import { Button, Dialog, Notice, TextField, toasts } from "../kit";
import { words } from "../words/webhooks";
import { replayWebhook, type Webhook } from "./webhook-documents";

const HOUR_MS = 3_600_000;
const KEPT_MS = 30 * 24 * HOUR_MS;
const CHOICES = [
  { label: words.lastHour, back: HOUR_MS },
  { label: words.lastDay, back: 24 * HOUR_MS },
  { label: words.lastWeek, back: 7 * 24 * HOUR_MS },
] as const;

/** As a field for day and time takes it: the reader's own zone, to the minute. */
export function localMinute(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Why events cannot be sent again since then; null where they can, or nothing is chosen. */
export function unfit(since: Date | null, now: Date): string | null {
  if (since === null) return null;
  if (since > now) return words.replayFuture;
  return now.getTime() - since.getTime() > KEPT_MS ? words.replayTooOld : null;
}

/** Sends everything again that a webhook was to be told since an instant; says afterwards how many that were. */
export function ReplayDialog({
  webhook,
  onClose,
  onDone,
}: {
  webhook: Webhook;
  onClose: () => void;
  onDone: () => void;
}) {
  const now = useNow(10);
  const [typed, setTyped] = useState("");
  const [refused, setRefused] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const since = typed === "" ? null : new Date(typed);
  const wrong = unfit(since, now);
  const replay = async (from: Date) => {
    setBusy(true);
    setRefused(null);
    try {
      const answer = (await change(replayWebhook, { id: webhook.id, since: from.toISOString() }))
        .replayWebhook;
      if (answer.__typename === "WebhookReplayed") {
        const later = answer.count > 0 && answer.webhook.state !== "ON" ? ` ${words.replayedLater}` : "";
        toasts.show(words.replayed(answer.count) + later);
        onDone();
        return;
      }
      setRefused(answer.message);
    } catch (error) {
      setRefused(sentenceOf(error));
    }
    setBusy(false);
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.replayTitle}
      about={words.replayAbout}
      footer={
        <Button
          kind="primary"
          busy={busy}
          disabled={since === null || wrong !== null}
          onClick={() => since !== null && void replay(since)}
        >
          {words.replayDo}
        </Button>
      }
    >
      <div className="flex flex-col gap-3 pt-1">
        <TextField
          label={words.replaySince}
          hint={words.replayHint}
          type="datetime-local"
          value={typed}
          min={localMinute(new Date(now.getTime() - KEPT_MS))}
          max={localMinute(now)}
          error={wrong ?? undefined}
          onChange={(event) => setTyped(event.target.value)}
        />
        <span className="flex flex-wrap gap-2">
          {CHOICES.map(({ label, back }) => (
            <Button key={label} onClick={() => setTyped(localMinute(new Date(now.getTime() - back)))}>
              {label}
            </Button>
          ))}
        </span>
        {refused !== null && <Notice tone="bad">{refused}</Notice>}
      </div>
    </Dialog>
  );
}
