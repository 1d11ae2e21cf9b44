// The first run in two windows: connect, write with 20 MB, be answered live, lose the line and catch up.
import {
  consent,
  linkTo,
  must,
  mustBeAccessible,
  sendAtOnce,
  simulate,
  stack,
  story,
  until,
} from "./browser.mjs";

const ANN = "ann@example-co.test";
const DANA = "dana@okafor-roofing.test";
const SIZE = 20_000_000;

function mailsOf(address) {
  return simulate("GET", `/accounts/${address}/messages`).then(({ messages }) => messages);
}

async function connects(page) {
  const steps = page.getByRole("region", { name: "Three steps to see it work" });
  await steps.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("button", { name: "Connect Gmail" }).click();
  await consent(page, { account: ANN });
  await page.getByText("Connected", { exact: true }).waitFor();
  await mustBeAccessible(page, "settings with the steps");
  await steps.getByRole("button", { name: "Write" }).waitFor();
  return steps;
}

async function writes(page, steps) {
  await steps.getByRole("button", { name: "Write" }).click();
  const mail = page.getByRole("dialog", { name: "New mail" });
  await mail.getByLabel("Subject").fill("The roof, with pictures");
  await mail.getByRole("textbox", { name: "Message" }).fill("Dear Dana, the pictures are attached. Ann");
  const uploaded = page.waitForResponse((response) => response.url().includes("/attachments"));
  await page.locator("input[type=file]:not([accept])").setInputFiles({
    name: "roof.bin",
    mimeType: "application/octet-stream",
    buffer: Buffer.alloc(SIZE, 7),
  });
  must((await uploaded).status() < 300, "the file was not taken");
  await mail.getByRole("progressbar").waitFor({ state: "detached" });
  await mail.getByText("roof.bin").waitFor();
  await mustBeAccessible(page, "a new mail with a file");
  await mail.getByRole("button", { name: "Send", exact: true }).click();
  await mail.waitFor({ state: "detached" });
}

async function arrives() {
  const mail = await until("the mail in Dana's mailbox", async () => (await mailsOf(DANA))[0]);
  const whole = await simulate("GET", `/accounts/${DANA}/messages/${mail.id}`);
  const [file] = whole.attachments;
  must(file.size_bytes === SIZE, `the file has ${JSON.stringify(file)}`);
  return mail;
}

function answer(mail, text) {
  return simulate("POST", `/accounts/${DANA}/messages`, { reply_to: mail.id, text });
}

await story(
  "both ways, in two windows",
  async (open) => {
    const here = await open();
    await here.goto(`${linkTo("/contacts")}&simulator=${stack.simulator}`);
    const steps = await connects(here);
    const there = await open({ width: 1024 });
    await there.goto(linkTo("/"));
    await sendAtOnce(here);
    await writes(here, steps);
    await there.getByText("The roof, with pictures").first().waitFor();
    const mail = await arrives();
    await steps.getByRole("link", { name: "Open the simulator" }).waitFor();

    await there.getByText("The roof, with pictures").first().click();
    await there.evaluate(() => (window.neverLoadedAgain = true));
    await answer(mail, "Lovely pictures, go ahead!");
    await there.getByText("Lovely pictures, go ahead!").last().waitFor();
    await here.getByText("Both ways work. Next?").waitFor();
    await mustBeAccessible(there, "the conversation");

    await there.context().setOffline(true);
    await there.getByText(/You are offline/).waitFor();
    await mustBeAccessible(there, "the conversation while offline");
    await answer(mail, "When can you start?");
    await here.getByRole("link", { name: "Inbox" }).click();
    await here.getByText("When can you start?").first().waitFor();
    await there.context().setOffline(false);
    await there.getByText("When can you start?").last().waitFor();
    must(await there.evaluate(() => window.neverLoadedAgain === true), "the page was loaded again");
  },
  // The browser itself complains of what was asked while the line was down.
  { expected: [/ERR_INTERNET_DISCONNECTED/, /WebSocket connection/] },
);
