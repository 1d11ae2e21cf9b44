import { AlertDialog as BaseAlert } from "@base-ui/react/alert-dialog";
import { Dialog as Base } from "@base-ui/react/dialog";
import { useRef, type ReactNode } from "react";

import { words } from "../words/kit";
import { Button } from "./Button";
import { classes } from "./classes";
import { Icon } from "./Icon";

const BACKDROP = "animate-fade fixed inset-0 z-40 bg-black/35 dark:bg-black/60";
const POPUP =
  "animate-appear fixed inset-x-0 bottom-0 z-40 flex max-h-[92dvh] w-full flex-col overflow-hidden rounded-t-md bg-paper shadow-3 outline-none sm:inset-x-auto sm:start-1/2 sm:bottom-auto sm:top-[12vh] sm:max-h-[76vh] sm:-translate-x-1/2 sm:rounded-md rtl:sm:translate-x-1/2";

/** Something to do before going on. On a phone it is a sheet at the foot of the screen. */
export function Dialog({
  open,
  onClose,
  title,
  about,
  children,
  footer,
  wide = false,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  about?: ReactNode;
  children?: ReactNode;
  footer?: ReactNode;
  wide?: boolean;
}) {
  const popup = useRef<HTMLDivElement>(null);
  // A dialog that asks for words begins in the first field.
  const first = () => popup.current?.querySelector<HTMLElement>("input, select, textarea") ?? popup.current;
  return (
    <Base.Root open={open} onOpenChange={(now) => !now && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={BACKDROP} />
        <Base.Popup
          ref={popup}
          initialFocus={first}
          className={classes(POPUP, wide ? "sm:w-[min(56rem,92vw)]" : "sm:w-[min(30rem,92vw)]")}
        >
          <header className="flex items-start gap-3 px-5 pt-4 pb-3">
            <span className="min-w-0 flex-1">
              <Base.Title className="text-lg font-semibold">{title}</Base.Title>
              {about !== undefined && (
                <Base.Description className="text-sm text-ink-2">{about}</Base.Description>
              )}
            </span>
            <Base.Close
              aria-label={words.close}
              className="-me-2 flex size-8 items-center justify-center rounded-md text-ink-2 hover:bg-hover"
            >
              <Icon name="close" />
            </Base.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-5">{children}</div>
          {footer !== undefined && (
            <footer className="flex flex-wrap items-center justify-end gap-2 border-t border-line px-5 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
              {footer}
            </footer>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** Asks before something that cannot be taken back. Says what goes and what stays in `children`. */
export function Confirm({
  open,
  onClose,
  onConfirm,
  title,
  confirm,
  danger = false,
  busy = false,
  children,
}: {
  open: boolean;
  onClose: () => void;
  onConfirm: () => void;
  title: string;
  confirm: string;
  danger?: boolean;
  busy?: boolean;
  children?: ReactNode;
}) {
  return (
    <BaseAlert.Root open={open} onOpenChange={(now) => !now && onClose()}>
      <BaseAlert.Portal>
        <BaseAlert.Backdrop className={BACKDROP} />
        <BaseAlert.Popup className={classes(POPUP, "sm:w-[min(28rem,92vw)]")}>
          <div className="min-h-0 overflow-y-auto px-5 pt-5 pb-4">
            <BaseAlert.Title className="text-lg font-semibold">{title}</BaseAlert.Title>
            <BaseAlert.Description render={<div />} className="mt-2 text-base text-ink-2">
              {children}
            </BaseAlert.Description>
          </div>
          <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
            <BaseAlert.Close render={<Button>{words.cancel}</Button>} />
            <Button kind={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
              {confirm}
            </Button>
          </footer>
        </BaseAlert.Popup>
      </BaseAlert.Portal>
    </BaseAlert.Root>
  );
}
