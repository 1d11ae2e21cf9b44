import { useEffect, useState } from "react";

import { ask, change, sentenceOf } from "../data/client";
import { refreshSession } from "../data/session";
import { eraseMailbox, previewMailbox } from "../erasing/documents";
import { Goes } from "../erasing/Goes";
import { Confirm, TextField, classes, toasts } from "../kit";
import { words as erasing } from "../words/erasing";
import { words } from "../words/settings";
import { disconnectMailbox, threadsThroughQuery, type Provider } from "./documents";

/** How many conversations sync through the mailbox, "100+" where there are more than are counted. */
function useCount(id: string, open: boolean): string | null {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (!open) return;
    ask(threadsThroughQuery, { id }).then(
      ({ threads }) => setSaid(`${threads.edges.length}${threads.pageInfo.hasNextPage ? "+" : ""}`),
      () => setSaid(null),
    );
  }, [id, open]);
  return said;
}

/** Ends a connection and says what stays, or why not. */
async function disconnect(id: string): Promise<void> {
  const answer = (await change(disconnectMailbox, { id })).disconnectMailbox;
  if (answer.__typename !== "Disconnected") {
    toasts.show(answer.message, { tone: "bad" });
    return;
  }
  const sends = answer.sendsRefused > 0 ? words.disconnectedSends(answer.sendsRefused) : "";
  toasts.show(words.disconnected(answer.threadsKept, answer.messagesKept) + sends, { seconds: 10 });
}

/** Says what stays and what stops before it ends a connection, and asks whether what it brought is to go. */
export function Disconnect(props: {
  open: boolean;
  onClose: () => void;
  id: string;
  address: string;
  provider: Provider;
}) {
  const [busy, setBusy] = useState(false);
  const [erases, setErases] = useState(false);
  const [typed, setTyped] = useState("");
  const [refused, setRefused] = useState<string>();
  const threads = useCount(props.id, props.open);
  const close = () => {
    setErases(false);
    setTyped("");
    setRefused(undefined);
    props.onClose();
  };
  /** Returns why the address does not do, or nothing where the mailbox is being erased. */
  const erase = async (): Promise<string | undefined> => {
    const answer = (await change(eraseMailbox, { id: props.id, address: typed })).eraseMailbox;
    if (answer.__typename === "InvalidInput") return answer.message;
    if (answer.__typename === "Erasure") toasts.show(erasing.erased(answer.messages), { seconds: 10 });
    else toasts.show(answer.message, { tone: "bad" });
    return undefined;
  };
  const confirm = async () => {
    setBusy(true);
    try {
      let wrong: string | undefined;
      if (erases) wrong = await erase();
      else await disconnect(props.id);
      setRefused(wrong);
      if (wrong === undefined) {
        await refreshSession();
        close();
      }
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setBusy(false);
  };
  return (
    <Confirm
      open={props.open}
      onClose={close}
      onConfirm={() => void confirm()}
      title={words.disconnectTitle(props.address)}
      confirm={erases ? erasing.disconnectAndErase : words.disconnect}
      danger
      busy={busy}
    >
      <div className="flex flex-col gap-4">
        <Choice erases={erases} onChoose={setErases} />
        {erases ? (
          <>
            <Goes preview={previewMailbox} id={props.id} />
            <TextField
              label={erasing.sureAddress}
              dir="ltr"
              placeholder={props.address}
              value={typed}
              error={refused}
              onChange={(event) => {
                setTyped(event.target.value);
                setRefused(undefined);
              }}
            />
          </>
        ) : (
          <ul className="flex list-disc flex-col gap-2 ps-5">
            <li>{words.disconnectStays(threads === null ? "" : words.threadsSome(threads))}</li>
            <li>{words.disconnectStops}</li>
            <li>{words.disconnectGone[props.provider]}</li>
          </ul>
        )}
      </div>
    </Confirm>
  );
}

function Choice({ erases, onChoose }: { erases: boolean; onChoose: (erases: boolean) => void }) {
  const choices = [
    { value: false, label: erasing.keep, about: erasing.keepAbout },
    { value: true, label: erasing.erase, about: erasing.eraseAbout },
  ];
  return (
    <fieldset className="flex flex-col gap-2 text-ink">
      <legend className="sr-only">{erasing.choice}</legend>
      {choices.map((choice) => (
        <label
          key={choice.label}
          className={classes(
            "flex cursor-pointer items-start gap-3 rounded-md border p-3 transition-colors duration-100 hover:bg-hover has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-offset-1 has-[:focus-visible]:outline-accent",
            erases === choice.value ? "border-accent bg-chosen" : "border-line",
          )}
        >
          <input
            type="radio"
            name="brought"
            checked={erases === choice.value}
            onChange={() => onChoose(choice.value)}
            className="mt-1 size-4 shrink-0 accent-accent"
          />
          <span className="font-medium">
            {choice.label}
            <span className="block text-sm font-normal text-ink-2">{choice.about}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
