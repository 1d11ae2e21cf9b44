import { useState } from "react";

import { ask, sentenceOf } from "../data/client";
import { Badge, Button, Notice, Section, TextField } from "../kit";
import { words } from "../words/settings";
import { messageTime } from "../words/times";
import { Decisions } from "./Decisions";
import { whyQuery, type Decision } from "./documents";

type Answer = { kind: "none" } | { kind: "unknown" } | { kind: "failed"; message: string } | Found;
interface Found {
  kind: "found";
  decision: Decision;
}

/** A Message-ID as people paste it: with brackets, with its header's name, with space around it. */
export function bareMessageId(typed: string): string {
  return typed
    .trim()
    .replace(/^message-id:\s*/i, "")
    .replace(/^<|>$/g, "")
    .trim();
}

/** Answers why a mail is not here: by its Message-ID, or in the list of the latest decisions. */
export function WhyMissing({ id, changed }: { id: string; changed: unknown }) {
  const [typed, setTyped] = useState("");
  const [answer, setAnswer] = useState<Answer>({ kind: "none" });
  const look = async () => {
    const messageId = bareMessageId(typed);
    if (messageId === "") return;
    try {
      const decision = (await ask(whyQuery, { id, messageId })).whyNotSynced;
      setAnswer(decision === null ? { kind: "unknown" } : { kind: "found", decision });
    } catch (error) {
      setAnswer({ kind: "failed", message: sentenceOf(error) });
    }
  };
  return (
    <Section title={words.why} about={words.whyAbout}>
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <TextField
          label={words.whyField}
          placeholder="<CAF…@mail.gmail.com>"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          className="min-w-0 flex-1 basis-72"
          dir="ltr"
          spellCheck={false}
        />
        <Button type="submit" icon="search" className="h-9">
          {words.whyAsk}
        </Button>
      </form>
      <div aria-live="polite">
        <AnswerShown answer={answer} />
      </div>
      <Decisions id={id} changed={changed} />
    </Section>
  );
}

function AnswerShown({ answer }: { answer: Answer }) {
  if (answer.kind === "none") return null;
  if (answer.kind === "unknown") return <Notice>{words.whyUnknown}</Notice>;
  if (answer.kind === "failed") return <Notice tone="bad">{answer.message}</Notice>;
  const { decision } = answer;
  return (
    <div className="flex flex-col gap-1 rounded-md border border-line p-3">
      <span className="flex flex-wrap items-center gap-2">
        <Badge tone={decision.synced ? "good" : "neutral"}>
          {decision.synced ? words.cameIn : words.leftAlone}
        </Badge>
        <span className="text-sm font-medium">{decision.synced ? words.whySynced : words.whySkipped}</span>
      </span>
      <p className="text-sm">{decision.explanation}</p>
      <p className="text-sm text-ink-3">{words.whyDecided(messageTime(decision.at), decision.rule)}</p>
    </div>
  );
}
