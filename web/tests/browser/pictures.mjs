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

const GMAIL = "ann.berg@gmail.test";
const DANA = "dana@okafor-roofing.test";
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

async function newestOf(address, has) {
  return until(`a mail at ${address}`, async () => {
    const { messages } = await simulate("GET", `/accounts/${address}/messages`);
    const found = messages.find((one) => one.subject.includes(has));
    return found && simulate("GET", `/accounts/${address}/messages/${found.id}`);
  });
}

/** The HTML shows a picture by a name that a part of the same mail has. */
async function mustShow(address, mail) {
  const named = /src="cid:([^"]+)"/.exec(mail.html);
  must(named !== null, `${address}: no picture of its own: ${mail.html}`);
  const raw = await fetch(`${stack.simulator}/accounts/${address}/messages/${mail.id}/raw`);
  must((await raw.text()).includes(`Content-ID: <${named[1]}>`), `${address}: nothing is called ${named[1]}`);
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

async function pastes(page) {
  await page.keyboard.press("r");
  const text = page.getByRole("textbox", { name: "Message" });
  await text.pressSequentially("Thank you. This is ours:");
  await text.evaluate((element, base64) => {
    const bytes = Uint8Array.from(window.atob(base64), (letter) => letter.charCodeAt(0));
    const data = new window.DataTransfer();
    data.items.add(new window.File([bytes], "ours.png", { type: "image/png" }));
    element.dispatchEvent(
      new window.ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
    );
  }, PICTURE);
  const image = text.locator("img:not(.ProseMirror-separator)");
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
  await mustShow(DANA, mail);
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
});
