/** Permissions as people read them. A provider's own spelling is shown only where it is not known here. */
import { words } from "../words/settings";
import type { Provider } from "./documents";

export interface Permission {
  name: string;
  why: string;
}

const READ: Permission = { name: words.permissionRead, why: words.permissionReadWhy };
const SEND: Permission = { name: words.permissionSend, why: words.permissionSendWhy };
const ADDRESS: Permission = { name: words.permissionAddress, why: words.permissionAddressWhy };
const OFFLINE: Permission = { name: words.permissionOffline, why: words.permissionOfflineWhy };

const ASKED: Record<Provider, readonly Permission[]> = {
  GMAIL: [READ, SEND, ADDRESS],
  OUTLOOK: [READ, SEND, ADDRESS, OFFLINE],
  IMAP: [],
};

// Gmail's one permission "modify" holds reading, marking and sending.
const SPELLED: readonly [RegExp, readonly Permission[]][] = [
  [/gmail\.modify$|^https:\/\/mail\.google\.com\/?$/, [READ, SEND]],
  [/gmail\.readonly$|mail\.readwrite$|mail\.read$/i, [READ]],
  [/gmail\.send$|mail\.send$/i, [SEND]],
  [/userinfo\.email$|^(openid|email|profile)$|user\.read$/i, [ADDRESS]],
  [/offline_access$/, [OFFLINE]],
];

export function askedOf(provider: Provider): readonly Permission[] {
  return ASKED[provider];
}

/** The missing ones in words, each once, in the order given. */
export function namesOf(spelled: readonly string[]): string[] {
  const names = spelled.flatMap((one) => {
    const known = SPELLED.find(([pattern]) => pattern.test(one))?.[1];
    return known === undefined ? [one] : known.map((permission) => permission.name);
  });
  return [...new Set(names)];
}
