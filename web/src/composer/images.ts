/**
 * Images in what is written. In the draft an image is `cid:` and a name, which its file in the draft has too; the
 * mail names it after its upload. What is shown is an address of this page.
 */
import { draftsStore, type Draft, type DraftFile } from "./drafts";
import { withImages } from "./quoting";
import { fetchUpload } from "./uploads";

const TYPES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const EDITED = /(<img[^>]*?) data-src=/g;
const ONE = /<img[^>]*\ssrc="cid:([^"]*)"[^>]*>/g;
const NAMED = /\ssrc="cid:([^"]+)"/g;

/** What to show for a name; filled by whoever knows the image, else by asking the server. */
const shown = new Map<string, Promise<string>>();

export function isImage(file: Pick<File, "type">): boolean {
  return TYPES.has(file.type);
}

/** A name for an image that begins its way to the server, and is shown meanwhile. */
export function nameFor(file: Blob): string {
  const name = crypto.randomUUID();
  shown.set(name, Promise.resolve(URL.createObjectURL(file)));
  return name;
}

function uploadOf(name: string): string {
  const files = Object.values(draftsStore.get()).flatMap((draft) => draft.files);
  return files.find((file) => file.shownAs === name)?.id ?? name;
}

/** What shows the image of a name, asked for where nobody here knows it. Raises: UploadFailed. */
export function addressOf(name: string): Promise<string> {
  let address = shown.get(name);
  if (address === undefined) {
    address = fetchUpload(uploadOf(name)).then((blob) => URL.createObjectURL(blob));
    address.catch(() => shown.delete(name));
    shown.set(name, address);
  }
  return address;
}

/** The editor's HTML as the draft keeps it: images by their names. */
export function written(html: string): string {
  return html.replace(EDITED, "$1 src=");
}

/** The names of the images that HTML shows. */
export function shownNames(html: string): ReadonlySet<string> {
  return new Set([...html.matchAll(NAMED)].map(([, name]) => name ?? ""));
}

/** Whether a file of a draft leaves with it: one that shows in the text, only while the text shows it. */
export function goesAlong(draft: Draft, file: DraftFile): boolean {
  return file.inline !== true || shownNames(draft.html + draft.quote).has(file.shownAs ?? file.id);
}

export function withoutImage(html: string, name: string): string {
  return html.replace(ONE, (image, shown: string) => (shown === name ? "" : image));
}

/** The draft as its mail will be: images under the names of their uploads, and words for those that never arrived. */
export function settled(draft: Draft): Draft {
  const inline = draft.files.filter((file) => file.inline === true);
  const uploads = new Map(inline.map((file) => [file.shownAs ?? file.id, file.id]));
  const named = (html: string) =>
    shownNames(html).size === 0 ? html : withImages(html, (name) => uploads.get(name) ?? null);
  return {
    ...draft,
    html: named(draft.html),
    quote: named(draft.quote),
    files: draft.files.map((file) => {
      const sent = { ...file };
      delete sent.shownAs;
      return sent;
    }),
  };
}
