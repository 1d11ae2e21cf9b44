import { useEffect, useState } from "react";

import type { Attachment } from "../data/documents";
import { Button, Dialog, EmptyState, Icon, Skeleton, toasts } from "../kit";
import { words } from "../words/conversation";
import { bytes } from "../words/times";
import { download, objectUrl, previewOf } from "./files";

const WHY_NOT = {
  STORED: "",
  TOO_LARGE: words.tooLarge,
  BLOCKED_TYPE: words.blockedType,
  FAILED: words.failedFile,
};

function useObjectUrl(
  messageId: string,
  file: Attachment,
  wanted: boolean,
): { url: string | null; failed: boolean } {
  const [state, setState] = useState<{ url: string | null; failed: boolean }>({ url: null, failed: false });
  useEffect(() => {
    if (!wanted) return;
    let late = false;
    objectUrl(messageId, file).then(
      (url) => late || setState({ url, failed: false }),
      () => late || setState({ url: null, failed: true }),
    );
    return () => void (late = true);
  }, [messageId, file, wanted]);
  return state;
}

function Preview({ messageId, file, onClose }: { messageId: string; file: Attachment; onClose: () => void }) {
  const { url, failed } = useObjectUrl(messageId, file, true);
  const kind = previewOf(file);
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={file.name}
      about={bytes(file.sizeBytes)}
      footer={
        <Button icon="download" onClick={() => startDownload(messageId, file)}>
          {words.downloadWord}
        </Button>
      }
    >
      <div className="flex min-h-60 items-center justify-center">
        {failed && <EmptyState icon="warning" title={words.previewFailed} />}
        {url === null && !failed && <Skeleton className="h-60 w-full" />}
        {url !== null && kind === "image" && (
          <img src={url} alt={file.name} className="max-h-[58vh] max-w-full rounded-md object-contain" />
        )}
        {url !== null && kind === "pdf" && (
          <iframe src={url} title={file.name} className="h-[58vh] w-full rounded-md border border-line" />
        )}
      </div>
    </Dialog>
  );
}

function startDownload(messageId: string, file: Attachment): void {
  download(messageId, file).catch(() => toasts.show(words.previewFailed, { tone: "bad" }));
}

function Tile({ messageId, file }: { messageId: string; file: Attachment }) {
  const [open, setOpen] = useState(false);
  const kind = file.state === "STORED" ? previewOf(file) : null;
  const { url } = useObjectUrl(messageId, file, kind === "image" && file.sizeBytes < 4_000_000);
  const stored = file.state === "STORED";
  return (
    <li className="flex w-60 max-w-full items-center gap-1 rounded-md border border-line bg-paper pe-1">
      <button
        type="button"
        disabled={!stored}
        onClick={() => (kind === null ? startDownload(messageId, file) : setOpen(true))}
        className="flex min-w-0 flex-1 items-center gap-2.5 rounded-md p-1.5 text-start enabled:hover:bg-hover"
      >
        <span className="flex size-10 shrink-0 items-center justify-center overflow-hidden rounded-[6px] bg-sunken text-ink-2">
          {url === null ? (
            <Icon name={kind === "image" ? "image" : "file"} size={18} />
          ) : (
            <img src={url} alt="" className="size-full object-cover" />
          )}
        </span>
        <span className="flex min-w-0 flex-col">
          <span className="sr-only">{kind === null ? words.downloadWord : words.previewWord}</span>
          <span dir="auto" className="truncate text-sm font-medium">
            {file.name}
          </span>
          <span className="figures truncate text-xs text-ink-3">
            {bytes(file.sizeBytes)}
            {!stored && `, ${WHY_NOT[file.state]}`}
          </span>
        </span>
      </button>
      {stored && kind !== null && (
        <button
          type="button"
          aria-label={words.download(file.name)}
          onClick={() => startDownload(messageId, file)}
          className="rounded-md p-2 text-ink-2 hover:bg-hover"
        >
          <Icon name="download" />
        </button>
      )}
      {open && <Preview messageId={messageId} file={file} onClose={() => setOpen(false)} />}
    </li>
  );
}

export function Attachments({ messageId, files }: { messageId: string; files: readonly Attachment[] }) {
  if (files.length === 0) return null;
  return (
    <ul aria-label={words.attachments(files.length)} className="mt-3 flex flex-wrap gap-2">
      {files.map((file) => (
        <Tile key={file.id} messageId={messageId} file={file} />
      ))}
    </ul>
  );
}
