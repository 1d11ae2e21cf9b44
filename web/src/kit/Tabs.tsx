import { useEffect, useRef, type KeyboardEvent } from "react";

import { classes } from "./classes";

export interface Tab<Value extends string> {
  value: Value;
  label: string;
  count?: number | undefined;
}

/** A row of views of one thing, of which one shows. The arrow keys go between them. */
export function Tabs<Value extends string>({
  label,
  tabs,
  value,
  onChange,
  controls,
}: {
  label: string;
  tabs: readonly Tab<Value>[];
  value: Value;
  onChange: (value: Value) => void;
  /** The id of what the tabs show. */
  controls?: string;
}) {
  const row = useRef<HTMLDivElement>(null);
  // On a narrow screen the chosen one may lie beyond the edge of its row.
  useEffect(() => {
    const chosen = row.current?.querySelector<HTMLElement>(`[data-tab="${value}"]`);
    if (chosen != null && row.current !== null && row.current.scrollWidth > row.current.clientWidth)
      row.current.scrollTo({ left: chosen.offsetLeft - row.current.offsetLeft - 24 });
  }, [value]);
  const step = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.value === value);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (next === undefined) return;
    onChange(next.value);
    row.current?.querySelector<HTMLElement>(`[data-tab="${next.value}"]`)?.focus();
  };
  return (
    <div
      ref={row}
      role="tablist"
      aria-label={label}
      tabIndex={-1}
      onKeyDown={step}
      className="flex items-center gap-0.5 overflow-x-auto"
    >
      {tabs.map((tab) => (
        <button
          key={tab.value}
          type="button"
          role="tab"
          data-tab={tab.value}
          aria-selected={tab.value === value}
          aria-controls={controls}
          tabIndex={tab.value === value ? 0 : -1}
          onClick={() => onChange(tab.value)}
          className={classes(
            "flex h-7 items-center gap-1.5 rounded-md px-2.5 text-sm font-medium whitespace-nowrap transition-colors duration-100",
            tab.value === value ? "bg-chosen text-ink" : "text-ink-2 hover:bg-hover",
          )}
        >
          {tab.label}
          {tab.count !== undefined && tab.count > 0 && (
            <span className="figures text-xs text-ink-2">{tab.count}</span>
          )}
        </button>
      ))}
    </div>
  );
}
