import { Bar, Icon, Skeleton } from "../kit";
import { words } from "../words/composer";
import { bytes } from "../words/times";
import type { DraftFile } from "./drafts";
import type { Upload } from "./useUploads";

const BOX =
  "flex w-56 max-w-full items-center gap-2 rounded-md border border-line bg-canvas px-2 py-1.5 text-sm";

interface FilesProps {
  files: readonly DraftFile[];
  uploads: readonly Upload[];
  /** How many of another mail are still on their way. */
  returning: number;
  onRemove: (file: DraftFile) => void;
  onDrop: (upload: Upload) => void;
  onRetry: (upload: Upload) => void;
}

/** The files of a draft: arrived, on their way, or stopped with the reason. */
export function Files({ files, uploads, returning, onRemove, onDrop, onRetry }: FilesProps) {
  const all = files.length + uploads.length + returning;
  if (all === 0) return null;
  return (
    <ul aria-label={words.files(all)} className="mt-3 flex flex-wrap gap-2">
      {files.map((file) => (
        <li key={file.id} className={BOX}>
          <Icon name={file.contentType.startsWith("image/") ? "image" : "file"} className="text-ink-2" />
          <span dir="auto" className="min-w-0 flex-1 truncate text-start">
            {file.name}
          </span>
          <span className="figures text-xs text-ink-3">{bytes(file.sizeBytes)}</span>
          <Remove name={file.name} onPress={() => onRemove(file)} />
        </li>
      ))}
      {uploads.map((one) => (
        <li key={one.id} className={BOX}>
          <span className="flex min-w-0 flex-1 flex-col gap-1">
            <span dir="auto" className="truncate text-start">
              {one.file.name}
            </span>
            {one.failed === null ? (
              <Bar
                value={Math.round(one.share * 100)}
                max={100}
                label={words.uploading(one.file.name, Math.round(one.share * 100))}
              />
            ) : (
              <span role="alert" className="wrap-words text-xs text-bad">
                {one.failed}{" "}
                <button type="button" className="font-semibold underline" onClick={() => onRetry(one)}>
                  {words.retry}
                </button>
              </span>
            )}
          </span>
          <Remove name={one.file.name} onPress={() => onDrop(one)} />
        </li>
      ))}
      {Array.from({ length: returning }, (_, place) => (
        <li key={`returning-${place}`} className={BOX}>
          <Skeleton className="h-4 w-24" />
          <span className="sr-only">{words.uploadWait}</span>
        </li>
      ))}
    </ul>
  );
}

function Remove({ name, onPress }: { name: string; onPress: () => void }) {
  return (
    <button
      type="button"
      aria-label={words.remove(name)}
      className="flex size-6 shrink-0 items-center justify-center rounded-full text-ink-2 hover:bg-hover"
      onClick={onPress}
    >
      <Icon name="close" size={12} />
    </button>
  );
}
