/** Merge fields in what is written: which there are, and what stands in for one that a contact lacks. */
export const FIELDS = ["first_name", "last_name", "name", "company", "email"] as const;
export type Field = (typeof FIELDS)[number];

export function mark(field: Field): string {
  return `{{ ${field} }}`;
}

const OUTPUT = /\{\{([^{}]*)\}\}/g;

/** A template in a line for a list: "News for {{ company | default: "you" }}" is "News for [company]". */
export function readable(template: string, called: (field: string) => string): string {
  return template
    .replace(OUTPUT, (_, inside: string) => `[${called((inside.split("|")[0] ?? "").trim())}]`)
    .replace(/\{%.*?%\}/g, "");
}

/** Writes the words to be said instead, wherever a field stands without any. Double quotes become single ones. */
export function withDefault(template: string, field: string, words: string, isHtml: boolean): string {
  const plain = words
    .replaceAll('"', "’")
    .replace(/[{}|%]/g, "")
    .trim();
  const spelled = isHtml
    ? plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    : plain;
  return template.replace(OUTPUT, (whole, inside: string) => {
    const [name = "", ...filters] = inside.split("|").map((part) => part.trim());
    if (name !== field || filters.some((filter) => filter.startsWith("default"))) return whole;
    return `{{ ${[name, `default: "${spelled}"`, ...filters].join(" | ")} }}`;
  });
}

/** A text as the editor takes it: its paragraphs, its lines. */
export function htmlOf(text: string): string {
  const page = document.implementation.createHTMLDocument();
  for (const paragraph of text.split(/\n{2,}/)) {
    const element = page.body.appendChild(page.createElement("p"));
    for (const [place, line] of paragraph.split("\n").entries()) {
      if (place > 0) element.append(page.createElement("br"));
      element.append(line);
    }
  }
  return page.body.innerHTML;
}

const BLOCKS = "p, li, blockquote, div, br, h1, h2, h3";

/** The same words without their dress, for those whose mail program shows text alone. */
export function textOf(html: string): string {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const item of page.querySelectorAll("li")) item.prepend("- ");
  for (const link of page.querySelectorAll("a[href]")) {
    const href = link.getAttribute("href") ?? "";
    if (link.textContent !== href) link.append(` (${href})`);
  }
  for (const block of page.querySelectorAll(BLOCKS)) block.append("\n");
  for (const line of page.querySelectorAll("br")) line.replaceWith("\n");
  for (const paragraph of page.querySelectorAll("body > p")) paragraph.append("\n");
  return page.body.textContent.replace(/\n{3,}/g, "\n\n").trim();
}
