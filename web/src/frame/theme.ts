/** Light or dark: the system's, unless the reader chose. Set before the first paint. */
import { Store } from "../data/store";

export type Theme = "light" | "dark";

const KEY = "bothways-theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function wanted(): Theme {
  const chosen = localStorage.getItem(KEY);
  return chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
}

export const themeStore = new Store<Theme>("light");

function apply(): void {
  themeStore.set(wanted());
  document.documentElement.dataset["theme"] = themeStore.get();
}

export function startTheme(): void {
  apply();
  dark.addEventListener("change", apply);
}

export function turnTheme(): void {
  localStorage.setItem(KEY, themeStore.get() === "dark" ? "light" : "dark");
  apply();
}
