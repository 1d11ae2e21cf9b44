import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { useNow } from "../data/session";
import { Badge, Button, Confirm, Dialog, IconButton, Menu, Notice, toasts } from "../kit";
import { words } from "../words/webhooks";
import { ago, messageTime } from "../words/times";
import { Deliveries } from "./Deliveries";
import { ReplayDialog } from "./ReplayDialog";
import {
  deleteWebhook,
  pauseWebhook,
  replaceWebhookSecret,
  resumeWebhook,
  testWebhook,
  type Webhook,
} from "./webhook-documents";
import { Secret, WebhookDialog } from "./WebhookDialog";

const TONES = { ON: "good", PAUSED: "warn", OFF: "bad" } as const;

/** Says what a change answered; true where it was done. */
async function done(
  asked: Promise<{ __typename: string; message?: string }>,
  said: string,
): Promise<boolean> {
  try {
    const { message } = await asked;
    toasts.show(message ?? said, message === undefined ? {} : { tone: "bad" });
    return message === undefined;
  } catch (error) {
    toasts.show(sentenceOf(error), { tone: "bad" });
    return false;
  }
}

/** One webhook: where it goes, of what it tells, how it stands, and what became of what it was told. */
export function WebhookPanel({ webhook, again }: { webhook: Webhook; again: () => void }) {
  const { id, url } = webhook;
  const [open, setOpen] = useState(false);
  const [told, setTold] = useState(0);
  const [dialog, setDialog] = useState<"change" | "secret" | "delete" | "replay" | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const close = () => setDialog(null);
  const showNewest = () => {
    setOpen(true);
    setTold((count) => count + 1);
  };
  const test = async () => {
    const asked = change(testWebhook, { id }).then((answer) => answer.testWebhook);
    if (await done(asked, words.tested)) showNewest();
  };
  const turn = async () => {
    const asked =
      webhook.state === "ON"
        ? change(pauseWebhook, { id }).then((answer) => answer.pauseWebhook)
        : change(resumeWebhook, { id }).then((answer) => answer.resumeWebhook);
    await done(asked, webhook.state === "ON" ? words.paused : words.resumed);
    again();
  };
  const remove = async () => {
    await done(
      change(deleteWebhook, { id }).then((answer) => answer.deleteWebhook),
      words.deleted,
    );
    close();
    again();
  };
  const renew = async () => {
    try {
      const answer = (await change(replaceWebhookSecret, { id })).replaceWebhookSecret;
      if (answer.__typename === "WebhookSecret") setSecret(answer.secret);
      else toasts.show(answer.message, { tone: "bad" });
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    close();
    again();
  };
  return (
    <li className="flex flex-col gap-3 rounded-md border border-line p-4">
      <div className="flex flex-wrap items-start gap-x-3 gap-y-2">
        <Standing webhook={webhook} />
        <span className="flex flex-wrap items-center gap-2">
          <Button aria-expanded={open} icon={open ? "up" : "down"} onClick={() => setOpen(!open)}>
            {open ? words.hide : words.show}
          </Button>
          <Menu
            trigger={<IconButton icon="more" label={words.more(url)} />}
            entries={[
              { label: words.test, icon: "send", onChoose: () => void test() },
              { label: words.replay, icon: "clock", onChoose: () => setDialog("replay") },
              { label: words.change, icon: "pencil", onChoose: () => setDialog("change") },
              {
                label: webhook.state === "ON" ? words.pause : words.resume,
                icon: webhook.state === "ON" ? "pause" : "play",
                onChoose: () => void turn(),
              },
              { label: words.newSecret, icon: "refresh", onChoose: () => setDialog("secret") },
              null,
              { label: words.delete, icon: "trash", danger: true, onChoose: () => setDialog("delete") },
            ]}
          />
        </span>
      </div>
      {webhook.offBecause !== null && (
        <Notice tone="warn" action={<Button onClick={() => void turn()}>{words.resume}</Button>}>
          {webhook.offBecause}
        </Notice>
      )}
      {open && <Deliveries id={id} told={told} changed={webhook} />}
      {dialog === "replay" && (
        <ReplayDialog
          webhook={webhook}
          onClose={close}
          onDone={() => {
            close();
            showNewest();
            again();
          }}
        />
      )}
      <WebhookDialog open={dialog === "change"} webhook={webhook} onClose={close} onDone={again} />
      <Dialog
        open={secret !== null}
        onClose={() => setSecret(null)}
        title={words.secretTitle}
        about={words.secretAbout}
      >
        {secret !== null && <Secret secret={secret} onClose={() => setSecret(null)} />}
      </Dialog>
      <Confirm
        open={dialog === "secret"}
        onClose={close}
        onConfirm={() => void renew()}
        title={words.newSecretTitle}
        confirm={words.newSecret}
      >
        {words.newSecretAbout}
      </Confirm>
      <Confirm
        open={dialog === "delete"}
        onClose={close}
        onConfirm={() => void remove()}
        title={words.deleteTitle}
        confirm={words.delete}
        danger
      >
        {words.deleteAbout(url)}
      </Confirm>
    </li>
  );
}

function Standing({ webhook }: { webhook: Webhook }) {
  const now = useNow(10);
  const { lastDeliveredAt, failingSince, lastError, previousSecretUntil, waiting } = webhook;
  return (
    <div className="flex min-w-0 flex-1 basis-72 flex-col gap-1">
      <span className="flex flex-wrap items-center gap-2">
        <span dir="ltr" className="wrap-words min-w-0 text-base font-medium">
          {webhook.url}
        </span>
        <Badge tone={TONES[webhook.state]}>{words.states[webhook.state]}</Badge>
      </span>
      <span className="text-sm text-ink-2">
        {webhook.events.length === 0
          ? words.allShort
          : webhook.events.map((kind) => words.shortKinds[kind]).join(", ")}
      </span>
      <span className="figures text-sm text-ink-3">
        {[
          lastDeliveredAt === null ? words.never : words.taken(ago(lastDeliveredAt, now)),
          waiting > 0 ? words.waiting(waiting) : null,
        ]
          .filter(Boolean)
          .join(" · ")}
      </span>
      {failingSince !== null && (
        <span className="wrap-words text-sm text-bad">
          {words.failing(messageTime(failingSince, now))} {lastError}
        </span>
      )}
      {previousSecretUntil !== null && (
        <span className="text-sm text-ink-3">{words.twoSecrets(messageTime(previousSecretUntil, now))}</span>
      )}
    </div>
  );
}
