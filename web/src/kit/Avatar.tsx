import { classes } from "./classes";

const HUES = [
  "bg-[#dbe7ff] text-[#1f3f91] dark:bg-[#24335c] dark:text-[#b9ccff]",
  "bg-[#d9f2e3] text-[#14532f] dark:bg-[#1c3a2a] dark:text-[#a5e5c0]",
  "bg-[#fde6d3] text-[#7a3c0c] dark:bg-[#45301f] dark:text-[#f5c9a3]",
  "bg-[#f6dff0] text-[#75235f] dark:bg-[#43233c] dark:text-[#f1b9df]",
  "bg-[#e6e1fb] text-[#43308c] dark:bg-[#312a55] dark:text-[#cbc0fb]",
  "bg-[#d8f0f2] text-[#0f4d55] dark:bg-[#1b393d] dark:text-[#a2dfe6]",
];

function initials(name: string): string {
  const words = name.split(/[\s@.]+/u).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words[words.length - 1] : undefined];
  return letters
    .map((word) => (word ?? "").match(/^./u)?.[0] ?? "")
    .join("")
    .toUpperCase();
}

/** A person's initials, always in the same colour; the name stands beside it, so readers skip it. */
export function Avatar({
  name,
  size = 28,
  className,
}: {
  name: string;
  size?: 20 | 28 | 32 | 44;
  className?: string;
}) {
  let hash = 0;
  for (const letter of name.toLowerCase()) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  const sizes = {
    20: "size-5 text-[9px]",
    28: "size-7 text-[11px]",
    32: "size-8 text-xs",
    44: "size-11 text-base",
  };
  return (
    <span
      aria-hidden="true"
      // Drawn, not written: in a control's name the initials would be noise.
      data-initials={initials(name)}
      className={classes(
        "before:content-[attr(data-initials)] inline-flex shrink-0 items-center justify-center rounded-full font-semibold select-none",
        sizes[size],
        HUES[hash % HUES.length],
        className,
      )}
    />
  );
}
