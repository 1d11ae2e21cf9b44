import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { Button, Checkbox, Dialog, Notice, TextField, toasts } from "../kit";
import { CopyField } from "../kit/CopyField";
import { words } from "../words/webhooks";
import { createWebhook, updateWebhook, type EventKind, type Webhook } from "./webhook-documents";

const KINDS = Object.keys(words.kinds) as EventKind[];

/** A secret on the only occasion on which it is shown. */
export function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <div className="flex flex-col gap-4 pt-1">
      <CopyField label={words.secret} value={secret} />
      <span className="flex justify-end">
        <Button kind="primary" onClick={onClose}>
          {words.done}
        </Button>
      </span>
    </div>
  );
}

/** Makes a webhook and shows its secret once, or changes where one is sent and of what. */
export function WebhookDialog({
  open,
  webhook,
  onClose,
  onDone,
}: {
  open: boolean;
  webhook: Webhook | null;
  onClose: () => void;
  onDone: () => void;
}) {
  const [secret, setSecret] = useState<string | null>(null);
  const close = () => {
    setSecret(null);
    onClose();
  };
  return (
    <Dialog
      open={open}
      onClose={close}
      title={secret !== null ? words.secretTitle : webhook === null ? words.add : words.changeTitle}
      about={secret !== null ? words.secretAbout : undefined}
    >
      {open &&
        (secret === null ? (
          <Form
            webhook={webhook}
            onDone={(made) => {
              onDone();
              if (made === null) close();
              else setSecret(made);
            }}
          />
        ) : (
          <Secret secret={secret} onClose={close} />
        ))}
    </Dialog>
  );
}

function Form({ webhook, onDone }: { webhook: Webhook | null; onDone: (secret: string | null) => void }) {
  const [url, setUrl] = useState(webhook?.url ?? "https://");
  const [events, setEvents] = useState<readonly EventKind[]>(webhook?.events ?? []);
  const [all, setAll] = useState((webhook?.events.length ?? 0) === 0);
  const [refused, setRefused] = useState<{ message: string; field: string | null } | null>(null);
  const [busy, setBusy] = useState(false);
  const told = all ? [] : [...events];
  const save = async () => {
    setBusy(true);
    try {
      const answer =
        webhook === null
          ? (await change(createWebhook, { url: url.trim(), events: told })).createWebhook
          : (await change(updateWebhook, { id: webhook.id, url: url.trim(), events: told })).updateWebhook;
      if (answer.__typename === "WebhookSecret") onDone(answer.secret);
      else if (answer.__typename === "Webhook") {
        toasts.show(words.saved);
        onDone(null);
      } else {
        const field = answer.__typename === "InvalidInput" ? answer.field : null;
        setRefused({ message: answer.message, field });
      }
    } catch (error) {
      setRefused({ message: sentenceOf(error), field: null });
    }
    setBusy(false);
  };
  return (
    <form
      noValidate
      className="flex flex-col gap-4 pt-1"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextField
        label={words.url}
        hint={words.urlHint}
        type="url"
        dir="ltr"
        spellCheck={false}
        value={url}
        error={refused?.field === "url" ? refused.message : undefined}
        onChange={(event) => setUrl(event.target.value)}
      />
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1 text-sm font-medium">{words.events}</legend>
        <Checkbox label={words.all} checked={all} onChange={setAll} />
        {!all &&
          KINDS.map((kind) => (
            <Checkbox
              key={kind}
              label={words.kinds[kind]}
              checked={events.includes(kind)}
              onChange={(on) => setEvents(on ? [...events, kind] : events.filter((one) => one !== kind))}
            />
          ))}
      </fieldset>
      {refused !== null && refused.field !== "url" && <Notice tone="bad">{refused.message}</Notice>}
      <span className="flex justify-end">
        <Button kind="primary" type="submit" busy={busy} disabled={!all && events.length === 0}>
          {webhook === null ? words.make : words.save}
        </Button>
      </span>
    </form>
  );
}
