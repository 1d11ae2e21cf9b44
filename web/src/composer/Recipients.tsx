import { useEffect, useId, useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";

import { ask } from "../data/client";
import { contactsQuery } from "../data/documents";
import { Avatar, classes, Icon } from "../kit";
import { words } from "../words/composer";
import type { DraftContact } from "./drafts";

const ADDRESS = /^[^\s@<>"(),:;]+@[^\s@<>"(),:;]+\.[^\s@<>"(),:;]+$/;

export function isAddress(text: string): boolean {
  return ADDRESS.test(text) && text.length <= 254;
}

/** Reads "Dana <dana@x.y>; ben@x.y" into addresses and what is none. */
export function readAddresses(text: string): { good: string[]; bad: string[] } {
  const parts = text.split(/[,;\n]+/).map((part) => (/<([^>]+)>/.exec(part)?.[1] ?? part).trim());
  const given = parts.filter((part) => part !== "");
  return { good: given.filter(isAddress), bad: given.filter((part) => !isAddress(part)) };
}

/** The contacts that fit what is typed; empty while the server is away. */
export function useContactChoices(typed: string, always = false): readonly DraftContact[] {
  const [found, setFound] = useState<{ typed: string; contacts: readonly DraftContact[] }>({
    typed: "",
    contacts: [],
  });
  const wanted = always || typed.trim().length > 0;
  useEffect(() => {
    if (!wanted) return;
    let late = false;
    const timer = window.setTimeout(() => {
      ask(contactsQuery, { search: typed.trim() || null }).then(
        (answer) => late || setFound({ typed, contacts: answer.contacts.edges.map((edge) => edge.node) }),
        () => late || setFound({ typed, contacts: [] }),
      );
    }, 110);
    return () => {
      late = true;
      window.clearTimeout(timer);
    };
  }, [typed, wanted]);
  return wanted ? found.contacts : [];
}

interface Choice {
  contact: DraftContact;
  address: string;
}

interface BoxProps {
  label: string;
  addresses: readonly string[];
  onChange: (addresses: string[]) => void;
  focusFirst?: boolean;
}

/** A row of addresses, completed from the contacts. */
export function Recipients({ label, addresses, onChange, focusFirst = false }: BoxProps) {
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focusFirst) field.current?.focus();
  }, [focusFirst]);
  const contacts = useContactChoices(typed);
  const there = new Set(addresses);
  const choices: Choice[] = contacts
    .flatMap((contact) => contact.emails.map((address) => ({ contact, address })))
    .filter((one) => !there.has(one.address));
  const shown = open && typed.trim() !== "" && choices.length > 0;
  const place = Math.min(at, choices.length - 1);

  const add = (text: string): boolean => {
    const { good, bad } = readAddresses(text);
    if (good.length > 0) onChange([...new Set([...addresses, ...good])]);
    setWrong(bad[0] ?? null);
    setTyped(bad.join(", "));
    setAt(0);
    return bad.length === 0;
  };
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined && shown) {
      event.preventDefault();
      setAt((place + by + choices.length) % choices.length);
    } else if (
      (event.key === "Enter" && !event.metaKey && !event.ctrlKey) ||
      event.key === "," ||
      event.key === ";" ||
      event.key === "Tab"
    ) {
      if (typed.trim() === "") return;
      if (event.key !== "Tab") event.preventDefault();
      add((shown ? choices[place]?.address : undefined) ?? typed);
    } else if (event.key === "Backspace" && typed === "") {
      onChange(addresses.slice(0, -1));
    } else if (event.key === "Escape" && shown) {
      event.stopPropagation();
      setOpen(false);
    }
  };
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData.getData("text");
    if (!/[,;\n<]/.test(text)) return;
    event.preventDefault();
    add(text);
  };
  return (
    <div className="relative flex flex-col border-b border-line">
      <div className="flex min-h-9 flex-wrap items-center gap-1 px-4 py-1">
        <label htmlFor={id} className="w-10 shrink-0 text-sm text-ink-3">
          {label}
        </label>
        {addresses.map((address) => (
          <span
            key={address}
            className="flex h-6 max-w-full items-center gap-1 rounded-full bg-hover ps-2.5 text-sm"
          >
            <span className="truncate">{address}</span>
            <button
              type="button"
              aria-label={words.remove(address)}
              className="flex size-6 items-center justify-center rounded-full text-ink-2 hover:bg-line"
              onClick={() => onChange(addresses.filter((one) => one !== address))}
            >
              <Icon name="close" size={12} />
            </button>
          </span>
        ))}
        <input
          ref={field}
          id={id}
          role="combobox"
          aria-expanded={shown}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={shown ? `${id}-${place}` : undefined}
          aria-invalid={wrong !== null || undefined}
          aria-describedby={wrong === null ? undefined : `${id}-wrong`}
          autoComplete="off"
          inputMode="email"
          value={typed}
          placeholder={addresses.length === 0 ? words.addRecipient : undefined}
          onChange={(event) => {
            setTyped(event.target.value);
            setOpen(true);
            setWrong(null);
          }}
          onKeyDown={press}
          onPaste={paste}
          onBlur={() => {
            setOpen(false);
            if (typed.trim() !== "") add(typed);
          }}
          className="h-7 min-w-24 flex-1 bg-transparent text-base outline-none"
        />
      </div>
      {wrong !== null && (
        <p id={`${id}-wrong`} className="px-4 pb-1 text-sm text-bad">
          {words.notAddress(wrong)}
        </p>
      )}
      <ChoiceList
        id={`${id}-list`}
        optionId={id}
        label={label}
        choices={shown ? choices : []}
        place={place}
        onChoose={(choice) => add(choice.address)}
      />
    </div>
  );
}

