import { defineWords } from "./define";

export const words = defineWords({
  title: "Presets",
  about:
    "Settings as other systems publish them, all at once. Whoever comes from one finds mail behaving as there; each can be changed afterwards.",
  choose: "Behave like",
  none: "None: each setting by itself",
  names: {
    KYRIOS_GMAIL: "Kyrios with Gmail",
    KYRIOS_OUTLOOK: "Kyrios with Outlook",
    LEADCONNECTOR: "LeadConnector",
    VINTORY: "Vintory",
  },
  sets: "What it sets",
  setting: "Setting",
  now: "Now",
  then: "Then",
  scopes: {
    GMAIL: "Gmail mailboxes bring",
    OUTLOOK: "Outlook mailboxes bring",
    IMAP: "Other mailboxes bring",
  },
  scopeNames: {
    CONTACTS: "all mail with contacts",
    SENT_TO_CONTACTS: "conversations that were written to contacts",
    CRM_THREADS: "conversations begun or answered here",
  },
  each: "each as its owner chose",
  limit: "Attachments together",
  types: "Kept file types",
  anyType: "any",
  some: (n: number, first: string) => `${n} types: ${first}, …`,
  oversize: "Mail with larger attachments",
  outlook: "Outlook mailboxes",
  on: "may be connected",
  off: "may not be connected yet",
  apply: "Apply",
  applied: "Applied. It holds from now on; nothing that is here has changed.",
  confirmTitle: (name: string) => `Behave like ${name}?`,
  confirmAbout:
    "The settings below and the scope of every mailbox of the workspace change at once, also where its owner chose another. What is here stays.",
  lastApplied: (name: string) => `${name} was applied last.`,
});
