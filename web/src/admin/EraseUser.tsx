import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { eraseUser, previewUser } from "../erasing/documents";
import { Goes } from "../erasing/Goes";
import { Confirm, TextField, toasts } from "../kit";
import { words } from "../words/erasing";

export interface Person {
  id: string;
  name: string;
  email: string;
}

/** Says what goes with a person, and erases them once their address is typed. */
export function EraseUser(props: { person: Person | null; onClose: () => void; onDone: () => void }) {
  const { person } = props;
  const [typed, setTyped] = useState("");
  const [refused, setRefused] = useState<string>();
  const [busy, setBusy] = useState(false);
  const close = () => {
    setTyped("");
    setRefused(undefined);
    props.onClose();
  };
  const erase = async () => {
    if (person === null) return;
    setBusy(true);
    try {
      const answer = (await change(eraseUser, { id: person.id, email: typed })).eraseUser;
      if (answer.__typename === "Erasure") {
        toasts.show(words.userErased(person.name), { seconds: 10 });
        close();
        props.onDone();
      } else {
        setRefused(answer.message);
      }
    } catch (error) {
      setRefused(sentenceOf(error));
    }
    setBusy(false);
  };
  return (
    <Confirm
      open={person !== null}
      onClose={close}
      onConfirm={() => void erase()}
      title={words.eraseUserTitle(person?.name ?? "")}
      confirm={words.eraseUser}
      danger
      busy={busy}
    >
      {person !== null && (
        <div className="flex flex-col gap-4">
          <p>{words.eraseUserAbout}</p>
          <Goes preview={previewUser} id={person.id} />
          <TextField
            label={words.sureLogin}
            dir="ltr"
            placeholder={person.email}
            value={typed}
            error={refused}
            onChange={(event) => {
              setTyped(event.target.value);
              setRefused(undefined);
            }}
          />
        </div>
      )}
    </Confirm>
  );
}
