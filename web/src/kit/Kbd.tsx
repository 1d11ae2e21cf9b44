import { classes } from "./classes";

/** Keys as they are pressed, one after the other: "g i", "Mod+Enter". */
export function Kbd({ keys, inverted = false }: { keys: string; inverted?: boolean }) {
  const mac = typeof navigator !== "undefined" && navigator.userAgent.includes("Mac OS");
  return (
    <span className="inline-flex items-center gap-1" aria-hidden="true">
      {keys.split(" ").map((key) => (
        <kbd
          key={key}
          className={classes(
            "inline-flex h-5 min-w-5 items-center justify-center rounded-[5px] border px-1 font-sans text-[11px]",
            inverted ? "border-paper/30 text-paper" : "border-line bg-canvas text-ink-2",
          )}
        >
          {key.replace("Mod", mac ? "⌘" : "Ctrl").replace("Enter", "↵")}
        </kbd>
      ))}
    </span>
  );
}
