import Placeholder from "@tiptap/extension-placeholder";
import { EditorContent, useEditor, useEditorState, type Editor as TipTap } from "@tiptap/react";
import StarterKit from "@tiptap/starter-kit";
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";

import { Button, Dialog, IconButton, TextField, type IconName } from "../kit";
import { words } from "../words/composer";
import { isImage, written } from "./images";
import { MailImage } from "./MailImage";

interface EditorProps {
  html: string;
  placeholder: string;
  focusFirst: boolean;
  onChange: (html: string) => void;
  onSend: () => void;
  onFiles: (files: File[]) => void;
  /** Takes an image to the server; answers the name that it has in the text. Without it, images are files. */
  onImage?: (file: File) => string;
  /** What stands below the text, above the tools. */
  below?: ReactNode;
  /** What stands at the end of the tool row. */
  tools: ReactNode;
  /** Is given what puts words where the cursor is. */
  onReady?: (insert: (words: string) => void) => void;
}

const extensions = (placeholder: string) => [
  StarterKit.configure({
    heading: false,
    codeBlock: false,
    horizontalRule: false,
    link: {
      openOnClick: false,
      autolink: true,
      defaultProtocol: "https",
      HTMLAttributes: { rel: "noopener noreferrer nofollow" },
    },
  }),
  Placeholder.configure({ placeholder }),
  MailImage,
];

/** Puts images where the reader dropped them, or at the cursor, one behind another. */
function place(
  editor: TipTap,
  files: readonly File[],
  at: number,
  take: NonNullable<EditorProps["onImage"]>,
): void {
  const images = files.map((file) => ({
    type: "image",
    attrs: { src: `cid:${take(file)}`, alt: file.name },
  }));
  if (images.length > 0) editor.chain().focus().insertContentAt(at, images).run();
}

/** The text of a mail. Tab leaves it, as it leaves every field. */
export function Editor(props: EditorProps) {
  const { html, placeholder, focusFirst, onChange, onSend, onFiles, onImage, below, tools, onReady } = props;
  const [parts] = useState(() => extensions(placeholder));
  // The editor keeps the handlers it was made with; what they call must be this render's.
  const now = useRef({ onChange, onSend, onFiles, onImage });
  const made = useRef<TipTap | null>(null);
  useLayoutEffect(() => {
    now.current = { onChange, onSend, onFiles, onImage };
  });
  const taken = (files: readonly File[], at: number) => {
    const { onImage: take, onFiles: attach } = now.current;
    const shown = take === undefined ? [] : files.filter(isImage);
    const others = files.filter((file) => !shown.includes(file));
    if (others.length > 0) attach(others);
    if (take !== undefined && made.current !== null) place(made.current, shown, at, take);
  };
  const editor = useEditor({
    extensions: parts,
    content: html,
    injectCSS: false,
    autofocus: focusFirst ? "start" : false,
    editorProps: {
      attributes: {
        role: "textbox",
        "aria-multiline": "true",
        "aria-label": words.body,
        dir: "auto",
        class: "mail-editor wrap-words min-h-24 text-[15px] leading-[1.55] outline-none",
      },
      handleKeyDown: (_view, event) => {
        if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return false;
        now.current.onSend();
        return true;
      },
      handlePaste: (view, event) => {
        const files = [...(event.clipboardData?.files ?? [])];
        // Office programs put a picture of the text beside the text; the text is what was copied.
        if (files.length === 0 || event.clipboardData?.getData("text/plain")) return false;
        taken(files, view.state.selection.from);
        return true;
      },
      handleDrop: (view, event) => {
        const files = [...(event.dataTransfer?.files ?? [])];
        if (files.length === 0) return false;
        const place = view.posAtCoords({ left: event.clientX, top: event.clientY });
        taken(files, place?.pos ?? view.state.selection.from);
        return true;
      },
    },
    onCreate: ({ editor: created }) => (made.current = created),
    onUpdate: ({ editor: changed }) =>
      now.current.onChange(changed.isEmpty ? "" : written(changed.getHTML())),
  });
  useEffect(
    () => onReady?.((words) => editor.chain().focus().insertContent({ type: "text", text: words }).run()),
    [editor, onReady],
  );
  return (
    <>
      {/* A press beside the text goes to the text. */}
      {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions */}
      <div
        className="min-h-0 flex-1 cursor-text overflow-y-auto px-4 py-3"
        onClick={(event) => event.target === event.currentTarget && editor.commands.focus("end")}
      >
        <EditorContent editor={editor} />
        {below}
      </div>
      <div className="flex flex-wrap items-center gap-0.5 border-t border-line px-2 py-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]">
        <Tools
          editor={editor}
          onImages={onImage === undefined ? null : (files) => taken(files, editor.state.selection.from)}
        />
        {tools}
      </div>
    </>
  );
}

