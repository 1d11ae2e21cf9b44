import type { ReactNode } from "react";

import { classes } from "./classes";
import { Icon, type IconName } from "./Icon";

type Tone = "info" | "good" | "warn" | "bad";

const TONES: Record<Tone, { box: string; icon: IconName }> = {
  info: { box: "bg-chosen text-ink", icon: "info" },
  good: { box: "bg-good-soft text-good", icon: "done" },
  warn: { box: "bg-warn-soft text-warn", icon: "warning" },
  bad: { box: "bg-bad-soft text-bad", icon: "warning" },
};

/** A sentence that stays until what it says is no longer so, with what to do beside it. */
export function Notice({
  tone = "info",
  icon,
  children,
  action,
}: {
  tone?: Tone;
  icon?: IconName;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div
      role={tone === "bad" ? "alert" : "status"}
      className={classes(
        "flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md px-3 py-2 text-sm",
        TONES[tone].box,
      )}
    >
      <Icon name={icon ?? TONES[tone].icon} />
      <span className="wrap-words min-w-0 flex-1 basis-48">{children}</span>
      {action}
    </div>
  );
}

/** One or two words on how something stands; the word says it, the colour only helps. */
export function Badge({ tone = "neutral", children }: { tone?: Tone | "neutral"; children: ReactNode }) {
  const box = tone === "neutral" ? "bg-hover text-ink-2" : TONES[tone].box;
  return (
    <span
      className={classes(
        "inline-flex h-5 shrink-0 items-center rounded-full px-2 text-xs font-medium whitespace-nowrap",
        box,
      )}
    >
      {children}
    </span>
  );
}

/** What to see where there is nothing: why, and what would fill it. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="animate-fade mx-auto flex max-w-80 flex-col items-center gap-1 px-4 py-16 text-center">
      <Icon name={icon} size={28} className="mb-2 text-ink-3" />
      <p className="text-base font-medium">{title}</p>
      {children !== undefined && <p className="text-sm text-ink-2">{children}</p>}
      {action !== undefined && <span className="mt-3 flex gap-2">{action}</span>}
    </div>
  );
}

/** The shape of what is coming, drawn only when it takes longer than a moment. */
export function Skeleton({ className, round = false }: { className?: string; round?: boolean }) {
  return (
    <span
      aria-hidden="true"
      className={classes("animate-wait block bg-line", round ? "rounded-full" : "rounded-md", className)}
    />
  );
}

/** How much of something is done or used up; `label` says it in words. */
export function Bar({
  value,
  max,
  label,
  tone = "accent",
}: {
  value: number;
  max: number;
  label: string;
  tone?: "accent" | "warn" | "bad";
}) {
  const share = max > 0 ? Math.min(100, (100 * value) / max) : 0;
  const tones = { accent: "bg-accent", warn: "bg-warn", bad: "bg-bad" };
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={0}
      aria-valuemax={max}
      className="block h-1.5 w-full overflow-hidden rounded-full bg-line"
    >
      <span
        className={classes("block h-full rounded-full transition-[width] duration-150", tones[tone])}
        style={{ width: `${share}%` }}
      />
    </span>
  );
}
