// A mailbox's whole life as its owner meets it: refused, half granted, connected, asked about, lost, moved, ended.
import { ask, consent, linkTo, must, mustBeAccessible, simulate, story, WAIT_MS } from "./browser.mjs";

const ANN = "ann@example-co.test";
const OTHER = "ann.berg@gmail.test";
const DANA = "dana@okafor-roofing.test";

async function connect(page, how = {}) {
  await page.getByRole("button", { name: "Connect Gmail" }).click();
  await consent(page, how);
  await page.waitForURL(/\/settings\/email$/);
}

async function refusedAndHalfGranted(page) {
  await connect(page, { deny: true });
  await page.getByText("Not connected.").waitFor();
  await mustBeAccessible(page, "settings after a refusal");
  await page.getByRole("button", { name: "Begin again" }).click();

  await connect(page, { account: ANN, without: ["gmail.modify"] });
  await page.getByText("These permissions are missing: Read and mark mail, Send mail.").waitFor();
  await page.getByRole("button", { name: "Begin again" }).click();
}

async function connected(page) {
  await connect(page, { account: ANN });
  await page.getByRole("heading", { name: ANN }).waitFor();
  await page.getByText("Connected", { exact: true }).waitFor();
  await page.getByText(/Last change seen/).waitFor();
  await page.getByText("0 of 500 sent in the last 24 hours").waitFor();
  must(!page.url().includes("token"), "the token stayed in the address");
}

async function answersWhyAMailIsMissing(page) {
  await simulate("POST", "/accounts", { address: "shop@ads.test", name: "Shop", kind: "outside" });
  const { message } = await simulate("POST", "/accounts/shop@ads.test/messages", {
    to: [ANN],
    subject: "Sale",
    text: "Buy!",
    headers: {},
  }).then(async () => {
    const { messages } = await simulate("GET", `/accounts/${ANN}/messages`);
    return { message: await simulate("GET", `/accounts/${ANN}/messages/${messages[0].id}`) };
  });
  await page.getByRole("button", { name: "Check now" }).click();
  const skipped = page.getByRole("region", { name: "Left alone" });
  await skipped.getByText("with nobody of your contacts").waitFor();

  const header = JSON.stringify(message).match(/<[^<>"\\]+@[^<>"\\]+>/)[0];
  await page.getByLabel("Message ID").fill(`Message-ID: ${header}`);
  await page.getByRole("button", { name: "Look it up" }).click();
  await page.getByText("It was left alone.").waitFor();
  await page.getByLabel("Message ID").fill("<never@seen.test>");
  await page.getByRole("button", { name: "Look it up" }).click();
  await page.getByText(/has not shown this mail/).waitFor();
}

async function settingsHold(page) {
  await page.getByLabel("Colleagues see").selectOption("SUBJECT");
  await page.getByText("Saved. It holds from now on.").waitFor();
  const { mailboxes } = await ask("{ mailboxes { visibility scope } }");
  must(mailboxes[0].visibility === "SUBJECT", JSON.stringify(mailboxes));
}

async function linksPeople(page) {
  const person = { name: "Dana Okafor", emails: [DANA] };
  await simulate("PUT", `/accounts/${ANN}/people/c1`, person);
  const book = page.getByRole("region", { name: "Your address book" });
  await book.getByText("Not read yet.").waitFor();
  await book.getByRole("button", { name: "Link contacts" }).click();
  await book.getByText(/^Read .*\.$/).waitFor();
  await page.getByRole("link", { name: "Contacts" }).click();
  await page.getByRole("link", { name: /Dana Okafor/ }).click();
  await page.getByText("In the address book of").waitFor();
  await page.goBack();
  await page.goBack();
  await book.getByRole("button", { name: "Read what changed" }).waitFor();
}

async function lostAndRegained(page) {
  await simulate("POST", `/accounts/${ANN}/revoke`, {});
  await simulate("POST", `/accounts/${DANA}/messages`, {
    to: [ANN],
    subject: "Meanwhile",
    text: "Are you there?",
  });
  await page.getByText(`${ANN} is not syncing`, { exact: false }).waitFor({ timeout: 2 * WAIT_MS });
  await mustBeAccessible(page, "settings while the mailbox waits");
  await page.getByRole("link", { name: "Contacts" }).click();
  await page.getByText(`${ANN} is not syncing`, { exact: false }).waitFor();
  await page.getByRole("button", { name: "Sign in again" }).click();
  await page.getByRole("main").getByRole("button", { name: "Sign in again" }).click();
  await consent(page, { account: ANN });
  await page.waitForURL(/\/settings\/email$/);
  await page.getByText("Connected", { exact: true }).waitFor();
  await page.getByText(`${ANN} is not syncing`, { exact: false }).waitFor({ state: "detached" });
  const latest = page.getByRole("region", { name: "Why is a mail missing?" });
  await latest.getByText("Came in").first().waitFor();
}

async function moved(page) {
  await page.getByRole("button", { name: "Move" }).click();
  const dialog = page.getByRole("dialog", { name: "Move to another address" });
  await mustBeAccessible(page, "the dialog to move");
  await dialog.getByRole("button", { name: "Connect Gmail" }).click();
  await consent(page, { account: OTHER });
  await page.getByRole("heading", { name: OTHER }).waitFor();
  await page.getByText("Connected", { exact: true }).waitFor();
}

async function ended(page) {
  await page.getByRole("button", { name: "Disconnect" }).click();
  const dialog = page.getByRole("alertdialog", { name: `Disconnect ${OTHER}?` });
  await dialog.getByText(/Stays: every conversation/).waitFor();
  await mustBeAccessible(page, "the question before disconnecting");
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  await page.getByText(/Disconnected\. /).waitFor();
  await page.getByRole("button", { name: "Connect Gmail" }).waitFor();
  const { mailboxes } = await ask("{ mailboxes { status } }");
  must(
    mailboxes.every((one) => one.status === "FAILED"),
    JSON.stringify(mailboxes),
  );
}

await story("a mailbox's life", async (open) => {
  const page = await open();
  await page.goto(linkTo("/settings/email"));
  await page.getByRole("button", { name: "Connect Gmail" }).waitFor();
  await mustBeAccessible(page, "settings without a mailbox");
  await refusedAndHalfGranted(page);
  await connected(page);
  await answersWhyAMailIsMissing(page);
  await mustBeAccessible(page, "settings with a mailbox");
  await settingsHold(page);
  await linksPeople(page);
  await lostAndRegained(page);
  await moved(page);
  await ended(page);
});
