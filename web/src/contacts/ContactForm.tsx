import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { Button, Dialog, IconButton, Notice, TextField } from "../kit";
import { words } from "../words/contacts";
import { createContact, updateContact, type Contact } from "./documents";

interface Refused {
  message: string;
  field: string | null;
}

interface Filled {
  name: string;
  company: string;
  emails: readonly string[];
}

async function save(filled: Filled, id: string | null): Promise<Contact | Refused> {
  const input = {
    name: filled.name.trim() || null,
    company: filled.company.trim() || null,
    emails: filled.emails.map((one) => one.trim()).filter((one) => one !== ""),
  };
  const answer =
    id === null
      ? (await change(createContact, { input })).createContact
      : (await change(updateContact, { id, input })).updateContact;
  if (answer.__typename === "Contact") return answer;
  return { message: answer.message, field: answer.__typename === "InvalidInput" ? answer.field : null };
}

/** A contact's form: a new one, or `contact` to be changed. Closed, it forgets what was typed. */
export function ContactForm(props: {
  open: boolean;
  onClose: () => void;
  onDone: (contact: Contact) => void;
  contact?: Contact;
}) {
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={props.contact === undefined ? words.newTitle : words.editTitle}
    >
      {props.open && <Form {...props} />}
    </Dialog>
  );
}

function Form({
  onClose,
  onDone,
  contact,
}: {
  onClose: () => void;
  onDone: (contact: Contact) => void;
  contact?: Contact;
}) {
  const [filled, setFilled] = useState<Filled>({
    name: contact?.name ?? "",
    company: contact?.company ?? "",
    emails: contact?.emails ?? [""],
  });
  const [refused, setRefused] = useState<Refused | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    try {
      const answer = await save(filled, contact?.id ?? null);
      if ("message" in answer) {
        setRefused(answer);
      } else {
        onClose();
        onDone(answer);
        return;
      }
    } catch (error) {
      setRefused({ message: sentenceOf(error), field: null });
    }
    setBusy(false);
  };
  const errorOf = (field: string) => (refused?.field === `input.${field}` ? refused.message : undefined);
  const known = new Set([
    "input.name",
    "input.company",
    ...filled.emails.map((_, at) => `input.emails.${at}`),
  ]);
  return (
    <form
      noValidate
      className="flex flex-col gap-4 pt-1"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <TextField
        label={words.formName}
        value={filled.name}
        maxLength={200}
        dir="auto"
        error={errorOf("name")}
        onChange={(event) => setFilled({ ...filled, name: event.target.value })}
      />
      <TextField
        label={words.formCompany}
        value={filled.company}
        maxLength={200}
        dir="auto"
        error={errorOf("company")}
        onChange={(event) => setFilled({ ...filled, company: event.target.value })}
      />
      <Addresses
        emails={filled.emails}
        errorOf={errorOf}
        onChange={(emails) => setFilled({ ...filled, emails })}
      />
      {refused !== null && !known.has(refused.field ?? "") && <Notice tone="bad">{refused.message}</Notice>}
      <span className="flex justify-end">
        <Button kind="primary" type="submit" busy={busy}>
          {words.save}
        </Button>
      </span>
    </form>
  );
}

function Addresses({
  emails,
  errorOf,
  onChange,
}: {
  emails: readonly string[];
  errorOf: (field: string) => string | undefined;
  onChange: (emails: readonly string[]) => void;
}) {
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="sr-only">{words.addresses}</legend>
      {emails.map((email, place) => (
        // Addresses have no other name than their place.
        <span key={place} className="flex items-end gap-1">
          <TextField
            label={emails.length === 1 ? words.formAddress : words.formAddressNth(place + 1)}
            type="email"
            inputMode="email"
            dir="ltr"
            value={email}
            error={errorOf(`emails.${place}`) ?? (place === 0 ? errorOf("emails") : undefined)}
            onChange={(event) => onChange(emails.map((one, at) => (at === place ? event.target.value : one)))}
            className="min-w-0 flex-1"
          />
          {emails.length > 1 && (
            <IconButton
              icon="close"
              label={words.removeAddress(place + 1)}
              onClick={() => onChange(emails.filter((_, at) => at !== place))}
            />
          )}
        </span>
      ))}
      {emails.length > 1 && <p className="text-sm text-ink-3">{words.formFirst}</p>}
      {emails.length < 20 && (
        <span>
          <Button kind="quiet" icon="plus" onClick={() => onChange([...emails, ""])}>
            {words.addAddress}
          </Button>
        </span>
      )}
    </fieldset>
  );
}
