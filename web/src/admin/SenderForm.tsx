import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { Button, Confirm, Notice, Select, Switch, TextField, toasts } from "../kit";
import { words } from "../words/sending";
import { fieldsOf, hasChanged, inputOf, keepsPassword, withTls, type SenderFields } from "./sender";
import { setSender, type Sender, type SenderInput } from "./sending-documents";

interface Refused {
  message: string;
  field: string | null;
}

const KNOWN = ["host", "port", "tls", "username", "password", "fromAddress", "fromName", "bouncesHere"];
const PREFIX = "input.workspaceSender.";

async function put(sender: SenderInput | null): Promise<Refused | null> {
  const answer = (await change(setSender, { sender })).updateWorkspace;
  if (answer.__typename === "Workspace") return null;
  return {
    message: answer.message,
    field: answer.__typename === "InvalidInput" ? answer.field.replace(PREFIX, "") : null,
  };
}

/** Server, way in, and From; a password goes in and never comes out. */
export function SenderForm({ sender, onSaved }: { sender: Sender | null; onSaved: () => void }) {
  const [fields, setFields] = useState<SenderFields>(() => fieldsOf(sender));
  const [refused, setRefused] = useState<Refused | null>(null);
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const set = (part: Partial<SenderFields>) => setFields((now) => ({ ...now, ...part }));
  const kept = keepsPassword(fields, sender);
  const errorOf = (field: string) => (refused?.field === field ? refused.message : undefined);
  const save = async (removes: boolean) => {
    setBusy(true);
    try {
      const wrong = await put(removes ? null : inputOf(fields));
      setRefused(wrong);
      if (wrong === null) {
        toasts.show(removes ? words.removed : words.saved);
        onSaved();
      }
    } catch (error) {
      setRefused({ message: sentenceOf(error), field: null });
    }
    setRemoving(false);
    setBusy(false);
  };
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void save(false);
      }}
    >
      <div className="grid gap-4 sm:grid-cols-[1fr_6rem_16rem]">
        <TextField
          label={words.host}
          hint={words.hostHint}
          dir="ltr"
          spellCheck={false}
          value={fields.host}
          error={errorOf("host")}
          onChange={(event) => set({ host: event.target.value })}
        />
        <TextField
          label={words.port}
          inputMode="numeric"
          value={fields.port}
          error={errorOf("port")}
          onChange={(event) => set({ port: event.target.value.replace(/\D/g, "") })}
        />
        <Select
          label={words.tls}
          hint={fields.tls === "NONE" ? words.tlsNone : undefined}
          error={errorOf("tls")}
          options={(["STARTTLS", "IMPLICIT", "NONE"] as const).map((value) => ({
            value,
            label: words.tlsNames[value],
          }))}
          value={fields.tls}
          onChange={(tls) => setFields((now) => withTls(now, tls))}
        />
      </div>
      {fields.tls !== "NONE" && (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label={words.username}
            hint={words.usernameHint}
            dir="ltr"
            spellCheck={false}
            value={fields.username}
            error={errorOf("username")}
            onChange={(event) => set({ username: event.target.value })}
          />
          <TextField
            label={words.password}
            hint={kept ? words.passwordKept : sender?.passwordSet ? words.passwordAgain : words.passwordHint}
            type="password"
            autoComplete="new-password"
            value={fields.password}
            error={errorOf("password")}
            disabled={fields.username.trim() === ""}
            onChange={(event) => set({ password: event.target.value })}
          />
        </div>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label={words.from}
          hint={words.fromHint}
          type="email"
          dir="ltr"
          value={fields.fromAddress}
          error={errorOf("fromAddress")}
          onChange={(event) => set({ fromAddress: event.target.value })}
        />
        <TextField
          label={words.fromName}
          hint={words.fromNameHint}
          dir="auto"
          maxLength={200}
          value={fields.fromName}
          error={errorOf("fromName")}
          onChange={(event) => set({ fromName: event.target.value })}
        />
      </div>
      <Switch
        label={words.bounces}
        hint={errorOf("bouncesHere") ?? words.bouncesHint}
        checked={fields.bouncesHere}
        onChange={(bouncesHere) => set({ bouncesHere })}
      />
      {refused !== null && !KNOWN.includes(refused.field ?? "") && (
        <Notice tone="bad">{refused.message}</Notice>
      )}
      <span className="flex flex-wrap justify-end gap-2">
        {sender !== null && (
          <Button kind="danger" icon="trash" onClick={() => setRemoving(true)}>
            {words.remove}
          </Button>
        )}
        <Button
          kind="primary"
          type="submit"
          busy={busy}
          disabled={
            !hasChanged(fields, sender) || fields.host.trim() === "" || fields.fromAddress.trim() === ""
          }
        >
          {words.save}
        </Button>
      </span>
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        onConfirm={() => void save(true)}
        title={words.removeTitle}
        confirm={words.remove}
        danger
        busy={busy}
      >
        {words.removeAbout}
      </Confirm>
    </form>
  );
}
