import { useRef, useState } from "react";

import { Button, classes, Icon } from "../kit";
import { words } from "../words/contacts";

/** Where a file is dropped or chosen; a line once there is one. */
export function DropPlace({
  small,
  name,
  onFile,
}: {
  small: boolean;
  name: string | null;
  onFile: (file: File) => void;
}) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const take = (files: FileList | null) => {
    const file = files?.item(0);
    if (file !== null && file !== undefined) onFile(file);
  };
  return (
    // The button does the same for keys; dropping is the pointer's way.

    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
      className={classes(
        "flex items-center gap-3 rounded-md border border-dashed transition-colors duration-100",
        over ? "border-accent bg-chosen" : "border-line-strong",
        small ? "flex-wrap p-3" : "flex-col p-10 text-center",
      )}
    >
      <Icon name="file" size={small ? 16 : 28} className="text-ink-3" />
      {small ? (
        <span className="wrap-words min-w-0 flex-1 text-sm font-medium">{name}</span>
      ) : (
        <span>
          <span className="block text-base font-medium">{words.drop}</span>
          <span className="block text-sm text-ink-2">{words.dropMore}</span>
        </span>
      )}
      <Button onClick={() => input.current?.click()}>{small ? words.chooseOther : words.choose}</Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={words.choose}
        accept=".csv,.tsv,.txt,.vcf,text/csv,text/vcard"
        onChange={(event) => {
          take(event.target.files);
          event.target.value = "";
        }}
      />
    </div>
  );
}
