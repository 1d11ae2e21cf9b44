import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { useSession } from "../data/session";
import { goTo } from "../frame/route";
import { Button, Confirm, Notice, Page, Section, Skeleton, toasts } from "../kit";
import { words } from "../words/bulk";
import { sendBulkEmail, type BulkInput, type Preview } from "./documents";
import { bulkDraft, changeDraft, clearDraft, inputOf, type BulkDraft } from "./draft";
import { Lacking, WhyNone } from "./Obstacles";
import { PreviewMail } from "./PreviewMail";
import { usualFrom, wayOf } from "./Sender";
import { readable } from "./templates";
import { usePreview } from "./usePreview";

/** What each contact would read, who gets none and why, and the button that sends it. */
export function Check({ draft, input, onBack }: { draft: BulkDraft; input: BulkInput; onBack: () => void }) {
  const [index, setIndex] = useState(0);
  const [looked, again] = usePreview(input, index, 0);
  const answer = looked.kind === "answer" ? looked.answer : looked.kind === "waiting" ? looked.before : null;
  const preview = answer?.__typename === "BulkPreview" ? answer : null;
  return (
    <Page
      title={words.checkTitle}
      about={words.checkAbout}
      actions={
        <Button icon="back" onClick={onBack}>
          {words.back}
        </Button>
      }
    >
      {looked.kind === "failed" && (
        <Notice tone="bad" action={<Button onClick={again}>{words.tryAgain}</Button>}>
          {words.away} {looked.message}
        </Notice>
      )}
      {answer !== null && answer.__typename !== "BulkPreview" && (
        <Notice tone="bad" action={<Button onClick={onBack}>{words.back}</Button>}>
          {answer.message}
        </Notice>
      )}
      {preview === null ? (
        looked.kind === "waiting" && answer === null && <Skeleton className="h-72" />
      ) : (
        <Whole draft={draft} preview={preview} index={index} onIndex={setIndex} />
      )}
    </Page>
  );
}

function Whole({
  draft,
  preview,
  index,
  onIndex,
}: {
  draft: BulkDraft;
  preview: Preview;
  index: number;
  onIndex: (index: number) => void;
}) {
  const { mailbox } = useSession();
  const willGet = preview.total - preview.incomplete - preview.suppressed;
  const counts: [string, number][] = [
    [words.willGet, willGet],
    [words.lack, preview.incomplete],
    [words.suppressed, preview.suppressed],
  ];
  return (
    <>
      <dl className="grid grid-cols-3 gap-3">
        {counts.map(([name, value]) => (
          <div key={name} className="flex flex-col-reverse justify-end rounded-md bg-canvas p-3 sm:p-4">
            <dt className="text-sm text-ink-2">{name}</dt>
            <dd className="figures text-xl font-semibold">{value}</dd>
          </div>
        ))}
      </dl>
      {preview.incomplete > 0 && !draft.leaveOut && <Lacking draft={draft} preview={preview} />}
      {preview.incomplete > 0 && draft.leaveOut && (
        <Notice action={<Button onClick={() => changeDraft({ leaveOut: false })}>{words.keepIn}</Button>}>
          {words.leavesOut(preview.incomplete)}
        </Notice>
      )}
      <PreviewMail preview={preview} index={index} onIndex={onIndex} />
      <WhyNone preview={preview} />
      <Section
        title={words.send(willGet)}
        about={wayOf(preview, mailbox?.provider === "GMAIL").join(" ")}
        actions={<Send draft={draft} preview={preview} willGet={willGet} />}
      />
    </>
  );
}

function Send({ draft, preview, willGet }: { draft: BulkDraft; preview: Preview; willGet: number }) {
  const session = useSession();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const held = preview.incomplete > 0 && !draft.leaveOut;
  const send = async () => {
    setBusy(true);
    setRefused(null);
    // Kept with the draft before it is asked: whoever asks again after a lost answer asks for the same.
    const key = draft.key ?? crypto.randomUUID();
    bulkDraft.update((now) => ({ ...now, key }));
    try {
      const input = { ...inputOf(draft, usualFrom(session)), idempotencyKey: key };
      const answer = (await change(sendBulkEmail, { input })).sendBulkEmail;
      if (answer.__typename === "BulkSend") {
        clearDraft();
        toasts.show(words.started);
        goTo(`/bulk/${answer.id}`);
        return;
      }
      setRefused(answer.message);
    } catch (error) {
      setRefused(sentenceOf(error));
    }
    setAsking(false);
    setBusy(false);
  };
  const none = preview.total - willGet;
  return (
    <>
      <Button kind="primary" icon="send" disabled={held || willGet === 0} onClick={() => setAsking(true)}>
        {words.send(willGet)}
      </Button>
      {willGet === 0 && <Notice tone="warn">{words.nobodyLeft}</Notice>}
      {refused !== null && <Notice tone="bad">{refused}</Notice>}
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => void send()}
        title={words.sendTitle(willGet)}
        confirm={words.sendNow}
        busy={busy}
      >
        <p>{words.sendAbout(readable(draft.subject, words.fieldName), preview.fromAddress)}</p>
        {none > 0 && <p>{words.sendLeft(none)}</p>}
        <p className="mt-2">{words.sendNote}</p>
      </Confirm>
    </>
  );
}
