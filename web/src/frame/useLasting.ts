import { useCallback, useLayoutEffect, useRef } from "react";

/** The same function at every render, doing what the newest one does: a memoised row is not drawn anew for it. */
export function useLasting<Given extends unknown[]>(run: (...given: Given) => void) {
  const newest = useRef(run);
  useLayoutEffect(() => {
    newest.current = run;
  });
  return useCallback((...given: Given) => newest.current(...given), []);
}
