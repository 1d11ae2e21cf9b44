import { useSyncExternalStore } from "react";

import { words } from "../words/kit";
import { classes } from "./classes";
import { Icon } from "./Icon";
import { Kbd } from "./Kbd";
import { toasts } from "./toasts";

export function Toasts() {
  const shown = useSyncExternalStore(toasts.subscribe, toasts.current);
  return (
    <section
      aria-label={words.news}
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-[max(1rem,env(safe-area-inset-bottom))] z-50 flex flex-col items-center gap-2 max-sm:bottom-[calc(4.5rem+env(safe-area-inset-bottom))]"
    >
      {shown.map((toast) => (
        <div
          key={toast.id}
          role={toast.tone === "bad" ? "alert" : undefined}
          className={classes(
            "animate-appear pointer-events-auto flex min-h-10 max-w-full items-center gap-3 rounded-md px-3 py-1.5 text-sm shadow-3 sm:max-w-lg",
            toast.tone === "bad" ? "bg-bad-soft text-bad" : "bg-ink text-paper",
          )}
        >
          <span className="wrap-words min-w-0">{toast.text}</span>
          {toast.action !== undefined && (
            <button
              type="button"
              className="inline-flex h-7 shrink-0 items-center gap-1.5 rounded-md px-2 font-semibold underline-offset-2 hover:underline"
              onClick={() => {
                toasts.close(toast.id);
                toast.action?.onChoose();
              }}
            >
              {toast.action.label}
              {toast.action.keys !== undefined && (
                <Kbd keys={toast.action.keys} inverted={toast.tone !== "bad"} />
              )}
            </button>
          )}
          <button
            type="button"
            aria-label={words.close}
            className="-me-1 flex size-6 shrink-0 items-center justify-center rounded-md opacity-80 hover:opacity-100"
            onClick={() => toasts.close(toast.id)}
          >
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </section>
  );
}
