/**
 * Keys: a screen says which it answers and what they do; `?` and the palette list what is there right now.
 * A key is one character ("e", "?"), a sequence ("g i"), or with a modifier ("Mod+k", "Escape", "Mod+Enter").
 */
import { useEffect, useEffectEvent, useMemo } from "react";

import { Store } from "../data/store";

export interface Command {
  keys?: string;
  label: string;
  group: string;
  run: () => void;
  /** Also while the reader writes in a field. */
  everywhere?: boolean;
  /** Answered, and not listed. */
  hidden?: boolean;
}

const layers: Command[][] = [];
/** What can be done right now, the nearest screen's first. */
export const commandsStore = new Store<readonly Command[]>([]);

function publish(): void {
  commandsStore.set([...layers].reverse().flat());
}

function writing(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return (
    target.closest(
      "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]",
    ) !== null
  );
}

/** Keys that write nothing in a search field: there they go through the list below it. */
const WITHOUT_LETTERS = new Set(["ArrowDown", "ArrowUp", "Enter"]);

function steers(event: KeyboardEvent): boolean {
  return (
    event.target instanceof Element &&
    event.target.matches("input[data-steers]") &&
    WITHOUT_LETTERS.has(event.key)
  );
}

function overlaid(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest("[role=dialog], [role=alertdialog], [role=menu]") !== null
  );
}

/** Whether Enter presses what has the focus; a list's option has it only after a click, and its list answers. */
function isPressed(event: KeyboardEvent): boolean {
  return (
    event.key === "Enter" &&
    event.target instanceof Element &&
    event.target.closest("button, a[href]:not([role=option]), summary, [role=tab]") !== null
  );
}

let begun: { key: string; at: number } | null = null;

function nameOf(event: KeyboardEvent): string {
  const mod = event.metaKey || event.ctrlKey ? "Mod+" : "";
  const shift = event.shiftKey && event.key.length > 1 ? "Shift+" : "";
  const key = event.key.length === 1 && mod !== "" ? event.key.toLowerCase() : event.key;
  return `${mod}${shift}${key === " " ? "Space" : key}`;
}

/** Answers a key with the command it stands for; also given the keys pressed inside a mail's frame. */
export function answerKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.altKey || isPressed(event)) return;
  const name = nameOf(event);
  const sequence = begun !== null && Date.now() - begun.at < 900 ? `${begun.key} ${name}` : null;
  begun = null;
  const inField = writing(event.target) && !steers(event);
  const all = commandsStore
    .get()
    .filter((command) => command.everywhere === true || (!inField && !overlaid(event.target)));
  const found =
    all.find((command) => sequence !== null && command.keys === sequence) ??
    all.find((command) => command.keys === name);
  if (found !== undefined) {
    event.preventDefault();
    found.run();
  } else if (all.some((command) => command.keys?.startsWith(`${name} `))) {
    begun = { key: name, at: Date.now() };
  }
}

/** Offers commands while the component is there; `make` is read at every press, so it may close over state. */
export function useCommands(commands: readonly Command[], active = true): void {
  const run = useEffectEvent((label: string) => commands.find((command) => command.label === label)?.run());
  const signature = JSON.stringify(
    commands.map(({ label, keys, group, everywhere, hidden }) => [label, keys, group, everywhere, hidden]),
  );
  const layer = useMemo(
    () => commands.map((command) => ({ ...command })),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what the commands are is in their signature
    [signature],
  );
  useEffect(() => {
    if (!active) return;
    const mine = layer.map((command) => ({ ...command, run: () => run(command.label) }));
    layers.push(mine);
    publish();
    return () => {
      layers.splice(layers.indexOf(mine), 1);
      publish();
    };
  }, [layer, active]);
}

export function useKeyboard(): void {
  useEffect(() => {
    window.addEventListener("keydown", answerKey);
    return () => window.removeEventListener("keydown", answerKey);
  }, []);
}
