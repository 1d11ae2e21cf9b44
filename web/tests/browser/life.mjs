// What happens in a mailbox's life with any provider: connected, written from, lost, moved, ended.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ask, consent, must, mustBeAccessible, simulate, until, WAIT_MS } from "./browser.mjs";

export const DANA = "dana@okafor-roofing.test";
export const FILE_SIZE = 20_000_000;

/** On the settings, or inside the dialog that moves a mailbox: off to the provider's page, an answer, and back. */
export async function connect(page, provider, how = {}, inside = page) {
  await inside.getByRole("radio", { name: new RegExp(`^${provider}`) }).check();
  await inside.getByRole("button", { name: `Connect ${provider}` }).click();
  await consent(page, how);
  await page.waitForURL(/\/settings\/email$/);
}

export async function standsConnected(page, account) {
  await page.getByRole("heading", { name: account }).waitFor();
  await page.getByText("Connected", { exact: true }).waitFor();
}

export function mailsOf(address, label) {
  const path = `/accounts/${address}/messages${label === undefined ? "" : `?label=${label}`}`;
  return simulate("GET", path).then(({ messages }) => messages);
}

export function mailOf(address, id) {
  return simulate("GET", `/accounts/${address}/messages/${id}`);
}

/** The newest mail of an account whose subject has these words, with its text and its files. */
export function newestOf(address, words) {
  return until(`a mail about ${words} at ${address}`, async () => {
    const found = (await mailsOf(address)).find((one) => one.subject.includes(words));
    return found && mailOf(address, found.id);
  });
}

export function writes(from, mail) {
  return simulate("POST", `/accounts/${from}/messages`, mail);
}

/** In the window of a new mail: what it says, with 20 MB beside it, and off. */
export async function writesWithFile(page, subject, text) {
  const mail = page.getByRole("dialog", { name: "New mail" });
  await mail.getByLabel("Subject").fill(subject);
  await mail.getByRole("textbox", { name: "Message" }).fill(text);
  const uploaded = page.waitForResponse((response) => response.url().includes("/attachments"));
  const folder = mkdtempSync(join(tmpdir(), "story-"));
  const file = join(folder, "roof.bin");
  // By its path: the browser reads it itself, where a buffer would come to it as text.
  writeFileSync(file, Buffer.alloc(FILE_SIZE, 7));
  await page.locator("input[type=file]:not([accept])").setInputFiles(file);
  must((await uploaded).status() < 300, "the file was not taken");
  rmSync(folder, { recursive: true });
  await mail.getByRole("progressbar").waitFor({ state: "detached" });
  await mail.getByText("roof.bin").waitFor();
  await mustBeAccessible(page, "a new mail with a file");
  await mail.getByRole("button", { name: "Send", exact: true }).click();
  await mail.waitFor({ state: "detached" });
}

/** It came to Dana whole. */
export async function arrivesWithFile(subject) {
  const mail = await newestOf(DANA, subject);
  const [file] = mail.attachments;
  must(file.size_bytes === FILE_SIZE, `the file has ${JSON.stringify(file)}`);
  return mail;
}

/** Takes access back at the provider, and has the mailbox read: else it is noticed at the next push or poll. */
export async function losesAccess(account) {
  await simulate("POST", `/accounts/${account}/revoke`, {});
  const { mailboxes } = await ask("{ mailboxes { id address } }");
  const { id } = mailboxes.find((one) => one.address === account);
  await ask("mutation($id: ID!) { syncNow(mailboxId: $id) { __typename } }", { id });
}

/** After access was taken back: every screen says so, signing in again ends it, and what came meanwhile is here. */
export async function regains(page, account) {
  const banner = page.getByText(`${account} is not syncing`, { exact: false });
  await banner.waitFor({ timeout: 2 * WAIT_MS });
  for (const place of ["Contacts", "Bulk", "Settings", "Admin", "Inbox"]) {
    await page.getByRole("navigation").getByRole("link", { name: place }).click();
    await banner.waitFor();
  }
  await page.getByRole("button", { name: "Sign in again" }).click();
  await page.getByText("Sign in again to go on.").waitFor();
  await mustBeAccessible(page, "settings while the mailbox waits");
  await page.getByRole("main").getByRole("button", { name: "Sign in again" }).click();
  await consent(page, { account });
  await page.waitForURL(/\/settings\/email$/);
  await page.getByText("Connected", { exact: true }).waitFor();
  await banner.waitFor({ state: "detached" });
  const latest = page.getByRole("region", { name: "Why is a mail missing?" });
  await latest.getByText("Came in").first().waitFor();
}

export async function moves(page, provider, account) {
  await page.getByRole("button", { name: "Move" }).click();
  const dialog = page.getByRole("dialog", { name: "Move to another address" });
  await mustBeAccessible(page, "the dialog to move");
  await connect(page, provider, { account }, dialog);
  await standsConnected(page, account);
}

/** Ends the connection; answers what the app says that it left. */
export async function disconnects(page, account) {
  await page.getByRole("button", { name: "Disconnect" }).click();
  const dialog = page.getByRole("alertdialog", { name: `Disconnect ${account}?` });
  await dialog.getByText(/Stays: every conversation/).waitFor();
  await mustBeAccessible(page, "the question before disconnecting");
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  const said = await page.getByText(/Disconnected\. /).textContent();
  await page.getByRole("button", { name: "Connect Gmail" }).waitFor();
  const { mailboxes } = await ask("{ mailboxes { address status } }");
  must(!mailboxes.some((one) => one.address === account), JSON.stringify(mailboxes));
  return said;
}
