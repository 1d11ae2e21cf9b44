/** Where the reader is: the path. Links are real links, so that they open in tabs and read as links. */
import { useSyncExternalStore } from "react";

const changed = new EventTarget();

function subscribe(listener: () => void): () => void {
  changed.addEventListener("change", listener);
  window.addEventListener("popstate", listener);
  return () => {
    changed.removeEventListener("change", listener);
    window.removeEventListener("popstate", listener);
  };
}

export function goTo(path: string, { replace = false }: { replace?: boolean } = {}): void {
  if (path === location.pathname + location.search) return;
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  changed.dispatchEvent(new Event("change"));
}

/** The path without a slash at its end; "/" for the start. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname.replace(/\/+$/, "") || "/");
}

/** The words of the path: "/settings/email" is ["settings", "email"]. */
export function usePathWords(): string[] {
  return usePath().split("/").filter(Boolean);
}

export function useQueryWord(name: string): string | null {
  return useSyncExternalStore(subscribe, () => new URLSearchParams(location.search).get(name));
}
