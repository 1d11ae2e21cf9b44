import { useState } from "react";

import { Store, useStore } from "../data/store";

/** Where there is room beside the mail (wide) what is about the contact is a column, elsewhere a sheet over the mail. */
const WIDE = "(min-width: 1400px)";

export function isWide(): boolean {
  return window.matchMedia(WIDE).matches;
}

/** A column stays as the reader left it from one conversation to the next. */
const columnStore = new Store(true);

/** Whether what is about the contact is shown. A sheet ends with its conversation. */
export function useAside(): { aside: boolean; setAside: (shown: boolean) => void } {
  const column = useStore(columnStore);
  const [sheet, setSheet] = useState(false);
  const [wide] = useState(isWide);
  return wide
    ? { aside: column, setAside: (shown) => columnStore.set(shown) }
    : { aside: sheet, setAside: setSheet };
}
