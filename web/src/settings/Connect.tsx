import { useState } from "react";

import { useSession } from "../data/session";
import { Button, classes, Icon, Notice, TextField } from "../kit";
import { words } from "../words/settings";
import { Elsewhere } from "./Elsewhere";
import { PermissionList } from "./PermissionList";
import type { Provider } from "./documents";
import { useBegin } from "./useBegin";

interface Choice {
  provider: Provider;
  name: string;
  about: string;
  offered: boolean;
}

/** Which mailbox, what it is asked for and why, and off to the provider's page. With `moves`, to another address. */
export function Connect({ moves }: { moves?: string }) {
  const { workspace } = useSession();
  const [provider, setProvider] = useState<Provider>("GMAIL");
  const [hint, setHint] = useState("");
  const { begin, busy, refused, elsewhere } = useBegin();
  const choices: Choice[] = [
    { provider: "GMAIL", name: words.gmail, about: words.gmailAbout, offered: true },
    {
      provider: "OUTLOOK",
      name: words.outlook,
      about: workspace.labs.outlook ? words.outlookAbout : words.outlookOff,
      offered: workspace.labs.outlook,
    },
  ];
  const chosen = choices.find((one) => one.provider === provider);
  if (elsewhere !== null) return <Elsewhere url={elsewhere} />;
  const loginHint = hint.trim() === "" ? null : hint.trim();
  return (
    <form
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        void begin(
          moves === undefined
            ? { kind: "connect", provider, loginHint }
            : { kind: "move", mailboxId: moves, provider, loginHint },
        );
      }}
    >
      <fieldset className="grid gap-3 sm:grid-cols-2">
        <legend className="mb-2 text-sm font-medium">{words.choose}</legend>
        {choices.map((choice) => (
          <ProviderChoice
            key={choice.provider}
            choice={choice}
            chosen={choice.provider === provider}
            onChoose={() => setProvider(choice.provider)}
          />
        ))}
      </fieldset>
      <TextField
        label={words.hint}
        hint={words.hintAbout}
        type="email"
        inputMode="email"
        value={hint}
        onChange={(event) => setHint(event.target.value)}
        error={refused?.field?.endsWith("loginHint") === true ? words.badHint : undefined}
        className="max-w-96"
        dir="ltr"
      />
      <PermissionList provider={provider} />
      {refused !== null && refused.field?.endsWith("loginHint") !== true && (
        <Notice tone="bad">{refused.message}</Notice>
      )}
      <span>
        <Button kind="primary" type="submit" busy={busy} className="h-10 px-5 text-base">
          {busy ? words.connecting : words.connect(chosen?.name ?? "")}
        </Button>
      </span>
    </form>
  );
}

function ProviderChoice({
  choice,
  chosen,
  onChoose,
}: {
  choice: Choice;
  chosen: boolean;
  onChoose: () => void;
}) {
  return (
    <label
      className={classes(
        "flex items-center gap-3 rounded-md border p-4 transition-colors duration-100 has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-offset-1 has-[:focus-visible]:outline-accent",
        chosen ? "border-accent bg-chosen" : "border-line",
        choice.offered ? "cursor-pointer hover:bg-hover" : "cursor-not-allowed bg-canvas",
      )}
    >
      <input
        type="radio"
        name="provider"
        value={choice.provider}
        checked={chosen}
        disabled={!choice.offered}
        onChange={onChoose}
        className="size-4 accent-accent"
      />
      <Icon name="mail" size={20} className={chosen ? "text-accent-strong" : "text-ink-3"} />
      <span className="min-w-0">
        <span className={classes("block text-base font-medium", !choice.offered && "text-ink-2")}>
          {choice.name}
        </span>
        <span className="block text-sm text-ink-2">{choice.about}</span>
      </span>
    </label>
  );
}
