import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { answerKey, commandsStore } from "../../src/frame/keys";

describe("a key", () => {
  let pressed: string[];

  beforeEach(() => {
    pressed = [];
    const command = (keys: string) => ({ keys, label: keys, group: "g", run: () => void pressed.push(keys) });
    commandsStore.set([command("j"), command("Enter"), command("ArrowDown")]);
    window.addEventListener("keydown", answerKey);
  });
  afterEach(() => {
    window.removeEventListener("keydown", answerKey);
    commandsStore.set([]);
    document.body.replaceChildren();
  });

  function press(html: string, key: string): void {
    document.body.innerHTML = html;
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    document.body.firstElementChild?.dispatchEvent(event);
  }

  test.each([
    ["<p>Read</p>", ["j", "Enter", "ArrowDown"]],
    ["<input>", []],
    ["<input type=search data-steers>", ["Enter", "ArrowDown"]],
    ["<button>Send</button>", ["j", "ArrowDown"]],
    ["<a href=/bulk>Bulk</a>", ["j", "ArrowDown"]],
    ["<a href=/t/1 role=option>A result</a>", ["j", "Enter", "ArrowDown"]],
  ])("pressed on %s answers %j alone", (html, answered) => {
    for (const key of ["j", "Enter", "ArrowDown"]) press(html, key);
    expect(pressed).toEqual(answered);
  });
});
