import { pieces } from "./marking";

/** A text with the words that were searched for marked. */
export function Marked({ text, marked }: { text: string; marked: readonly string[] }) {
  return pieces(text, marked).map((piece, place) =>
    piece.marked ? <mark key={place}>{piece.text}</mark> : piece.text,
  );
}
