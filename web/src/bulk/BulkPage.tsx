import { useEffect, useState } from "react";

import { ask, change, sentenceOf } from "../data/client";
import { useFeed } from "../data/useFeed";
import { useCommands, type Command } from "../frame/keys";
import { goTo } from "../frame/route";
import { Button, Confirm, EmptyState, Notice, Page, Section, Skeleton, toasts } from "../kit";
import { Glance } from "../kit/Glance";
import { words } from "../words/bulk";
import { messageTime } from "../words/times";
import { bulkSendQuery, cancelBulkSend, pauseBulkSend, resumeBulkSend, type BulkSend } from "./documents";
import { bulkDraft, EMPTY } from "./draft";
import { Progress, State } from "./Progress";
import { Recipients } from "./Recipients";
import { htmlOf, readable } from "./templates";

type Read = BulkSend | "gone" | null;

function useBulkSend(id: string) {
  const [bulk, setBulk] = useState<Read>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = () => {
    ask(bulkSendQuery, { id }).then(
      (answer) => {
        setFailed(null);
        setBulk(answer.bulkSend ?? "gone");
      },
      (error: unknown) => setFailed(sentenceOf(error)),
    );
  };
  useEffect(load, [id]);
  const put = (news: Partial<BulkSend>) =>
    setBulk((now) => (now === null || now === "gone" ? now : { ...now, ...news }));
  useFeed((event) => {
    if (event.__typename === "BulkSendProgressed" && event.bulkSend.id === id) put(event.bulkSend);
  }, load);
  return { bulk, failed, load, put };
}

const CHANGES = {
  pause: (id: string) => change(pauseBulkSend, { id }).then((answer) => answer.pauseBulkSend),
  resume: (id: string) => change(resumeBulkSend, { id }).then((answer) => answer.resumeBulkSend),
  cancel: (id: string) => change(cancelBulkSend, { id }).then((answer) => answer.cancelBulkSend),
};
const SAID = { pause: words.paused, resume: words.resumed, cancel: words.cancelled };

/** One bulk mail: how far it is, how to stop it, and what became of every contact. */
export function BulkPage({ id }: { id: string }) {
  const { bulk, failed, load, put } = useBulkSend(id);
  const [busy, setBusy] = useState<keyof typeof CHANGES | null>(null);
  const [asking, setAsking] = useState(false);
  const run = async (what: keyof typeof CHANGES) => {
    setBusy(what);
    try {
      const answer = await CHANGES[what](id);
      if (answer.__typename === "BulkSend") {
        put(answer);
        toasts.show(SAID[what]);
      } else {
        toasts.show(answer.message, { tone: "bad" });
        load();
      }
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setBusy(null);
    // A question that was opened while a pause was under way stays open.
    if (what === "cancel") setAsking(false);
  };
  const state = bulk === null || bulk === "gone" ? null : bulk.state;
  const commands: Command[] = [];
  if (state === "RUNNING")
    commands.push({ keys: "p", label: words.pause, group: words.title, run: () => void run("pause") });
  if (state === "PAUSED")
    commands.push({ keys: "p", label: words.resume, group: words.title, run: () => void run("resume") });
  commands.push({ keys: "u", label: words.toList, group: words.title, run: () => goTo("/bulk") });
  useCommands(commands);
  if (bulk === null) {
    return (
      <Page title={words.title}>
        {failed === null ? (
          <div aria-busy="true" className="flex flex-col gap-3">
            <Skeleton className="h-8 w-72" />
            <Skeleton className="h-24" />
          </div>
        ) : (
          <Notice tone="bad" action={<Button onClick={load}>{words.tryAgain}</Button>}>
            {words.away} {failed}
          </Notice>
        )}
      </Page>
    );
  }
  if (bulk === "gone") {
    return (
      <Page title={words.title}>
        <EmptyState
          icon="bulk"
          title={words.notFound}
          action={<Button onClick={() => goTo("/bulk")}>{words.toList}</Button>}
        >
          {words.notFoundMore}
        </EmptyState>
      </Page>
    );
  }
  const open = bulk.state === "RUNNING" || bulk.state === "PAUSED";
  const again = () => {
    bulkDraft.set({ ...EMPTY, subject: bulk.subject, html: bulk.html ?? htmlOf(bulk.text ?? "") });
    goTo("/bulk/new");
  };
  return (
    <Page
      title={readable(bulk.subject, words.fieldName)}
      about={
        <Button kind="quiet" icon="back" onClick={() => goTo("/bulk")} className="-ms-3">
          {words.toList}
        </Button>
      }
      actions={
        <span className="flex flex-wrap gap-2">
          {bulk.state === "RUNNING" && (
            <Button icon="pause" busy={busy === "pause"} onClick={() => void run("pause")}>
              {words.pause}
            </Button>
          )}
          {bulk.state === "PAUSED" && (
            <Button kind="primary" icon="play" busy={busy === "resume"} onClick={() => void run("resume")}>
              {words.resume}
            </Button>
          )}
          {open ? (
            <Button kind="danger" onClick={() => setAsking(true)}>
              {words.cancel}
            </Button>
          ) : (
            <Button icon="copy" onClick={again}>
              {words.again}
            </Button>
          )}
        </span>
      }
    >
      <section aria-label={words.states[bulk.state]} className="flex flex-col gap-3">
        <span>
          <State bulk={bulk} />
          {bulk.endedAt !== null && (
            <span className="ms-2 text-sm text-ink-2">{words.ended(messageTime(bulk.endedAt))}</span>
          )}
        </span>
        <Progress bulk={bulk} large />
        {bulk.state === "PAUSED" && <Notice tone="warn">{bulk.pausedBecause ?? words.pausedByHand}</Notice>}
      </section>
      <Glance
        facts={[
          [words.author, bulk.author?.name ?? words.byKey],
          [words.begun, messageTime(bulk.createdAt)],
          [words.via, words.viaNames[bulk.via]],
        ]}
      />
      <Recipients id={id} bulk={bulk} />
      <Section title={words.said} about={words.saidAbout}>
        <p dir="auto" className="wrap-words rounded-md bg-canvas p-4 text-base whitespace-pre-wrap">
          {bulk.text ?? ""}
        </p>
      </Section>
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => void run("cancel")}
        title={words.cancelTitle}
        confirm={words.cancel}
        danger
        busy={busy === "cancel"}
      >
        {words.cancelAbout(Math.max(0, bulk.total - bulk.sent - bulk.refused), bulk.sent)}
      </Confirm>
    </Page>
  );
}
