import { useCallback, useEffect, useRef, useState } from "react";

import { words } from "../words/composer";
import { bytes } from "../words/times";
import { changeDraft, draftsStore, type DraftFile } from "./drafts";
import { upload, UploadFailed } from "./uploads";

export interface Upload {
  id: number;
  file: File;
  share: number;
  failed: string | null;
  stop: AbortController;
  /** Told once, of an image that is to show in the text: what it became, or that it did not arrive. */
  settle?: ((file: DraftFile | null) => void) | undefined;
}

let numbers = 0;

/**
 * The files of a draft that are on their way; each becomes the draft's when it has arrived. What the draft's files
 * may be together, `limit` in bytes, is asked before the way and not at its end.
 */
export function useUploads(key: string, limit: number) {
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const running = useRef(new Set<AbortController>());
  const patch = useCallback((id: number, part: Partial<Upload>) => {
    setUploads((all) => all.map((one) => (one.id === id ? { ...one, ...part } : one)));
  }, []);
  const drop = useCallback((one: Upload) => {
    one.stop.abort();
    setUploads((all) => all.filter((other) => other.id !== one.id));
  }, []);
  const begin = useCallback(
    (one: Upload) => {
      const there = draftsStore.get()[key]?.files ?? [];
      if (there.reduce((sum, file) => sum + file.sizeBytes, one.file.size) > limit) {
        one.settle?.(null);
        patch(one.id, { failed: words.tooLarge(bytes(limit)), settle: undefined });
        return;
      }
      running.current.add(one.stop);
      upload(one.file, (share) => patch(one.id, { share }), one.stop.signal)
        .then(
          (file) => {
            const draft = draftsStore.get()[key];
            const kept = one.settle === undefined ? file : { ...file, inline: true };
            if (draft !== undefined) changeDraft(key, { files: [...draft.files, kept] });
            one.settle?.(kept);
            setUploads((all) => all.filter((other) => other.id !== one.id));
          },
          (error: unknown) => {
            one.settle?.(null);
            // Tried again, it comes along as a file: its place in the text is gone.
            if (error instanceof UploadFailed) patch(one.id, { failed: error.message, settle: undefined });
          },
        )
        .finally(() => running.current.delete(one.stop));
    },
    [key, limit, patch],
  );
  const add = useCallback(
    (files: readonly File[], settle?: Upload["settle"]) => {
      const begun: Upload[] = files.map((file) => ({
        id: ++numbers,
        file,
        share: 0,
        failed: null,
        stop: new AbortController(),
        settle,
      }));
      setUploads((all) => [...all, ...begun]);
      for (const one of begun) begin(one);
    },
    [begin],
  );
  const retry = useCallback(
    (one: Upload) => {
      const again = { ...one, share: 0, failed: null, stop: new AbortController() };
      patch(one.id, again);
      begin(again);
    },
    [begin, patch],
  );
  useEffect(() => {
    const all = running.current;
    return () => {
      for (const stop of all) stop.abort();
    };
  }, []);
  return { uploads, add, drop, retry };
}