export function ChoiceList({
  id,
  optionId,
  label,
  choices,
  place,
  onChoose,
}: {
  id: string;
  optionId: string;
  label: string;
  choices: readonly Choice[];
  place: number;
  onChoose: (choice: Choice) => void;
}) {
  return (
    <div
      id={id}
      role="listbox"
      aria-label={label}
      className={classes(
        "absolute inset-x-3 top-full z-30 max-h-64 overflow-y-auto rounded-md bg-paper p-1 shadow-2",
        choices.length === 0 && "hidden",
      )}
    >
      {choices.map((choice, index) => (
        // The field has the focus and the keys; an option answers the pointer before the field loses it.
        <div
          key={`${choice.contact.id} ${choice.address}`}
          id={`${optionId}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === place}
          onMouseDown={(event) => {
            event.preventDefault();
            onChoose(choice);
          }}
          className={classes(
            "flex items-center gap-2.5 rounded-[6px] px-2 py-1.5",
            index === place ? "bg-hover" : "hover:bg-hover",
          )}
        >
          <Avatar name={choice.contact.name ?? choice.address} size={28} />
          <span className="flex min-w-0 flex-col">
            <span dir="auto" className="truncate text-start text-sm font-medium">
              {choice.contact.name ?? choice.address}
            </span>
            <span className="truncate text-xs text-ink-3">{choice.address}</span>
          </span>
        </div>
      ))}
    </div>
  );
}

/** Whom a new mail is for: one contact. */
export function ContactPicker({
  contact,
  onChoose,
}: {
  contact: DraftContact | null;
  onChoose: (contact: DraftContact | null) => void;
}) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [focused, setFocused] = useState(false);
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (contact === null) field.current?.focus();
  }, [contact]);
  const contacts = useContactChoices(typed, focused && contact === null);
  const choices = contacts.map((one) => ({ contact: one, address: one.emails[0] ?? "" }));
  const place = Math.min(at, Math.max(0, choices.length - 1));
  const choose = (choice: Choice | undefined) => {
    if (choice !== undefined) onChoose(choice.contact);
  };
  if (contact !== null) {
    return (
      <div className="flex min-h-10 items-center gap-2 border-b border-line px-4 py-1.5">
        <span className="w-10 shrink-0 text-sm text-ink-3">{words.to}</span>
        <Avatar name={contact.name ?? contact.emails[0] ?? ""} size={20} />
        <span dir="auto" className="min-w-0 truncate text-start font-medium">
          {contact.name ?? contact.emails[0]}
        </span>
        <button
          type="button"
          aria-label={words.changeContact}
          className="flex size-6 items-center justify-center rounded-full text-ink-2 hover:bg-hover"
          onClick={() => onChoose(null)}
        >
          <Icon name="close" size={12} />
        </button>
      </div>
    );
  }
  return (
    <div className="relative border-b border-line">
      <div className="flex min-h-10 items-center gap-1 px-4">
        <label htmlFor={id} className="w-10 shrink-0 text-sm text-ink-3">
          {words.to}
        </label>
        <input
          ref={field}
          id={id}
          role="combobox"
          aria-label={words.contact}
          aria-expanded={focused && choices.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={focused && choices.length > 0 ? `${id}-${place}` : undefined}
          autoComplete="off"
          placeholder={words.contactHint}
          value={typed}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (by !== undefined) {
              event.preventDefault();
              setAt((place + by + choices.length) % Math.max(1, choices.length));
            } else if (event.key === "Enter") {
              event.preventDefault();
              choose(choices[place]);
            }
          }}
          className="h-9 flex-1 bg-transparent text-base outline-none"
        />
      </div>
      <ChoiceList
        id={`${id}-list`}
        optionId={id}
        label={words.contact}
        choices={focused ? choices : []}
        place={place}
        onChoose={choose}
      />
    </div>
  );
}
