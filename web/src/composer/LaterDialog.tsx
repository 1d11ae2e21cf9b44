import { useState } from "react";

import { useNow } from "../data/session";
import { Button, Dialog, TextField } from "../kit";
import { words } from "../words/composer";
import { messageTime } from "../words/times";

function at(daysAhead: number, hour: number): Date {
  const day = new Date();
  day.setDate(day.getDate() + daysAhead);
  day.setHours(hour, 0, 0, 0);
  return day;
}

/** Times that people choose, in their own zone. */
export function presets(now = new Date()): { label: string; at: Date }[] {
  const untilMonday = (8 - now.getDay()) % 7 || 7;
  const all = [
    { label: words.tonight, at: at(0, 18) },
    { label: words.tomorrow, at: at(1, 8) },
    { label: words.monday, at: at(untilMonday, 8) },
  ];
  return all.filter(
    (one, place) =>
      one.at > now && all.findIndex((other) => other.at.getTime() === one.at.getTime()) === place,
  );
}

/** Chooses when a mail is to leave; says it in the reader's own zone. */
export default function LaterDialog({
  onClose,
  onChoose,
}: {
  onClose: () => void;
  onChoose: (sendAt: string) => void;
}) {
  const [typed, setTyped] = useState("");
  const chosen = typed === "" ? null : new Date(typed);
  const now = useNow(10);
  const past = chosen !== null && chosen < now;
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.laterTitle}
      footer={
        <Button
          kind="primary"
          disabled={chosen === null || past}
          onClick={() => chosen !== null && onChoose(chosen.toISOString())}
        >
          {words.schedule}
        </Button>
      }
    >
      <div className="flex flex-col gap-1 pb-4">
        {presets().map((one) => (
          <button
            key={one.label}
            type="button"
            className="flex h-10 items-center justify-between rounded-md px-2 hover:bg-hover"
            onClick={() => onChoose(one.at.toISOString())}
          >
            {one.label}
            <span className="figures text-sm text-ink-3">{messageTime(one.at.toISOString())}</span>
          </button>
        ))}
      </div>
      <TextField
        label={words.laterAt}
        type="datetime-local"
        value={typed}
        error={past ? words.laterPast : undefined}
        onChange={(event) => setTyped(event.target.value)}
      />
    </Dialog>
  );
}
