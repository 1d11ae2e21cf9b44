import { Badge, Bar } from "../kit";
import { words } from "../words/bulk";
import type { BulkRow } from "./documents";

type Standing = Pick<BulkRow, "total" | "sent" | "refused" | "state">;

const TONES = { RUNNING: "info", PAUSED: "warn", DONE: "good", CANCELLED: "neutral" } as const;

export function State({ bulk }: { bulk: Standing }) {
  return <Badge tone={TONES[bulk.state]}>{words.states[bulk.state]}</Badge>;
}

/** How far it is: the bar is what has been settled, the words what has left and what has not. */
export function Progress({ bulk, large = false }: { bulk: Standing; large?: boolean }) {
  const said = words.progress(bulk.sent, bulk.total);
  return (
    <span className="flex min-w-0 flex-col gap-1.5">
      <span className={`figures flex flex-wrap gap-x-3 ${large ? "text-lg font-medium" : "text-sm"}`}>
        {said}
        {bulk.refused > 0 && <span className="font-normal text-ink-2">{words.notSent(bulk.refused)}</span>}
      </span>
      <Bar
        value={bulk.sent + bulk.refused}
        max={bulk.total}
        label={said}
        tone={bulk.state === "PAUSED" ? "warn" : "accent"}
      />
    </span>
  );
}
