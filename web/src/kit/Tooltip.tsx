import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement } from "react";

import { Kbd } from "./Kbd";

/** Says what a control without words does. Its child is the control itself, which keeps its own aria-label. */
export function Tooltip({ label, keys, children }: { label: string; keys?: string; children: ReactElement }) {
  return (
    <Base.Root>
      <Base.Trigger render={children} delay={500} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} className="z-50">
          <Base.Popup className="animate-fade flex items-center gap-2 rounded-md bg-ink px-2 py-1 text-xs text-paper shadow-2">
            {label}
            {keys !== undefined && <Kbd keys={keys} inverted />}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
