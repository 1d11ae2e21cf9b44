import { Dialog as Base } from "@base-ui/react/dialog";
import { useId, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { useStore } from "../data/store";
import { classes, Icon, Kbd } from "../kit";
import { words } from "../words/frame";
import { useFinding } from "./finding";
import { commandsStore, type Command } from "./keys";

function fits(command: Command, typed: string): boolean {
  const label = `${command.group} ${command.label}`.toLocaleLowerCase();
  return typed
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => label.includes(word));
}

/** How well it fits: what begins with the words comes before what has a word that does, and that before the rest. */
function rank({ label }: Command, typed: string): number {
  const [said, wanted] = [label.toLocaleLowerCase(), typed.trim().toLocaleLowerCase()];
  if (said.startsWith(wanted)) return 0;
  return said.includes(` ${wanted}`) ? 1 : 2;
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const commands = useStore(commandsStore);
  const found = useFinding(typed);
  const shown = useMemo(() => {
    const usable = commands.filter((command) => command.hidden !== true && command.label !== words.palette);
    const fitting = usable.filter((command) => fits(command, typed));
    if (typed.trim() === "") return fitting;
    return [...fitting.sort((one, other) => rank(one, typed) - rank(other, typed)), ...found];
  }, [commands, found, typed]);
  const place = Math.min(at, Math.max(0, shown.length - 1));

  const choose = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    // After the dialog has given the focus back, so that the command may move it.
    window.setTimeout(() => command.run());
  };
  const press = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      const next = (place + by + shown.length) % Math.max(1, shown.length);
      setAt(next);
      list.current?.children[next]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(shown[place]);
    }
  };
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="animate-fade fixed inset-0 z-40 bg-black/30 dark:bg-black/55" />
        <Base.Popup className="animate-appear fixed start-1/2 top-[10vh] z-40 flex max-h-[70vh] w-[min(36rem,94vw)] -translate-x-1/2 flex-col overflow-hidden rounded-md bg-paper shadow-3 outline-none rtl:translate-x-1/2">
          <Base.Title className="sr-only">{words.palette}</Base.Title>
          <div className="flex items-center gap-2 border-b border-line px-4">
            <Icon name="search" className="text-ink-3" />
            <input
              // The dialog gives it the focus; it is why the dialog was opened.
              role="combobox"
              aria-expanded
              aria-controls={id}
              aria-activedescendant={shown.length > 0 ? `${id}-${place}` : undefined}
              aria-label={words.paletteHint}
              placeholder={words.paletteHint}
              value={typed}
              onChange={(event) => {
                setTyped(event.target.value);
                setAt(0);
              }}
              onKeyDown={press}
              className="h-12 flex-1 bg-transparent text-lg outline-none"
            />
          </div>
          <div ref={list} id={id} role="listbox" aria-label={words.palette} className="overflow-y-auto p-1.5">
            {shown.map((command, index) => (
              // The combobox above has the focus and the keys; an option answers the pointer.
              // eslint-disable-next-line jsx-a11y/click-events-have-key-events
              <div
                key={`${command.group} ${command.label} ${index}`}
                id={`${id}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === place}
                onPointerMove={() => setAt(index)}
                onClick={() => choose(command)}
                className={classes(
                  "flex min-h-9 cursor-default items-center gap-3 rounded-[6px] px-2.5 text-base",
                  index === place && "bg-hover",
                )}
              >
                <span dir="auto" className="wrap-words min-w-0 flex-1 text-start">
                  {command.label}
                </span>
                <span className="shrink-0 text-sm text-ink-3">{command.group}</span>
                {command.keys !== undefined && <Kbd keys={command.keys} />}
              </div>
            ))}
          </div>
          {shown.length === 0 && (
            <p className="px-4 py-6 text-center text-sm text-ink-2">{words.paletteNone}</p>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
