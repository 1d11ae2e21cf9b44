// Reading and writing with the keyboard: hostile mail, search, drafts over a reload, undo, and being offline.
import {
  ask,
  connectGmail,
  must,
  mustBeAccessible,
  row,
  sendAtOnce,
  stack,
  story,
  until,
  WAIT_MS,
} from "./browser.mjs";

const GMAIL = "ann.berg@gmail.test";
const DANA = "dana@okafor-roofing.test";

async function danaWrites(subject, html, more = {}) {
  const answer = await fetch(new URL(`/accounts/${DANA}/messages`, stack.simulator), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ to: [GMAIL], subject, html, text: "Text", ...more }),
  });
  must(answer.ok, `the simulator took the mail: ${await answer.text()}`);
}

async function readHostileMail(page) {
  const html = `<p style="color: #222">Look at this</p><script>top.document.title = "PWNED"</script>
    <img src="x" onerror="top.document.title = 'PWNED'"><img src="https://tracker.invalid/pixel.gif" width="9" height="9">
    <p style="position: fixed; inset: 0">over everything</p><p>${"long".repeat(300)}</p>`;
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await danaWrites("A strange letter", html);
  await row(page, "A strange letter").waitFor();
  await page.waitForFunction(() => document.title.startsWith("(1) Inbox"));
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const mail = page.frameLocator('iframe[title="Message from Dana Okafor"]');
  await mail.getByText("Look at this").waitFor();
  await page.getByRole("button", { name: "Show images" }).waitFor();
  must(!(await page.title()).includes("PWNED"), "a mail's script ran");
  must(!asked.some((url) => url.includes("tracker.invalid")), "a remote image was loaded unasked");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  must(!wide, "a long word made the page wider than the screen");
  await mustBeAccessible(page, "a conversation");
  await until("the conversation is marked read", async () => !(await page.title()).startsWith("("));
}

async function writeAndUndo(page) {
  await page.keyboard.press("r");
  const text = page.getByRole("textbox", { name: "Message" });
  await text.waitFor();
  await text.pressSequentially("We start on the 9th. The plan is attached.");
  await mustBeAccessible(page, "the composer");
  await page.getByRole("alert").waitFor({ state: "detached" });
  await page.waitForFunction(() =>
    (
      window.localStorage.getItem(
        Object.keys(window.localStorage).find((key) => key.startsWith("bothways-drafts:")) ?? "",
      ) ?? ""
    ).includes("the 9th"),
  );
  await page.reload();
  await text.getByText("We start on the 9th.").waitFor();
  await text.press("Control+Enter");
  await page.getByText("You mention an attachment").waitFor();
  await page.setInputFiles('input[type="file"]:not([accept])', {
    name: "plan.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("The plan"),
  });
  await page.getByRole("button", { name: "Remove plan.txt" }).waitFor();
  await page.getByRole("progressbar").waitFor({ state: "detached" });
  await text.press("Control+Enter");
  await page.getByText("Sending in 10 seconds.").waitFor();
  await page.getByRole("button", { name: /^Undo/ }).last().click();
  await text.getByText("We start on the 9th.").waitFor();
  const undone = await ask("{ threads { edges { node { lastMessage { delivery { state } } } } } }");
  must(undone.threads.edges[0].node.lastMessage.delivery.state === "CANCELLED", JSON.stringify(undone));
  await page.getByRole("button", { name: "Remove plan.txt" }).waitFor();
  await sendAtOnce(page);
  await text.press("Control+Enter");
  await page.getByText(/^Sent from ann.berg@gmail.test/).waitFor({ timeout: 2 * WAIT_MS });
}

async function search(page) {
  await page.keyboard.press("/");
  await page.keyboard.type('"the 9th"');
  await page.locator("mark", { hasText: "the 9th" }).first().waitFor();
  await mustBeAccessible(page, "what was found");
  const found = page.getByRole("listbox", { name: "Messages found" });
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(
    () =>
      document.querySelector("input[type=search]").getAttribute("aria-activedescendant") ===
      document.querySelector("#found [role=option]").id,
  );
  await page.keyboard.press("Enter");
  await page.waitForURL(/\?message=/);
  await found.locator('[aria-selected="true"]').waitFor();
  await page.keyboard.press("Escape");
  await found.waitFor({ state: "detached" });
  must(
    (await page.evaluate(() => document.activeElement?.id)) === "main",
    "leaving the search lost the focus",
  );
}

