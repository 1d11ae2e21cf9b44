import { defineWords } from "./define";

export const words = defineWords({
  title: "Three steps to see it work",
  step: (n: number) => `Step ${n}`,
  done: "done",
  connect: "Connect the simulated Gmail",
  connectAbout: "A consent page as Google's, for the demo's own mailbox.",
  connectDo: "Connect",
  write: (name: string) => `Write to ${name}`,
  writeAbout: "It leaves from your own mailbox and lies in its Sent folder.",
  writeDo: "Write",
  answer: (name: string) => `Answer as ${name}`,
  answerAbout: "In the simulator, beside this window. Watch the answer come in.",
  answerDo: "Open the simulator",
  finished: "Both ways work. Next?",
  finishedAbout: "Everything you saw went through the public API.",
  importDo: "Import contacts",
  whyDo: "Why is a mail missing?",
  outlookDo: "Try Outlook",
  close: "Close the steps",
});
