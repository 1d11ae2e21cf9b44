/** A sentence and the web address that ends it, apart; the colon before the address becomes a full stop. */
export function partedAtLink(text: string): { sentence: string; link: string | null } {
  const found = /^(?<sentence>.*?):?\s+(?<link>https?:\/\/\S+)$/su.exec(text);
  const { sentence, link } = found?.groups ?? {};
  if (sentence === undefined || link === undefined) return { sentence: text, link: null };
  return { sentence: `${sentence}.`, link };
}
