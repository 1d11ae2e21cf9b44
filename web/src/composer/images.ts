/**
 * Images in what is written. In the draft an image is `cid:` and the id of its upload, which is how the mail
 * will name it; while it is on its way it is `pending:` and a number. What is shown is an address of this page.
 */
import { fetchUpload } from "./uploads";

const TYPES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const PENDING = /<img[^>]*\ssrc="pending:[^"]*"[^>]*>/g;
const EDITED = /(<img[^>]*?) data-src=/g;
const NAMED = /\ssrc="cid:([^"]+)"/g;

/** What to show for a name; filled by whoever knows the image, else by asking the server. */
const shown = new Map<string, Promise<string>>();
let numbers = 0;

export function isImage(file: Pick<File, "type">): boolean {
  return TYPES.has(file.type);
}

/** A name for an image that begins its way to the server. */
export function pendingName(file: Blob): string {
  const name = `pending:${++numbers}`;
  shown.set(name, Promise.resolve(URL.createObjectURL(file)));
  return name;
}

/** The same image, now that the server has it. */
export function arrivedName(pending: string, uploadId: string): string {
  const name = `cid:${uploadId}`;
  const address = shown.get(pending);
  if (address !== undefined) shown.set(name, address);
  return name;
}

/** What shows the image, asked for where nobody here knows it. Raises: UploadFailed. */
export function addressOf(name: string): Promise<string> {
  let address = shown.get(name);
  if (address === undefined) {
    address = fetchUpload(name.replace(/^cid:/, "")).then((blob) => URL.createObjectURL(blob));
    address.catch(() => shown.delete(name));
    shown.set(name, address);
  }
  return address;
}

/** The editor's HTML as the draft keeps it: images by their names, without those that have not arrived. */
export function written(html: string): string {
  return html.replace(EDITED, "$1 src=").replace(PENDING, "");
}

/** The uploads that a draft's HTML shows in place. */
export function shownIds(html: string): ReadonlySet<string> {
  return new Set([...html.matchAll(NAMED)].map(([, id]) => id ?? ""));
}
