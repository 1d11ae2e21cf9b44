import { Menu as Base } from "@base-ui/react/menu";
import type { ReactElement } from "react";

import { classes } from "./classes";
import { Icon, type IconName } from "./Icon";
import { Kbd } from "./Kbd";

export interface MenuEntry {
  label: string;
  icon?: IconName;
  keys?: string;
  danger?: boolean;
  /** Whether it is the one that holds now, where the entries are choices. */
  chosen?: boolean;
  disabled?: boolean;
  onChoose: () => void;
}

/** A list of actions below its trigger. `null` draws a line between groups. */
export function Menu({
  trigger,
  entries,
}: {
  trigger: ReactElement;
  entries: readonly (MenuEntry | null)[];
}) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="end" className="z-50 outline-none">
          <Base.Popup className="animate-fade min-w-48 rounded-md bg-paper p-1 shadow-2 outline-none">
            {entries.map((entry, place) =>
              entry === null ? (
                <Base.Separator key={`line-${place}`} className="mx-1 my-1 h-px bg-line" />
              ) : (
                <Base.Item
                  key={entry.label}
                  disabled={entry.disabled ?? false}
                  onClick={entry.onChoose}
                  className={classes(
                    "flex min-h-8 cursor-default items-center gap-2 rounded-[6px] px-2 text-sm outline-none data-[disabled]:opacity-45 data-[highlighted]:bg-hover",
                    entry.danger === true && "text-bad",
                  )}
                >
                  {entry.icon !== undefined && <Icon name={entry.icon} />}
                  <span className="flex-1">{entry.label}</span>
                  {entry.chosen === true && <Icon name="done" size={14} className="text-accent" />}
                  {entry.keys !== undefined && <Kbd keys={entry.keys} />}
                </Base.Item>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
