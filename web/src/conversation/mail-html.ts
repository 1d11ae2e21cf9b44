/**
 * Prepares a mail's HTML (already sanitised by the server) for its frame: quoted history folded, images of the
 * mail itself put in, links made safe to follow. Remote images are never given an address here: the server gives
 * HTML in which they have one of its own, when the reader asks. Works on a document that shows nowhere.
 */
export interface Prepared {
  /** The nodes to put into the frame's body. */
  body: HTMLElement;
  hasRemoteImages: boolean;
  /** Whether the mail brought colours of its own, and so needs white paper. */
  coloured: boolean;
}

const COLOURS = /(?:^|[;\s"'])(?:background(?:-color)?|color)\s*:/i;

function foldHistory(body: HTMLElement, summary: string): void {
  const quotes = [
    ...body.querySelectorAll<HTMLElement>(".gmail_quote, .yahoo_quoted, #appendonsend, blockquote"),
  ];
  const top = quotes.filter((quote) => !quotes.some((other) => other !== quote && other.contains(quote)));
  const last = top.at(-1);
  if (last === undefined || last.textContent.trim() === "") return;
  // A quote in the middle of an answer is part of it; history stands at the end.
  const after = body.ownerDocument.createRange();
  after.setStartAfter(last);
  after.setEnd(body, body.childNodes.length);
  if (after.toString().trim().length > 0) return;
  const fold = body.ownerDocument.createElement("details");
  fold.className = "bw-history";
  const handle = body.ownerDocument.createElement("summary");
  handle.textContent = "•••";
  handle.title = summary;
  handle.setAttribute("aria-label", summary);
  last.replaceWith(fold);
  fold.append(handle, last);
}

function isColoured(body: HTMLElement): boolean {
  if (body.querySelector("[bgcolor], [background], font[color]") !== null) return true;
  return [...body.querySelectorAll("[style]")].some((element) =>
    COLOURS.test(element.getAttribute("style") ?? ""),
  );
}

/** The Content-ID that an image's `cid:` address names. Source: RFC 2392 */
export function contentIdOf(address: string): string {
  const name = address.replace(/^cid:/i, "");
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return name;
  }
}

/** An address that a link's text shows, as people write it: with or without a scheme. */
const ADDRESS = /^(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?::\d+)?(?:[/?#]\S*)?$/iu;

function hostOf(address: string): string | null {
  try {
    const url = new URL(address);
    return /^https?:$/.test(url.protocol) ? url.hostname.replace(/^www\./, "") : null;
  } catch {
    return null;
  }
}

const within = (host: string, other: string) => host === other || host.endsWith(`.${other}`);

/** The host that a link leads to where its text shows another's address: what people are robbed with. */
function otherHost(link: Element): string | null {
  const shown = ADDRESS.exec(link.textContent.trim())?.[1];
  const real = hostOf(link.getAttribute("href") ?? "");
  const said = shown === undefined ? null : hostOf(`https://${shown}`);
  if (real === null || said === null || within(real, said) || within(said, real)) return null;
  return real;
}

function tameLinks(body: HTMLElement, leadsTo: (host: string) => string): void {
  for (const link of body.querySelectorAll("a[href]")) {
    link.setAttribute("target", "_blank");
    link.setAttribute("rel", "noopener noreferrer nofollow");
    link.setAttribute("title", link.getAttribute("href") ?? "");
    const host = otherHost(link);
    if (host === null) continue;
    const warning = body.ownerDocument.createElement("span");
    warning.className = "bw-elsewhere";
    warning.textContent = leadsTo(host);
    link.after(" ", warning);
  }
}

/** What stands where an image would: its size and its words. The browser's own has the mark of a broken image. */
function placeFor(image: HTMLImageElement): HTMLElement {
  const place = image.ownerDocument.createElement("span");
  place.className = "bw-image";
  place.style.cssText = image.style.cssText;
  for (const side of ["width", "height"] as const) {
    const size = image.getAttribute(side) ?? "";
    if (/^\d+$/.test(size) && place.style[side] === "") place.style[side] = `${size}px`;
  }
  const words = image.alt.trim();
  place.textContent = words;
  if (words === "") place.setAttribute("aria-hidden", "true");
  return place;
}

export interface PrepareWords {
  showHistory: string;
  leadsTo: (host: string) => string;
}

export function prepare(html: string, inline: ReadonlyMap<string, string>, words: PrepareWords): Prepared {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  tameLinks(body, words.leadsTo);
  for (const image of body.querySelectorAll<HTMLImageElement>('img[src^="cid:"]')) {
    const file = inline.get(contentIdOf(image.getAttribute("src") ?? ""));
    if (file === undefined) image.removeAttribute("src");
    else image.setAttribute("src", file);
  }
  const remote = [...body.querySelectorAll<HTMLImageElement>("img[data-remote-src]")];
  for (const image of remote) image.replaceWith(placeFor(image));
  const coloured = isColoured(body);
  foldHistory(body, words.showHistory);
  return { body, hasRemoteImages: remote.length > 0, coloured };
}

export interface FrameTheme {
  ink: string;
  accent: string;
  line: string;
  /** Ink for words that stand on `line`. */
  quiet: string;
  /** A warning's paper and ink. */
  warn: string;
  onWarn: string;
  font: string;
  scheme: string;
  /** The rules of the fonts that `font` names. */
  faces: string;
}

/** The frame's own style; `theme` holds the reader's colours where the mail brought none. */
export function frameStyle(theme: FrameTheme): string {
  return `${theme.faces}
    html { margin: 0; color-scheme: ${theme.scheme}; overflow: hidden; background: transparent; }
    body { margin: 0; padding: 1px 0; color: ${theme.ink}; font: 15px/1.55 ${theme.font};
      overflow-wrap: anywhere; overflow-x: auto; overflow-y: hidden; display: flow-root; }
    a { color: ${theme.accent}; }
    img { max-width: 100%; height: auto; }
    .bw-image { display: inline-block; box-sizing: border-box; max-width: 100%; min-width: 12px; min-height: 12px; overflow: hidden;
      vertical-align: middle; background: ${theme.line}; border-radius: 4px; }
    .bw-image:not(:empty) { padding: 8px 12px; color: ${theme.quiet}; font: 12px/1.4 ${theme.font}; }
    img:not([src]) { display: inline-block; min-width: 12px; min-height: 12px; background: ${theme.line}; border-radius: 4px; }
    .bw-elsewhere { display: inline-block; padding: 0 6px; border-radius: 4px; background: ${theme.warn}; color: ${theme.onWarn};
      font: 600 12px/20px ${theme.font}; overflow-wrap: anywhere; }
    pre { white-space: pre-wrap; }
    table { max-width: 100%; }
    blockquote { margin: 8px 0 8px 0; padding-inline-start: 12px; border-inline-start: 2px solid ${theme.line}; }
    details.bw-history > summary { list-style: none; display: inline-block; cursor: pointer; margin: 8px 0; padding: 0 8px;
      border-radius: 6px; background: ${theme.line}; font: 12px/24px ${theme.font}; letter-spacing: 1px; }
    details.bw-history > summary:focus-visible { outline: 2px solid ${theme.accent}; }
    :focus-visible { outline: 2px solid ${theme.accent}; outline-offset: 1px; }`;
}
