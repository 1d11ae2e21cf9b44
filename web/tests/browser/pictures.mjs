// Files and pictures that go along: a forwarded mail with both, a picture pasted into an answer, over a reload.
import { readFileSync } from "node:fs";

import {
  ask,
  connectGmail,
  must,
  mustBeAccessible,
  row,
  sendAtOnce,
  simulate,
  stack,
  story,
  until,
} from "./browser.mjs";

import { DANA, newestOf } from "./life.mjs";

const GMAIL = "ann.berg@gmail.test";
const INSURANCE = "claims@harbor-mutual.test";
const PICTURE = readFileSync(new URL("../../../docs/pictures/settings.png", import.meta.url)).toString(
  "base64",
);

const MAIL = [
  `From: Dana Okafor <${DANA}>`,
  `To: ${GMAIL}`,
  "Subject: The north side",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="mixed"',
  "",
  "--mixed",
  'Content-Type: multipart/related; boundary="related"',
  "",
  "--related",
  "Content-Type: text/html; charset=utf-8",
  "",
  '<p>Look:</p><p><img src="cid:north@dana" alt="the north side"></p>',
  "--related",
  "Content-Type: image/png",
  "Content-ID: <north@dana>",
  'Content-Disposition: inline; filename="north.png"',
  "Content-Transfer-Encoding: base64",
  "",
  ...PICTURE.match(/.{1,76}/g),
  "--related--",
  "--mixed",
  "Content-Type: text/plain",
  'Content-Disposition: attachment; filename="measurements.txt"',
  "",
  "12 by 7",
  "--mixed--",
  "",
].join("\r\n");

/** The HTML shows so many pictures by names that parts of the same mail have. */
async function mustShow(address, mail, many = 1) {
  const named = [...mail.html.matchAll(/src="cid:([^"]+)"/g)].map(([, name]) => name);
  must(named.length === many, `${address}: ${named.length} pictures of its own: ${mail.html}`);
  const raw = await fetch(`${stack.simulator}/accounts/${address}/messages/${mail.id}/raw`);
  const text = await raw.text();
  for (const name of named)
    must(text.includes(`Content-ID: <${name}>`), `${address}: nothing is called ${name}`);
}

async function forwards(page) {
  await row(page, "The north side").click();
  const shown = page.frameLocator('iframe[title="Message from Dana Okafor"]').locator("img");
  await shown.waitFor();
  await until("the picture shows", () => shown.evaluate((image) => image.naturalWidth > 0));
  await page.keyboard.press("f");
  await page.getByText("measurements.txt").last().waitFor();
  await page.getByRole("button", { name: "Remove measurements.txt" }).waitFor();
  await page
    .getByRole("combobox", { name: "To" })
    .or(page.getByLabel("To", { exact: true }))
    .first()
    .fill(INSURANCE);
  await page.keyboard.press("Enter");
  await mustBeAccessible(page, "a mail that is forwarded");
  await sendAtOnce(page);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.unrouteAll();
  const mail = await newestOf(INSURANCE, "The north side");
  must(mail.subject === "Fwd: The north side", mail.subject);
  must(
    mail.attachments
      .map((file) => file.filename)
      .sort()
      .join() === "measurements.txt,north.png",
    JSON.stringify(mail.attachments),
  );
  await mustShow(INSURANCE, mail);
}

const imagesIn = (text) => text.locator("img:not(.ProseMirror-separator)");

function carrying(page, files) {
  return page.evaluateHandle((all) => {
    const data = new window.DataTransfer();
    for (const { name, type, base64 } of all) {
      const bytes = Uint8Array.from(window.atob(base64), (letter) => letter.charCodeAt(0));
      data.items.add(new window.File([bytes], name, { type }));
    }
    return data;
  }, files);
}

async function paste(text, name) {
  const data = await carrying(text.page(), [{ name, type: "image/png", base64: PICTURE }]);
  await text.evaluate(
    (element, clipboardData) =>
      element.dispatchEvent(
        new window.ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }),
      ),
    data,
  );
}

/** Let fall onto an element, in its middle. */
async function drop(element, files) {
  const { x, y, width, height } = await element.boundingBox();
  const at = { clientX: x + width / 2, clientY: y + height / 2 };
  const dataTransfer = await carrying(element.page(), files);
  for (const type of ["dragenter", "dragover", "drop"])
    await element.dispatchEvent(type, { ...at, dataTransfer });
}

const kept = (page, words) =>
  page.waitForFunction(
    (all) => Object.values(window.localStorage).some((drafts) => all.every((word) => drafts.includes(word))),
    words,
  );

