import { Dialog as Base } from "@base-ui/react/dialog";

import { useStore } from "../data/store";
import { goTo } from "../frame/route";
import { IconButton } from "../kit";
import { words } from "../words/composer";
import Composer from "./Composer";
import { dropDraft, isEmpty, openDraft, useDraft } from "./drafts";

/** A new mail, above the screen; on a phone a sheet. Closing keeps the draft. */
export default function NewMail() {
  const key = useStore(openDraft);
  const draft = useDraft(key);
  if (draft === null) return null;
  const close = () => {
    if (isEmpty(draft) && draft.subject === "") dropDraft(draft.key);
    openDraft.set(null);
  };
  return (
    <Base.Root open onOpenChange={(open) => !open && close()} modal="trap-focus">
      <Base.Portal>
        <Base.Backdrop className="animate-fade fixed inset-0 z-30 bg-black/20 sm:bg-transparent" />
        <Base.Popup
          initialFocus={false}
          className="animate-appear fixed inset-x-0 bottom-0 z-30 flex h-[94dvh] flex-col overflow-hidden rounded-t-md bg-paper shadow-3 outline-none sm:inset-x-auto sm:end-6 sm:h-[min(38rem,88dvh)] sm:w-[min(40rem,92vw)]"
        >
          <header className="flex items-center gap-2 bg-sunken py-1 ps-4 pe-1">
            <Base.Title className="flex-1 text-sm font-semibold">{words.newMail}</Base.Title>
            <IconButton icon="close" label={words.close} keys="Esc" onClick={close} />
          </header>
          <Composer
            key={`${draft.key} ${draft.edition}`}
            draft={draft}
            placeholder={words.placeholder}
            onClose={close}
            onUndone={() => undefined}
            onSent={(_, thread) => goTo(`/t/${thread.id}`)}
          />
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
