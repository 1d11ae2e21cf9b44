import { useState } from "react";

import { keepToken } from "../data/token";
import { Button, Notice, TextField } from "../kit";
import { words } from "../words/frame";

/** Where nobody is signed in: says how to be, and takes a key. */
export function SignIn({ notice }: { notice?: string | undefined }) {
  const [key, setKey] = useState("");
  return (
    <main className="flex h-dvh items-center justify-center p-4">
      <form
        className="flex w-full max-w-96 flex-col gap-4 rounded-md bg-paper p-6 shadow-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim() === "") return;
          keepToken(key.trim());
          location.reload();
        }}
      >
        <img src="/icon.svg" alt="" width="40" height="40" />
        <h1 className="text-xl font-semibold">{words.signedOutTitle}</h1>
        {notice !== undefined && <Notice tone="warn">{notice}</Notice>}
        <p className="text-base text-ink-2">{words.signedOut}</p>
        <TextField
          label={words.key}
          type="password"
          value={key}
          onChange={(event) => setKey(event.target.value)}
          placeholder="bw_..."
        />
        <Button kind="primary" type="submit">
          {words.signIn}
        </Button>
      </form>
    </main>
  );
}
