/** Files on their way to the server, with how far they are. */
import { currentToken } from "../data/token";
import { words } from "../words/composer";
import type { DraftFile } from "./drafts";

export class UploadFailed extends Error {}

/** Uploads one file. Raises: UploadFailed, with a sentence for the reader; AbortError when stopped. */
export function upload(
  file: File,
  onProgress: (share: number) => void,
  stop: AbortSignal,
): Promise<DraftFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/attachments?name=${encodeURIComponent(file.name || "file")}`);
    request.setRequestHeader("authorization", `Bearer ${currentToken() ?? ""}`);
    request.setRequestHeader("content-type", file.type || "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onerror = () => reject(new UploadFailed(words.uploadAway));
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    request.onload = () => {
      const answer = request.response as (DraftFile & { error?: { message?: string } }) | null;
      if (request.status === 201 && answer !== null) {
        const { id, name, contentType, sizeBytes } = answer;
        resolve({ id, name, contentType, sizeBytes, uploadedAt: Date.now() });
      } else {
        reject(new UploadFailed(answer?.error?.message ?? words.uploadAway));
      }
    };
    stop.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}
