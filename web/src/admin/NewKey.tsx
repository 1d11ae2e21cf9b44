import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { useSession } from "../data/session";
import { Button, Checkbox, Dialog, Notice, Select, TextField, toasts } from "../kit";
import { words } from "../words/admin";
import { createApiKey, type Scope } from "./documents";

const SCOPES: readonly Scope[] = ["READ", "SEND", "ADMIN"];

/** Makes a key and shows its secret, once; closed, the secret is gone from the page as well. */
export function NewKey({
  open,
  onClose,
  onMade,
}: {
  open: boolean;
  onClose: () => void;
  onMade: () => void;
}) {
  const [secret, setSecret] = useState<string | null>(null);
  const close = () => {
    setSecret(null);
    onClose();
  };
  return (
    <Dialog
      open={open}
      onClose={close}
      title={secret === null ? words.newKey : words.secretTitle}
      about={secret === null ? words.keysAbout : words.secretAbout}
    >
      {open &&
        (secret === null ? (
          <Form
            onMade={(made) => {
              setSecret(made);
              onMade();
            }}
          />
        ) : (
          <Secret secret={secret} onClose={close} />
        ))}
    </Dialog>
  );
}

function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const copy = async () => {
    await navigator.clipboard.writeText(secret);
    toasts.show(words.copied);
  };
  return (
    <div className="flex flex-col gap-4">
      <div className="flex items-end gap-2">
        <TextField
          label={words.secret}
          value={secret}
          readOnly
          dir="ltr"
          onFocus={(event) => event.target.select()}
          className="min-w-0 flex-1"
        />
        <Button icon="copy" className="h-9" onClick={() => void copy()}>
          {words.copy}
        </Button>
      </div>
      <span className="flex justify-end">
        <Button kind="primary" onClick={onClose}>
          {words.done}
        </Button>
      </span>
    </div>
  );
}

function Form({ onMade }: { onMade: (secret: string) => void }) {
  const { user, scopes: mine } = useSession();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>(["READ"]);
  const [acts, setActs] = useState<"me" | "workspace">("me");
  const [refused, setRefused] = useState<{ message: string; field: string | null } | null>(null);
  const [busy, setBusy] = useState(false);
  const make = async () => {
    if (name.trim() === "") {
      setRefused({ message: words.keyNameBad, field: "name" });
      return;
    }
    setBusy(true);
    try {
      const userId = acts === "me" ? user.id : null;
      const answer = (await change(createApiKey, { name: name.trim(), scopes: [...scopes], userId }))
        .createApiKey;
      if (answer.__typename === "ApiKeyCreated") {
        onMade(answer.secret);
        return;
      }
      const field = answer.__typename === "InvalidInput" ? answer.field : null;
      setRefused({ message: answer.message, field });
    } catch (error) {
      setRefused({ message: sentenceOf(error), field: null });
    }
    setBusy(false);
  };
  return (
    <form
      noValidate
      className="flex flex-col gap-4 pt-1"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <TextField
        label={words.keyName}
        value={name}
        maxLength={200}
        error={refused?.field === "name" ? refused.message : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1 text-sm font-medium">{words.scopes}</legend>
        {SCOPES.filter((scope) => mine.includes(scope)).map((scope) => (
          <Checkbox
            key={scope}
            label={`${words.scopeNames[scope]}: ${words.scopeAbouts[scope]}`}
            checked={scopes.includes(scope)}
            onChange={(checked) =>
              setScopes(checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))
            }
          />
        ))}
      </fieldset>
      <Select
        label={words.actsAs}
        hint={words.actsAsAbout}
        options={[
          { value: "me", label: words.actsAsMe(user.name) },
          { value: "workspace", label: words.actsAsWorkspace },
        ]}
        value={acts}
        onChange={setActs}
      />
      {refused !== null && refused.field !== "name" && <Notice tone="bad">{refused.message}</Notice>}
      <span className="flex justify-end">
        <Button kind="primary" type="submit" busy={busy} disabled={scopes.length === 0}>
          {words.make}
        </Button>
      </span>
    </form>
  );
}
