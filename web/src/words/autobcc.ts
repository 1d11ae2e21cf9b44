import { defineWords } from "./define";

export const words = defineWords({
  title: "Auto BCC",
  about:
    "Write from any mail program or phone: with this address in Bcc, the mail is put in its contact's conversation here.",
  address: "Your Auto BCC address",
  copy: "Copy",
  copied: "Copied. Paste it into Bcc.",
  change: "New address",
  how: "How to use it",
  steps: [
    "Copy the address and save it in your mail program as a contact, such as “CRM”.",
    "Put it in Bcc when you write to somebody. They do not see it.",
    "The mail appears in the contact's conversation. Whom you write to first becomes a contact if they are none.",
  ],
  rules:
    "It takes mail from your own addresses only: your login address and your mailbox. Keep it to yourself; who knows it and can write as you could put mail here.",
  none: "This deployment takes no mail yet, so there is no Auto BCC address.",
  noneAdmin:
    "Whoever runs it names a domain for such addresses in SMTP_INBOUND_DOMAIN, and leads its mail to the SMTP process.",
  changeTitle: "Take a new address?",
  changeAbout:
    "The old address is taken for five more days, for mail that is under way; after that, mail to it is refused and its sender is told. Put the new one into your mail programs.",
  changed: "You have a new Auto BCC address. The old one works for five more days.",
  away: "Your address could not be loaded. Nothing was lost.",
  tryAgain: "Try again",
});
