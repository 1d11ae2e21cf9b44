/** What stands below an answer or in a forwarded mail, as HTML. */
import type { Message } from "../data/documents";
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

/** Changes the images of HTML that shows nowhere; what `change` answers null for becomes its words. */
export function withImages(html: string, change: (contentId: string) => string | null): string {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const image of body.querySelectorAll<HTMLImageElement>('img[src^="cid:"]')) {
    const name = decodeURIComponent((image.getAttribute("src") ?? "").slice(4));
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

function contentOf(message: Message, images: "go along" | "are words"): string {
  if (message.html === null) return textToHtml(message.text ?? "");
  return withImages(message.html, (name) => (images === "go along" ? name : null));
}

export function replyQuote(message: Message): string {
  if (message.text === null && message.html === null) return "";
  const line = words.wrote(fullTime(message.sentAt), nameOf(message.from));
  return `<div class="gmail_quote"><p>${escapeHtml(line)}</p><blockquote>${contentOf(message, "are words")}</blockquote></div>`;
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
  return `<div class="gmail_quote"><p>---------- ${escapeHtml(words.forwarded)} ----------<br>${head}</p>${contentOf(message, "go along")}</div>`;
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