async function dropsAndPicks(page) {
  await page.keyboard.press("r");
  const text = page.getByRole("textbox", { name: "Message" });
  await text.pressSequentially("Two more:");
  await drop(text, [{ name: "dropped.png", type: "image/png", base64: PICTURE }]);
  await until("the dropped picture stands in the text", async () => (await imagesIn(text).count()) === 1);
  const own = { name: "picked.png", mimeType: "image/png", buffer: Buffer.from(PICTURE, "base64") };
  await page.locator('input[type="file"][accept]').setInputFiles(own);
  await until("the picked one too", async () => (await imagesIn(text).count()) === 2);
  await drop(page.getByRole("button", { name: "Attach files" }), [
    { name: "notes.txt", type: "text/plain", base64: "aGVsbG8=" },
  ]);
  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Attach files" }).click();
  await (
    await choosing
  ).setFiles([{ name: "list.txt", mimeType: "text/plain", buffer: Buffer.from("a list") }]);
  for (const name of ["notes.txt", "list.txt"])
    await page.getByRole("button", { name: `Remove ${name}` }).waitFor();
  await page.getByRole("progressbar").waitFor({ state: "detached" });
  await mustBeAccessible(page, "an answer with pictures and files");
}

/** A file on its way comes although another screen is shown; what the page was left without is said to be missing. */
async function leaves(page) {
  let letGo = () => undefined;
  await page.route(/attachments\?name=slow/, async (route) => {
    await new Promise((resolve) => (letGo = resolve));
    await route.continue().catch(() => undefined);
  });
  const picker = page.locator('input[type="file"]:not([accept])');
  await picker.setInputFiles({ name: "slow.txt", mimeType: "text/plain", buffer: Buffer.from("slow") });
  await page.getByRole("progressbar").waitFor();
  await page.getByRole("link", { name: "Contacts" }).click();
  await page.getByRole("link", { name: /Dana Okafor/ }).waitFor();
  letGo();
  await page.goBack();
  await page.getByRole("button", { name: "Remove slow.txt" }).waitFor();
  await page.getByRole("progressbar").waitFor({ state: "detached" });

  const text = page.getByRole("textbox", { name: "Message" });
  await paste(text, "slow.png");
  await page.getByRole("progressbar").waitFor();
  await kept(page, ["slow.png"]);
  const asked = page.waitForEvent("dialog").then(async (dialog) => {
    must(dialog.type() === "beforeunload", dialog.message());
    await dialog.accept();
  });
  await Promise.all([asked, page.reload()]);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.getByText("slow.png is not in this draft", { exact: false }).waitFor();
  await until("what had arrived is shown", async () => (await imagesIn(text).count()) === 2);
  await mustBeAccessible(page, "an answer that misses a picture");
  await page.getByRole("button", { name: "All right" }).click();
  await sendAtOnce(page);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const mail = await until("the answer with everything", async () => {
    const newest = await newestOf(DANA, "Re: The north side");
    return newest.text.startsWith("Two more:") && newest;
  });
  // Its own two, and the two of the mail that it answers.
  await mustShow(DANA, mail, 4);
  const names = mail.attachments.map((file) => file.filename).sort();
  for (const name of ["dropped.png", "list.txt", "notes.txt", "picked.png", "slow.txt"])
    must(names.includes(name), `${name} did not go along: ${names.join()}`);
  must(!names.includes("slow.png"), "what was missing went along");
}

async function pastes(page) {
  await page.keyboard.press("r");
  const text = page.getByRole("textbox", { name: "Message" });
  await text.pressSequentially("Thank you. This is ours:");
  await paste(text, "ours.png");
  const image = imagesIn(text);
  await image.waitFor();
  await page.waitForFunction(() =>
    Object.values(window.localStorage).some((kept) => kept.includes("This is ours") && kept.includes("cid:")),
  );
  await page.reload();
  await image.waitFor();
  await until("the picture shows after a reload", () => image.evaluate((one) => one.naturalWidth > 0));
  await mustBeAccessible(page, "an answer with a picture");
  await text.press("Control+Enter");
  await page.getByRole("button", { name: /^Undo/ }).last().click();
  await until("the picture is back", () => image.evaluate((one) => one.naturalWidth > 0));
  await sendAtOnce(page);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const mail = await newestOf(DANA, "Re: The north side");
  // The pasted one, and the one of the mail that is answered.
  await mustShow(DANA, mail, 2);
  const { threads } = await ask(
    "{ threads { edges { node { lastMessage { attachments { name inline contentId } } } } } }",
  );
  const kept = threads.edges.flatMap(({ node }) => node.lastMessage.attachments);
  must(
    kept.some((file) => file.name === "ours.png" && file.inline),
    JSON.stringify(kept),
  );
}

await story("pictures and files go along", async (open) => {
  const page = await open({ width: 1280, height: 900 });
  await simulate("POST", "/accounts", { address: INSURANCE, name: "Claims", kind: "outside" });
  await connectGmail(page, GMAIL);
  await simulate("POST", `/accounts/${DANA}/messages`, {
    to: [GMAIL],
    raw_base64: Buffer.from(MAIL).toString("base64"),
  });
  await row(page, "The north side").waitFor();
  await forwards(page);
  await pastes(page);
  await dropsAndPicks(page);
  await leaves(page);
});