function Tool({
  icon,
  label,
  keys,
  on,
  onPress,
}: {
  icon: IconName;
  label: string;
  keys?: string;
  on: boolean;
  onPress: () => void;
}) {
  return (
    <IconButton
      icon={icon}
      label={label}
      pressed={on}
      {...(keys === undefined ? {} : { keys })}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onPress}
    />
  );
}

function Tools({ editor, onImages }: { editor: TipTap; onImages: ((files: File[]) => void) | null }) {
  const picker = useRef<HTMLInputElement>(null);
  const [linking, setLinking] = useState<string | null>(null);
  const on = useEditorState({
    editor,
    selector: ({ editor: now }) => ({
      bold: now.isActive("bold"),
      italic: now.isActive("italic"),
      bullets: now.isActive("bulletList"),
      numbers: now.isActive("orderedList"),
      quote: now.isActive("blockquote"),
      link: now.isActive("link"),
    }),
  });
  const run = () => editor.chain().focus();
  const link = () => {
    const href = (linking ?? "").trim();
    setLinking(null);
    const whole = run().extendMarkRange("link");
    if (href === "") whole.unsetLink().run();
    else whole.setLink({ href: /^[a-z]+:/i.test(href) ? href : `https://${href}` }).run();
  };
  return (
    <>
      <span className="flex items-center gap-0.5" role="group" aria-label={words.body}>
        <Tool
          icon="bold"
          label={words.bold}
          keys="Mod+B"
          on={on.bold}
          onPress={() => run().toggleBold().run()}
        />
        <Tool
          icon="italic"
          label={words.italic}
          keys="Mod+I"
          on={on.italic}
          onPress={() => run().toggleItalic().run()}
        />
        <Tool
          icon="list"
          label={words.bullets}
          on={on.bullets}
          onPress={() => run().toggleBulletList().run()}
        />
        <span className="contents max-sm:hidden">
          <Tool
            icon="listNumbers"
            label={words.numbers}
            on={on.numbers}
            onPress={() => run().toggleOrderedList().run()}
          />
          <Tool
            icon="quote"
            label={words.quote}
            on={on.quote}
            onPress={() => run().toggleBlockquote().run()}
          />
        </span>
        <Tool
          icon="link"
          label={words.link}
          on={on.link}
          onPress={() => setLinking(String(editor.getAttributes("link")["href"] ?? ""))}
        />
        {onImages !== null && (
          <>
            <IconButton icon="image" label={words.image} onClick={() => picker.current?.click()} />
            <input
              ref={picker}
              type="file"
              accept="image/png,image/jpeg,image/gif,image/webp"
              multiple
              aria-label={words.image}
              className="hidden"
              onChange={(event) => {
                onImages([...(event.target.files ?? [])]);
                event.target.value = "";
              }}
            />
          </>
        )}
      </span>
      <Dialog
        open={linking !== null}
        onClose={() => setLinking(null)}
        title={words.link}
        footer={
          <Button kind="primary" onClick={link}>
            {words.apply}
          </Button>
        }
      >
        <TextField
          label={words.linkAddress}
          placeholder={words.linkPlace}
          value={linking ?? ""}
          onChange={(event) => setLinking(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && link()}
        />
      </Dialog>
    </>
  );
}
