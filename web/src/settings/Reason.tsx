import { Button, toasts } from "../kit";
import { words } from "../words/settings";
import { partedAtLink } from "./reasons";

/** Why a mailbox is not connected; a link that is to be passed on can be copied, and is not spelled out. */
export function Reason({ text }: { text: string | null }) {
  const { sentence, link } = partedAtLink(text ?? "");
  const copy = async (url: string) => {
    await navigator.clipboard.writeText(url);
    toasts.show(words.copied);
  };
  if (link === null) return sentence;
  return (
    <>
      {sentence}
      <span className="mt-2 mb-1 flex flex-wrap items-center gap-3">
        <Button icon="copy" onClick={() => void copy(link)}>
          {words.copyLink}
        </Button>
        <a href={link} target="_blank" rel="noreferrer" className="font-medium underline underline-offset-2">
          {words.openAdminPage}
        </a>
      </span>
    </>
  );
}
