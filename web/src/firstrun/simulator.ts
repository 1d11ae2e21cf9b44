/**
 * Where the demo's simulator is: given in the demo link's fragment beside the token. Only an address of this
 * machine is taken, so that no link from elsewhere can make this app point at a stranger's page.
 */
const KEY = "bothways-simulator";

export function loopbackOnly(address: string | null): string | null {
  if (address === null || !URL.canParse(address)) return null;
  const { protocol, hostname, origin } = new URL(address);
  const here = hostname === "127.0.0.1" || hostname === "localhost" || hostname === "[::1]";
  return here && protocol === "http:" ? origin : null;
}

export function readSimulator(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get("simulator");
  if (given !== null) {
    fragment.delete("simulator");
    const rest = fragment.toString();
    history.replaceState(history.state, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
    const taken = loopbackOnly(given);
    if (taken !== null) sessionStorage.setItem(KEY, taken);
  }
  return loopbackOnly(sessionStorage.getItem(KEY));
}