/** j and k go through what was found as through the list; with a message open they open the next. */
async function searchByKeys(page) {
  await page.keyboard.press("/");
  await page.keyboard.type("strange");
  const found = page.getByRole("listbox", { name: "Messages found" });
  await until("all its mails are found", async () => (await found.getByRole("option").count()) === 3);
  await page.keyboard.press("Enter");
  const at = (place) => page.waitForURL(new RegExp(`message=${place}$`));
  const ids = await found
    .getByRole("option")
    .evaluateAll((links) => links.map((link) => link.getAttribute("href").split("message=")[1]));
  await at(ids[0]);
  must(
    await page.evaluate(() => document.activeElement?.id === "found"),
    "the keys are not the list's after a mail was opened",
  );
  for (const [key, place] of [
    ["j", 1],
    ["j", 2],
    ["j", 2],
    ["k", 1],
  ]) {
    await page.keyboard.press(key);
    await at(ids[place]);
  }
  await page.keyboard.press("Escape");
  await found.waitFor({ state: "detached" });
}

/** What is about the contact: a sheet where there is no room for a column, by its key, with the focus. */
async function aboutTheContact(page) {
  const sheet = page.getByRole("complementary", { name: "About the contact" });
  await page.keyboard.press("i");
  await sheet.getByRole("heading", { name: "Dana Okafor" }).waitFor();
  must(await sheet.evaluate((own) => own === document.activeElement), "the sheet has no focus");
  await mustBeAccessible(page, "the sheet about the contact");
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  must(
    (await page.evaluate(() => document.activeElement?.id)) === "main",
    "closing the sheet lost the focus",
  );
  await page.getByRole("button", { name: "About the contact" }).focus();
  await page.keyboard.press("Enter");
  await sheet.waitFor();
  await page.keyboard.press("i");
  await sheet.waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await page.getByText("Choose a conversation").waitFor();
  await page.getByText(/unread · \d+ waiting|Everything is read/).waitFor();
}

async function offlineAndBack(page) {
  await page.context().setOffline(true);
  await page.getByText("You are offline.").waitFor();
  await danaWrites("Written while you slept", "<p>Hello</p>");
  await until("the mail is stored", async () =>
    JSON.stringify(await ask("{ threads { edges { node { subject } } } }")).includes("you slept"),
  );
  must((await row(page, "Written while you slept").count()) === 0, "the page was not offline");
  await page.context().setOffline(false);
  await row(page, "Written while you slept").waitFor();
  await page.getByText("You are offline.").waitFor({ state: "detached" });
}

async function doneAndBack(page) {
  await row(page, "Written while you slept").click();
  await page.getByRole("heading", { name: "Written while you slept" }).waitFor();
  await page.keyboard.press("e");
  await row(page, "Written while you slept").waitFor({ state: "detached" });
  await page.keyboard.press("z");
  await row(page, "Written while you slept").waitFor();
}

/** A real finger, by the debugger: drawn far enough it is done, a little and it stays. */
async function swipedDone(page) {
  await page.goto(`${stack.api}/`);
  const finger = await page.context().newCDPSession(page);
  const draw = async (share) => {
    const { x, y, width, height } = await row(page, "Written while you slept").boundingBox();
    const at = (part) => [{ x: x + width * (0.1 + part), y: y + height / 2 }];
    await finger.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(0) });
    for (const part of [0.25, 0.5, 0.75, 1])
      await finger.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(share * part) });
    await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };
  await row(page, "Written while you slept").waitFor();
  await draw(0.2);
  must(new URL(page.url()).pathname === "/", "a row that was drawn a little was opened");
  must((await row(page, "Written while you slept").count()) === 1, "a row that was drawn a little was done");
  await draw(0.6);
  await row(page, "Written while you slept").waitFor({ state: "detached" });
  await page.getByText("Marked done.").waitFor();
}

/** The palette reaches every conversation, by words of its mail. */
async function foundByThePalette(page) {
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog");
  await palette.getByRole("combobox").fill("the 9th");
  await palette.getByRole("option", { name: /Dana Okafor/ }).waitFor();
  await mustBeAccessible(page, "the palette with what it found");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\?message=/);
  await page.keyboard.press("Escape");
  await page.getByText("Choose a conversation").waitFor();
}

await story(
  "the inbox by keyboard",
  async (open) => {
    const page = await open({ width: 1360, height: 900 });
    await page
      .getByText("Nothing waits for you")
      .or(page.getByText("Connect your mailbox").first())
      .first()
      .waitFor();
    must(!page.url().includes("token"), "the token stayed in the address");
    await mustBeAccessible(page, "the empty inbox");
    await connectGmail(page, GMAIL);
    await readHostileMail(page);
    await writeAndUndo(page);
    await search(page);
    await searchByKeys(page);
    await aboutTheContact(page);
    await offlineAndBack(page);
    await doneAndBack(page);
    await foundByThePalette(page);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("dark");
    await page.keyboard.press("Enter");
    await page.locator('html[data-theme="dark"]').waitFor();
    await mustBeAccessible(page, "the inbox in the dark");
    await page.setViewportSize({ width: 390, height: 844 });
    await mustBeAccessible(page, "the phone");
    await swipedDone(page);
  },
  { expected: [/ERR_INTERNET_DISCONNECTED/, /WebSocket/] },
);
