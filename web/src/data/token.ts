/**
 * The reader's token: given in the address's fragment, which browsers do not send, and taken out of it at once.
 * It lives in this tab (memory and sessionStorage) and nowhere else; closing the tab forgets it.
 */
const KEY = "bothways-token";

let held: string | null = null;

function takeFromAddress(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get("token");
  if (given === null) return null;
  fragment.delete("token");
  const rest = fragment.toString();
  history.replaceState(history.state, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
  return given;
}

export function readToken(): string | null {
  const given = takeFromAddress();
  if (given !== null) keepToken(given);
  held ??= sessionStorage.getItem(KEY);
  return held;
}

export function keepToken(token: string): void {
  held = token;
  sessionStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  held = null;
  sessionStorage.clear();
}

export function currentToken(): string | null {
  return held;
}
