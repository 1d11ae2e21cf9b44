/** The words of a search that are to be marked in what was found: phrases whole, excluded words not at all. */
export function wordsOf(query: string): string[] {
  const found: string[] = [];
  for (const [, minus, phrase, word] of query.matchAll(/(-?)(?:"([^"]+)"|([^\s"]+))/gu)) {
    const text = (phrase ?? word ?? "").replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
    if (minus !== "-" && text !== "") found.push(text);
  }
  return found;
}

export interface Piece {
  text: string;
  marked: boolean;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Cuts a text into pieces that are marked and pieces that are not. */
export function pieces(text: string, marked: readonly string[]): Piece[] {
  if (marked.length === 0) return [{ text, marked: false }];
  const pattern = new RegExp(
    `(${[...marked]
      .sort((a, b) => b.length - a.length)
      .map(escaped)
      .join("|")})`,
    "giu",
  );
  return text
    .split(pattern)
    .map((piece, place) => ({ text: piece, marked: place % 2 === 1 }))
    .filter((piece) => piece.text !== "");
}
