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

function contentOf(message: Message): string {
  return message.html ?? textToHtml(message.text ?? "");
}

export function replyQuote(message: Message): string {
  if (message.text === null && message.html === null) return "";
  const line = words.wrote(fullTime(message.sentAt), nameOf(message.from));
  return `<div class="gmail_quote"><p>${escapeHtml(line)}</p><blockquote>${contentOf(message)}</blockquote></div>`;
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
  return `<div><p>---------- ${escapeHtml(words.forwarded)} ----------<br>${head}</p>${contentOf(message)}</div>`;
}

/** "Re: x" once, however often it was answered. */
export function forwardSubject(subject: string): string {
  return /^(fwd?|wg|tr):/i.test(subject) ? subject : `Fwd: ${subject}`;
}
