/** The content of attachments, fetched for the reader: addresses last five minutes, so each is asked for anew. */
import { ask } from "../data/client";
import { messageQuery, type Attachment } from "../data/documents";

const held = new Map<string, Promise<string>>();

async function freshUrl(messageId: string, attachmentId: string): Promise<string> {
  const { message } = await ask(messageQuery, { id: messageId });
  const url = message?.attachments.find((file) => file.id === attachmentId)?.url;
  if (url === null || url === undefined) throw new Error("The attachment's content is not here.");
  return url;
}

/** The file itself. Raises: Error where it cannot be had. */
export async function fetchFile(messageId: string, file: Attachment): Promise<Blob> {
  let answer = file.url === null ? null : await fetch(file.url);
  if (answer?.ok !== true) answer = await fetch(await freshUrl(messageId, file.id));
  if (!answer.ok) throw new Error(`The file was answered with ${answer.status}.`);
  // The server calls active types neutral names; what may be shown is decided by `previewOf` alone.
  return new Blob([await answer.arrayBuffer()], {
    type: previewOf(file) === null ? "application/octet-stream" : file.contentType,
  });
}

/** An address within this page for the file's content; fetched once. */
export function objectUrl(messageId: string, file: Attachment): Promise<string> {
  let url = held.get(file.id);
  if (url === undefined) {
    url = fetchFile(messageId, file).then((blob) => URL.createObjectURL(blob));
    url.catch(() => held.delete(file.id));
    held.set(file.id, url);
  }
  return url;
}

const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"]);

/** What a file can be shown as without leaving the page. SVG is a document and may not. */
export function previewOf(file: Pick<Attachment, "contentType">): "image" | "pdf" | null {
  const type = file.contentType.toLowerCase().split(";")[0] ?? "";
  if (IMAGES.has(type)) return "image";
  return type === "application/pdf" && navigator.pdfViewerEnabled ? "pdf" : null;
}

export async function download(messageId: string, file: Attachment): Promise<void> {
  const link = document.createElement("a");
  link.href = await freshUrl(messageId, file.id);
  link.download = file.name;
  link.click();
}
