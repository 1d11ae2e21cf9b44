import { count, defineWords } from "./define";

export const words = defineWords({
  counting: "Counting what goes…",
  goes: (messages: number, threads: number, files: number) =>
    `Goes for good: ${count(messages, "message", "messages")}${files > 0 ? ` with ${count(files, "file", "files")}` : ""}${threads > 0 ? `; of ${count(threads, "conversation", "conversations")} nothing is left` : ""}.`,
  kept: (n: number) =>
    `Stays: ${count(n, "message", "messages")} that a colleague's mailbox has too, or that came by another way.`,
  sends: (n: number) => `${count(n, "waiting mail", "waiting mails")} will never leave.`,
  noWayBack: "Nothing brings it back. The mail in the mailbox itself is not touched.",
  sureAddress: "To be sure, type the mailbox's address",
  sureLogin: "To be sure, type their login address",

  choice: "What it brought",
  keep: "Keep what it brought",
  keepAbout: "Conversations stay here for everybody who sees them now.",
  erase: "Erase what it brought",
  eraseAbout: "For you and for your colleagues, everywhere in the CRM.",
  disconnectAndErase: "Disconnect and erase",
  erased: (messages: number) =>
    `Disconnected. ${count(messages, "message is", "messages are")} being erased.`,

  eraseUser: "Erase",
  eraseUserTitle: (name: string) => `Erase ${name}?`,
  eraseUserAbout:
    "They are shut out at once. Their mailbox, keys, uploads and every mail that is theirs go, and their name from the mail that stays.",
  userErased: (name: string) => `${name} is shut out and being erased.`,
});
