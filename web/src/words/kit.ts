import { defineWords } from "./define";

export const words = defineWords({
  cancel: "Cancel",
  close: "Close",
  copy: "Copy",
  copied: "Copied.",
  news: "What just happened",
});
