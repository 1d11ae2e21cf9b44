/** What stands below an answer or in a forwarded mail, as HTML. */
import type { Message } from "../data/documents";
import { contentIdOf } from "../conversation/mail-html";
import { nameOf } from "../conversation/people";
import { words } from "../words/composer";
import { fullTime } from "../words/times";

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

export function textToHtml(text: string): string {
  return text
    .split(/\n{2,}/)
    .map((paragraph) => `<p>${escapeHtml(paragraph).replace(/\n/g, "<br>")}</p>`)
    .join("");
}

/** The Content-IDs of the images that HTML shows. */
export function contentIdsIn(html: string): ReadonlySet<string> {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const images = [...body.querySelectorAll<HTMLImageElement>('img[src^="cid:"]')];
  return new Set(images.map((image) => contentIdOf(image.getAttribute("src") ?? "")));
}

/** Changes the images of HTML that shows nowhere; what `change` answers null for becomes its words. */
export function withImages(html: string, change: (contentId: string) => string | null): string {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const image of body.querySelectorAll<HTMLImageElement>('img[src^="cid:"]')) {
    const name = contentIdOf(image.getAttribute("src") ?? "");
    const next = change(name);
    const alt = image.getAttribute("alt") ?? "";
    if (next === null) image.replaceWith(alt === "" ? words.picture : words.pictureOf(alt));
    else image.setAttribute("src", `cid:${next}`);
  }
  // Pictures of the web, which the reader was not shown unasked, go on as they came.
  for (const image of body.querySelectorAll<HTMLImageElement>("img[data-remote-src]")) {
    image.setAttribute("src", image.dataset["remoteSrc"] ?? "");
    image.removeAttribute("data-remote-src");
  }
  return body.innerHTML;
}

function contentOf(message: Message, nameOf: (contentId: string) => string | null): string {
  if (message.html === null) return textToHtml(message.text ?? "");
  return withImages(message.html, nameOf);
}

/** What an answer quotes; images that have a name in `names` are shown, the others are words. */
export function replyQuote(message: Message, names: ReadonlyMap<string, string> = new Map()): string {
  if (message.text === null && message.html === null) return "";
  const line = words.wrote(fullTime(message.sentAt), nameOf(message.from));
  return `<div class="gmail_quote"><p>${escapeHtml(line)}</p><blockquote>${contentOf(message, (name) => names.get(name) ?? null)}</blockquote></div>`;
}

export function forwardQuote(message: Message): string {
  const lines = [
    [words.forwardFrom, `${nameOf(message.from)} <${message.from.address}>`],
    [words.forwardDate, fullTime(message.sentAt)],
    [words.forwardSubject, message.subject],
    [words.forwardTo, message.to.map((one) => one.address).join(", ")],
  ];
  const head = lines
    .map(([label, value]) => `${escapeHtml(label ?? "")}: ${escapeHtml(value ?? "")}`)
    .join("<br>");
  return `<div class="gmail_quote"><p>---------- ${escapeHtml(words.forwarded)} ----------<br>${head}</p>${contentOf(message, (name) => name)}</div>`;
}

/** "Re: x" once, however often it was answered; nothing where the subject is not the reader's to see. */
export function replySubject(subject: string): string {
  return subject === "" || /^(re|aw|sv|rif|antw)\s*(\[\d+\])?:/i.test(subject) ? subject : `Re: ${subject}`;
}

/** "Fwd: x" once. */
export function forwardSubject(subject: string): string {
  return /^(fwd?|wg|tr):/i.test(subject) ? subject : `Fwd: ${subject}`;
}

/** A mail of one's own, cut into what was written and what is quoted below it: the one block the editor never makes. */
export function split(html: string): { html: string; quote: string } {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const last = body.lastElementChild;
  if (last?.tagName !== "DIV") return { html, quote: "" };
  last.remove();
  return { html: body.innerHTML, quote: last.outerHTML };
}
