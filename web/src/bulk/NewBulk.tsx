import { useState } from "react";

import { useSession } from "../data/session";
import { useStore } from "../data/store";
import { useCommands } from "../frame/keys";
import { Button, Page, toasts } from "../kit";
import { words } from "../words/bulk";
import { Audience } from "./Audience";
import { Check } from "./Check";
import { bulkDraft, clearDraft, hasAudience, inputOf, isEmpty, isWritten } from "./draft";
import { Sender, usualFrom } from "./Sender";
import { usePreview } from "./usePreview";
import { Written } from "./Written";

/** Writing a bulk mail, then looking at it before it goes. */
export default function NewBulk() {
  const draft = useStore(bulkDraft);
  const session = useSession();
  const [checking, setChecking] = useState(false);
  const [version, setVersion] = useState(0);
  const input = inputOf(draft, usualFrom(session));
  // What carries it and how many they are does not depend on what it says.
  const [reach] = usePreview(
    hasAudience(draft) ? { ...input, subject: "-", text: "-", html: null, leaveOutIncomplete: false } : null,
  );
  const canSend = !(
    reach.kind === "answer" && ["NotConnected", "InvalidInput"].includes(reach.answer.__typename)
  );
  const ready = hasAudience(draft) && isWritten(draft) && canSend;
  const check = () => ready && setChecking(true);
  useCommands(
    checking
      ? [{ keys: "Escape", label: words.back, group: words.title, run: () => setChecking(false) }]
      : [{ keys: "Mod+Enter", label: words.check, group: words.title, everywhere: true, run: check }],
  );
  const throwAway = () => {
    const before = bulkDraft.get();
    clearDraft();
    setVersion(version + 1);
    const back = () => {
      bulkDraft.set(before);
      setVersion((now) => now + 1);
    };
    toasts.show(words.thrownAway, { action: { label: words.undo, keys: "z", onChoose: back } });
  };
  if (checking) return <Check draft={draft} input={input} onBack={() => setChecking(false)} />;
  return (
    <Page
      title={words.newTitle}
      about={words.newAbout}
      actions={
        isEmpty(draft) ? undefined : (
          <Button icon="trash" onClick={throwAway}>
            {words.throwAway}
          </Button>
        )
      }
    >
      <Audience draft={draft} reach={reach} />
      <Sender draft={draft} reach={reach} />
      <Written
        key={version}
        draft={draft}
        onDone={check}
        tools={
          <span className="ms-auto flex flex-wrap items-center justify-end gap-3">
            {!ready && (
              <span className="text-sm text-ink-3 max-sm:hidden">{canSend && words.checkFirst}</span>
            )}
            <Button kind="primary" icon="eye" disabled={!ready} onClick={check}>
              {words.check}
            </Button>
          </span>
        }
      />
    </Page>
  );
}
