import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { refreshSession, useSession } from "../data/session";
import { Avatar, Badge, Button, Dialog, Notice, Section, Select, TextField, toasts } from "../kit";
import { words } from "../words/admin";
import { words as erasing } from "../words/erasing";
import { inviteUser, peopleQuery } from "./documents";
import { EraseUser, type Person } from "./EraseUser";
import { NotThere } from "./NotThere";
import { Table } from "../kit/Table";
import { useAsked } from "./useAsked";

export function People() {
  const { user } = useSession();
  const { data, failed, again } = useAsked(peopleQuery);
  const [inviting, setInviting] = useState(false);
  const [erased, setErased] = useState<Person | null>(null);
  return (
    <Section
      title={words.people}
      about={words.peopleAbout}
      actions={
        <Button kind="primary" icon="plus" onClick={() => setInviting(true)}>
          {words.invite}
        </Button>
      }
    >
      {data === null ? (
        <NotThere failed={failed} again={again} />
      ) : (
        <Table
          label={words.people}
          rows={data.workspace.users}
          keyOf={(one) => one.id}
          columns={[
            {
              heading: words.name,
              cell: (one) => (
                <span className="flex items-center sm:min-w-56 gap-2.5">
                  <Avatar name={one.name} />
                  <span className="min-w-0">
                    <span dir="auto" className="block font-medium">
                      {one.name}
                      {one.id === user.id && <span className="font-normal text-ink-3"> ({words.you})</span>}
                    </span>
                    <span className="block text-ink-2">{one.email}</span>
                  </span>
                </span>
              ),
            },
            {
              heading: words.role,
              cell: (one) => (one.role === "ADMIN" ? <Badge tone="info">{words.admin}</Badge> : words.member),
            },
            {
              heading: words.mailbox,
              cell: (one) =>
                one.mailbox === null ? (
                  <span className="text-ink-3">{words.noMailbox}</span>
                ) : (
                  <span className="flex flex-wrap items-center gap-2">
                    <span dir="ltr">{one.mailbox.address}</span>
                    <Badge tone={one.mailbox.status === "CONNECTED" ? "good" : "warn"}>
                      {words.statuses[one.mailbox.status]}
                    </Badge>
                  </span>
                ),
            },
            {
              heading: erasing.eraseUser,
              headingHidden: true,
              end: true,
              cell: (one) =>
                one.id !== user.id && (
                  <Button
                    kind="danger"
                    onClick={() => setErased(one)}
                    aria-label={`${erasing.eraseUser}: ${one.name}`}
                  >
                    {erasing.eraseUser}
                  </Button>
                ),
            },
          ]}
        />
      )}
      <EraseUser
        person={erased}
        onClose={() => setErased(null)}
        onDone={() => {
          again();
          void refreshSession();
        }}
      />
      <Dialog
        open={inviting}
        onClose={() => setInviting(false)}
        title={words.invite}
        about={words.inviteAbout}
      >
        {inviting && (
          <Invite
            onDone={(name) => {
              setInviting(false);
              toasts.show(words.added(name));
              again();
              void refreshSession();
            }}
          />
        )}
      </Dialog>
    </Section>
  );
}

function Invite({ onDone }: { onDone: (name: string) => void }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [subject, setSubject] = useState("");
  const [role, setRole] = useState<"MEMBER" | "ADMIN">("MEMBER");
  const [refused, setRefused] = useState<{ message: string; field: string | null } | null>(null);
  const [busy, setBusy] = useState(false);
  const invite = async () => {
    setBusy(true);
    try {
      const input = { name: name.trim(), email: email.trim(), role, subject: subject.trim() || null };
      const answer = (await change(inviteUser, { input })).inviteUser;
      if (answer.__typename === "User") {
        onDone(answer.name);
        return;
      }
      const field = answer.__typename === "InvalidInput" ? answer.field : null;
      setRefused({ message: answer.message, field });
    } catch (error) {
      setRefused({ message: sentenceOf(error), field: null });
    }
    setBusy(false);
  };
  const errorOf = (field: string) => (refused?.field === `input.${field}` ? refused.message : undefined);
  const elsewhere = refused !== null && !["name", "email", "subject"].some((field) => errorOf(field));
  return (
    <form
      noValidate
      className="flex flex-col gap-4 pt-1"
      onSubmit={(event) => {
        event.preventDefault();
        void invite();
      }}
    >
      <TextField
        label={words.name}
        value={name}
        maxLength={200}
        dir="auto"
        error={errorOf("name")}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label={words.login}
        type="email"
        dir="ltr"
        value={email}
        error={errorOf("email")}
        onChange={(event) => setEmail(event.target.value)}
      />
      <Select
        label={words.role}
        options={[
          { value: "MEMBER", label: words.member },
          { value: "ADMIN", label: words.admin },
        ]}
        value={role}
        onChange={setRole}
      />
      <TextField
        label={words.subject}
        hint={words.subjectAbout}
        value={subject}
        maxLength={200}
        error={errorOf("subject")}
        onChange={(event) => setSubject(event.target.value)}
      />
      {elsewhere && <Notice tone="bad">{refused.message}</Notice>}
      <span className="flex justify-end">
        <Button kind="primary" type="submit" busy={busy}>
          {words.add}
        </Button>
      </span>
    </form>
  );
}
