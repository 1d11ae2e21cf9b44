/**
 * The files of drafts that are on their way; each becomes its draft's when it has arrived. They go on while another
 * screen is shown, and end with their draft. What has not arrived when the page is left is missing, and said to be.
 */
import { useMemo } from "react";

import { Store, useStore } from "../data/store";
import { words } from "../words/composer";
import { bytes } from "../words/times";
import { changeDraft, draftsStore, noteMissing, type Draft, type DraftFile } from "./drafts";
import { goesAlong, withoutImage } from "./images";
import { upload, UploadFailed } from "./uploads";

export interface Upload {
  id: number;
  file: File;
  share: number;
  failed: string | null;
  stop: AbortController;
  /** The name by which the text shows it, where it is an image in the text. */
  shownAs: string | null;
}

const NONE: readonly Upload[] = [];
const uploadsStore = new Store<Readonly<Record<string, readonly Upload[]>>>({});
let numbers = 0;

function askBeforeLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function put(key: string, next: readonly Upload[]): void {
  const { [key]: before = NONE, ...others } = uploadsStore.get();
  uploadsStore.set(next.length === 0 ? others : { ...others, [key]: next });
  const runs = Object.values(uploadsStore.get()).some((all) => all.some((one) => one.failed === null));
  if (runs) window.addEventListener("beforeunload", askBeforeLeaving);
  else window.removeEventListener("beforeunload", askBeforeLeaving);
  const gone = before.filter((one) => !next.some((other) => other.id === one.id));
  const come = next.filter((one) => !before.some((other) => other.id === one.id));
  if (gone.length + come.length > 0) noteMissing(key, namesOf(come), namesOf(gone));
}

function namesOf(uploads: readonly Upload[]): string[] {
  return uploads.map((one) => one.file.name);
}

function update(key: string, id: number, change: (one: Upload) => Upload | null): void {
  const all = uploadsStore.get()[key] ?? NONE;
  put(
    key,
    all.flatMap((one) => (one.id === id ? (change(one) ?? []) : one)),
  );
}

function arrived(key: string, one: Upload, file: DraftFile): void {
  const draft = draftsStore.get()[key];
  const kept = one.shownAs === null ? file : { ...file, inline: true, shownAs: one.shownAs };
  if (draft !== undefined) changeDraft(key, { files: [...draft.files, kept] });
  update(key, one.id, () => null);
}

/** How much a draft carries, with what was on its way to it before. */
function carried(key: string, before: Upload): number {
  const draft = draftsStore.get()[key];
  const there = draft?.files.filter((file) => goesAlong(draft, file)).map((file) => file.sizeBytes) ?? [];
  const coming = (uploadsStore.get()[key] ?? NONE)
    .filter((one) => one.failed === null && one.id < before.id)
    .map((one) => one.file.size);
  return [...there, ...coming].reduce((sum, size) => sum + size, 0);
}

function begin(key: string, one: Upload, limit: number): void {
  if (carried(key, one) + one.file.size > limit) {
    update(key, one.id, (now) => ({ ...now, failed: words.tooLarge(bytes(limit)) }));
    return;
  }
  upload(one.file, (share) => update(key, one.id, (now) => ({ ...now, share })), one.stop.signal).then(
    (file) => arrived(key, one, file),
    (error: unknown) => {
      if (error instanceof UploadFailed) update(key, one.id, (now) => ({ ...now, failed: error.message }));
    },
  );
}

/** What ended with its draft, or is gone on with in no window, is stopped. */
draftsStore.subscribe(() => {
  const drafts = draftsStore.get();
  for (const [key, uploads] of Object.entries(uploadsStore.get())) {
    if (drafts[key] !== undefined) continue;
    for (const one of uploads) one.stop.abort();
    put(key, NONE);
  }
});

/** What the draft says is missing, and is not on its way from this page. */
export function missingFrom(draft: Draft, uploads: readonly Upload[]): string[] {
  const underWay = namesOf(uploads);
  return (draft.missing ?? []).filter((name) => !underWay.includes(name));
}

/** What the draft's files may be together, `limit` in bytes, is asked before the way and not at its end. */
export function useUploads(key: string, limit: number) {
  const uploads = useStore(uploadsStore)[key] ?? NONE;
  const acts = useMemo(
    () => ({
      add: (files: readonly File[], shownAs: string | null = null) => {
        const begun: Upload[] = files.map((file) => ({
          id: ++numbers,
          file,
          share: 0,
          failed: null,
          stop: new AbortController(),
          shownAs,
        }));
        put(key, [...(uploadsStore.get()[key] ?? NONE), ...begun]);
        for (const one of begun) begin(key, one, limit);
      },
      drop: (one: Upload) => {
        one.stop.abort();
        update(key, one.id, () => null);
        const draft = draftsStore.get()[key];
        if (draft === undefined || one.shownAs === null) return;
        changeDraft(key, { html: withoutImage(draft.html, one.shownAs), edition: draft.edition + 1 });
      },
      retry: (one: Upload) => {
        const again = { ...one, share: 0, failed: null, stop: new AbortController() };
        update(key, one.id, () => again);
        begin(key, again, limit);
      },
    }),
    [key, limit],
  );
  return { uploads, ...acts };
}
