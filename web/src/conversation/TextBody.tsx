import { useState } from "react";

import { words } from "../words/conversation";

const LINK = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/g;

function Linked({ text }: { text: string }) {
  return text.split(LINK).map((piece, place) =>
    place % 2 === 1 ? (
      <a
        key={place}
        href={piece}
        target="_blank"
        rel="noopener noreferrer nofollow"
        className="text-accent underline underline-offset-2"
      >
        {piece}
      </a>
    ) : (
      piece
    ),
  );
}

/** A mail that is text: as it was written, its quoted history folded. */
export function TextBody({ text, quotedFrom }: { text: string; quotedFrom: number | null }) {
  const [shown, setShown] = useState(false);
  // The server counts characters, not UTF-16 units.
  const letters = quotedFrom === null ? null : Array.from(text);
  const own = letters === null ? text : letters.slice(0, quotedFrom ?? 0).join("");
  const history = letters === null ? "" : letters.slice(quotedFrom ?? 0).join("");
  const only = own.trim() === "";
  return (
    <div dir="auto" className="wrap-words text-start text-[15px] leading-[1.55] whitespace-pre-wrap">
      <Linked text={only ? text.trim() : own.trim()} />
      {!only && history.trim() !== "" && (
        <>
          <button
            type="button"
            aria-expanded={shown}
            aria-label={shown ? words.hideHistory : words.showHistory}
            title={shown ? words.hideHistory : words.showHistory}
            onClick={() => setShown(!shown)}
            className="mt-2 block h-6 rounded-md bg-hover px-2 text-xs leading-4 tracking-widest text-ink-2 hover:text-ink"
          >
            •••
          </button>
          {shown && (
            <div className="mt-2 border-s-2 border-line ps-3 text-ink-2">
              <Linked text={history.trim()} />
            </div>
          )}
        </>
      )}
    </div>
  );
}
