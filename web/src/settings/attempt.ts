/**
 * A consent under way: the reader leaves for the provider's page and comes back to /connected in this tab. Which
 * mailbox it is for is remembered for the tab, so that a consent that failed can say so: a mailbox that
 * never began is in no list.
 */
import { change } from "../data/client";
import { Store } from "../data/store";
import {
  connectMailbox,
  reauthenticateMailbox,
  updateMailbox,
  type ConnectAnswer,
  type Provider,
} from "./documents";

const KEY = "bothways-consent";
export const RETURN_PATH = "/connected";

export interface Consent {
  mailboxId: string;
  url: string;
  /** Whether the reader has been sent back from the provider's page. */
  returned: boolean;
}

/** The consent that was begun in this tab and has not been told the end of. */
export const consentStore = new Store<Consent | null>(readKept());

function readKept(): Consent | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Consent> | null;
    if (typeof kept?.mailboxId !== "string" || typeof kept.url !== "string") return null;
    return { mailboxId: kept.mailboxId, url: kept.url, returned: kept.returned === true };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

function keep(consent: Consent): void {
  sessionStorage.setItem(KEY, JSON.stringify(consent));
  consentStore.set(consent);
}

export function noteReturn(): void {
  const consent = consentStore.get();
  if (consent !== null) keep({ ...consent, returned: true });
}

export function endConsent(): void {
  sessionStorage.removeItem(KEY);
  consentStore.set(null);
}

export type Begin =
  | { kind: "connect"; provider: Provider; loginHint: string | null }
  | { kind: "move"; mailboxId: string; provider: Provider; loginHint: string | null }
  | { kind: "again"; mailboxId: string };

async function ask(begin: Begin, returnUrl: string | null): Promise<ConnectAnswer> {
  if (begin.kind === "again") {
    return (await change(reauthenticateMailbox, { id: begin.mailboxId, returnUrl })).reauthenticateMailbox;
  }
  const input = { provider: begin.provider, loginHint: begin.loginHint, returnUrl };
  return begin.kind === "connect"
    ? (await change(connectMailbox, { input })).connectMailbox
    : (await change(updateMailbox, { id: begin.mailboxId, input })).updateMailbox;
}

export type Begun =
  | { kind: "left" }
  /** The deployment does not list this app's address: the page opens in another tab. */
  | { kind: "elsewhere"; url: string }
  | { kind: "refused"; message: string; field: string | null };

/** Begins a consent and leaves for its page. Raises: AskFailed. */
export async function beginConsent(
  begin: Begin,
  leave: (url: string) => void = (url) => location.assign(url),
): Promise<Begun> {
  let answer = await ask(begin, location.origin + RETURN_PATH);
  let comesBack = true;
  if (answer.__typename === "InvalidInput" && answer.field.endsWith("returnUrl")) {
    answer = await ask(begin, null);
    comesBack = false;
  }
  if (answer.__typename !== "Authorization") {
    const field = answer.__typename === "InvalidInput" ? answer.field : null;
    return { kind: "refused", message: answer.message, field };
  }
  keep({ mailboxId: answer.mailbox.id, url: answer.url, returned: false });
  if (!comesBack) return { kind: "elsewhere", url: answer.url };
  leave(answer.url);
  return { kind: "left" };
}
