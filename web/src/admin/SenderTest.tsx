import { useEffect, useState } from "react";

import { change, sentenceOf } from "../data/client";
import { useNow, useSession } from "../data/session";
import { Button, Notice, toasts } from "../kit";
import { words } from "../words/sending";
import { ago } from "../words/times";
import { testSender, type Sender } from "./sending-documents";

const LOOK_MS = 1000;
const SLOW_MS = 30_000;

/** A test mail, and what came of it in words: asked for here, sent by a worker, so looked for until it is there. */
export function SenderTest({ sender, again }: { sender: Sender; again: () => void }) {
  const { user } = useSession();
  const now = useNow(10);
  const [asked, setAsked] = useState<{ before: string | null; at: number } | null>(null);
  const waits = asked !== null && sender.testedAt === asked.before;
  const slow = waits && now.getTime() - asked.at > SLOW_MS;
  useEffect(() => {
    if (!waits) return;
    const timer = window.setInterval(again, LOOK_MS);
    return () => window.clearInterval(timer);
  });
  const test = async () => {
    setAsked({ before: sender.testedAt, at: Date.now() });
    try {
      const answer = (await change(testSender, {})).testWorkspaceSender;
      if (answer.__typename === "WorkspaceSender") return;
      toasts.show(answer.message, { tone: "bad" });
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setAsked(null);
  };
  const when =
    sender.testedAt === null
      ? ""
      : ago(sender.testedAt, new Date(Math.max(now.getTime(), Date.parse(sender.testedAt))));
  return (
    <div className="flex flex-col gap-3 rounded-md bg-canvas p-4">
      <div className="flex flex-wrap items-center gap-3">
        <span className="min-w-0 flex-1 basis-60 text-sm text-ink-2">
          {words.testHint(user.email)} {sender.testedAt === null && !waits && words.testNever}
        </span>
        <Button icon="send" busy={waits} onClick={() => void test()}>
          {words.test}
        </Button>
      </div>
      {waits ? (
        <Notice icon="clock">{slow ? words.testSlow : words.testing}</Notice>
      ) : sender.testedAt === null ? null : sender.testError === null ? (
        <Notice tone="good">{words.testFine(when)}</Notice>
      ) : (
        <Notice tone="bad">
          {words.testBad(when)} {sender.testError}
        </Notice>
      )}
    </div>
  );
}
