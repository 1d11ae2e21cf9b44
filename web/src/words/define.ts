/**
 * Every word a reader sees stands in a file of this folder (or `words.ts` of a screen's folder), one object per
 * screen. Another language is another object of the same shape, given beside the English one.
 */
export const LOCALES = ["en"] as const;
export type Locale = (typeof LOCALES)[number];

export function chosenLocale(languages: readonly string[] = navigator.languages): Locale {
  const known = languages.map((tag) => tag.split("-")[0]).find((tag) => LOCALES.some((one) => one === tag));
  return (known as Locale | undefined) ?? "en";
}

/** Returns the words in the reader's language; what is not translated yet is English. */
export function defineWords<Words extends object>(
  english: Words,
  others: Partial<Record<Locale, Partial<Words>>> = {},
): Words {
  return { ...english, ...others[chosenLocale()] };
}

const plurals = new Intl.PluralRules("en");
const numbers = new Intl.NumberFormat();

/** "1 message", "12 messages", with the number as the reader writes it. */
export function count(number: number, one: string, other: string): string {
  return `${numbers.format(number)} ${plurals.select(number) === "one" ? one : other}`;
}
