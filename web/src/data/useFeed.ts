import { useEffect, useEffectEvent } from "react";

import type { InboxEvent } from "./documents";
import { onAnew, onEvent } from "./feed";

/** Calls `onOne` for every live event while the component is there, and `onMissed` when it must load anew. */
export function useFeed(onOne: (event: InboxEvent) => void, onMissed?: () => void): void {
  const one = useEffectEvent(onOne);
  const missed = useEffectEvent(() => onMissed?.());
  useEffect(() => {
    const ends = [onEvent((event) => one(event)), onAnew(() => missed())];
    return () => {
      for (const end of ends) end();
    };
  }, []);
}
