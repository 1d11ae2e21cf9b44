/** Files on their way to the server, with how far they are. */
import { currentToken } from "../data/token";
import { words } from "../words/composer";
import type { DraftFile } from "./drafts";

export class UploadFailed extends Error {}
/** The server has too much to do this moment. */
class Busy extends UploadFailed {}

const BUSY = new Set([429, 503]);
const TRIES = 4;
const PAUSE_MS = 1_500;

/** Tries again where the server was only busy. */
async function patiently<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Busy) || tries === TRIES) throw error;
      await new Promise((resolve) => window.setTimeout(resolve, PAUSE_MS * tries));
    }
  }
}

function refusal(status: number, sentence: string | undefined): UploadFailed {
  const said = sentence ?? words.uploadAway;
  return BUSY.has(status) ? new Busy(said) : new UploadFailed(said);
}

/** Uploads one file. Raises: UploadFailed, with a sentence for the reader; AbortError when stopped. */
export function upload(
  file: File,
  onProgress: (share: number) => void,
  stop: AbortSignal,
): Promise<DraftFile> {
  return patiently(() => uploadOnce(file, onProgress, stop));
}

function uploadOnce(file: File, onProgress: (share: number) => void, stop: AbortSignal): Promise<DraftFile> {
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
        reject(refusal(request.status, answer?.error?.message));
      }
    };
    stop.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}

function authorized(): HeadersInit {
  return { authorization: `Bearer ${currentToken() ?? ""}` };
}

/** Makes an upload of a file that lies in a mail; its content never passes through here. Raises: UploadFailed. */
export function copyFile(attachmentId: string): Promise<DraftFile> {
  return patiently(() => copyOnce(attachmentId));
}

async function copyOnce(attachmentId: string): Promise<DraftFile> {
  let answer: Response;
  try {
    answer = await fetch(`/attachments?copy=${encodeURIComponent(attachmentId)}`, {
      method: "POST",
      headers: authorized(),
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UploadFailed(words.uploadAway);
  }
  const said = (await answer.json()) as DraftFile & { error?: { message?: string } };
  if (answer.status !== 201) throw refusal(answer.status, said.error?.message);
  const { id, name, contentType, sizeBytes } = said;
  return { id, name, contentType, sizeBytes, uploadedAt: Date.now() };
}

/** The content of an upload that was not sent yet. Raises: UploadFailed. */
export async function fetchUpload(id: string): Promise<Blob> {
  const answer = await fetch(`/attachments/${encodeURIComponent(id)}`, { headers: authorized() });
  if (!answer.ok) throw new UploadFailed(words.uploadAway);
  return answer.blob();
}
