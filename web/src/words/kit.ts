import { defineWords } from "./define";

export const words = defineWords({
  cancel: "Cancel",
  close: "Close",
  news: "What just happened",
});
