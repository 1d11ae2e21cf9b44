import type { ReactNode } from "react";

import { words } from "../words/kit";
import { Button } from "./Button";
import { TextField } from "./Field";
import { toasts } from "./toasts";

/** Something to be taken elsewhere, whole: an address, a secret. Other actions on it stand beside the button. */
export function CopyField({
  label,
  value,
  copied,
  children,
}: {
  label: string;
  value: string;
  /** What is said once it is copied. */
  copied?: string;
  children?: ReactNode;
}) {
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    toasts.show(copied ?? words.copied);
  };
  return (
    <div className="flex flex-wrap items-end gap-2">
      <TextField
        label={label}
        value={value}
        readOnly
        dir="ltr"
        spellCheck={false}
        onFocus={(event) => event.target.select()}
        className="min-w-0 flex-1 basis-64"
      />
      <Button icon="copy" className="h-9" onClick={() => void copy()}>
        {words.copy}
      </Button>
      {children}
    </div>
  );
}
