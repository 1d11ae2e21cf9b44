import { useState } from "react";

import { sentenceOf } from "../data/client";
import { beginConsent, type Begin } from "./attempt";

export interface Refused {
  message: string;
  field: string | null;
}

/** Begins a consent for a control: busy until the page is left, refused with a sentence. */
export function useBegin(): {
  begin: (what: Begin) => Promise<void>;
  busy: boolean;
  refused: Refused | null;
  elsewhere: string | null;
} {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused | null>(null);
  const [elsewhere, setElsewhere] = useState<string | null>(null);
  const begin = async (what: Begin) => {
    setBusy(true);
    setRefused(null);
    try {
      const begun = await beginConsent(what);
      if (begun.kind === "left") return;
      if (begun.kind === "refused") setRefused(begun);
      else setElsewhere(begun.url);
    } catch (error) {
      setRefused({ message: sentenceOf(error), field: null });
    }
    setBusy(false);
  };
  return { begin, busy, refused, elsewhere };
}
