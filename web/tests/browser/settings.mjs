// A mailbox's whole life as its owner meets it: refused, half granted, connected, asked about, lost, moved, ended.
import { ask, linkTo, must, mustBeAccessible, simulate, story } from "./browser.mjs";
import {
  connect,
  DANA,
  disconnects,
  losesAccess,
  mailOf,
  mailsOf,
  moves,
  regains,
  standsConnected,
  writes,
} from "./life.mjs";

const ANN = "ann@example-co.test";
const OTHER = "ann.berg@gmail.test";

async function refusedAndHalfGranted(page) {
  await connect(page, "Gmail", { deny: true });
  await page.getByText("Not connected.").waitFor();
  await mustBeAccessible(page, "settings after a refusal");
  await page.getByRole("button", { name: "Begin again" }).click();

  await connect(page, "Gmail", { account: ANN, without: ["gmail.modify"] });
  await page.getByText("These permissions are missing: Read and mark mail, Send mail.").waitFor();
  await page.getByRole("button", { name: "Begin again" }).click();
}

async function connected(page) {
  await connect(page, "Gmail", { account: ANN });
  await standsConnected(page, ANN);
  await page.getByText(/Last change seen/).waitFor();
  await page.getByText("0 of 500 sent in the last 24 hours").waitFor();
  must(!page.url().includes("token"), "the token stayed in the address");
}

async function answersWhyAMailIsMissing(page) {
  await simulate("POST", "/accounts", { address: "shop@ads.test", name: "Shop", kind: "outside" });
  await writes("shop@ads.test", { to: [ANN], subject: "Sale", text: "Buy!" });
  const message = await mailOf(ANN, (await mailsOf(ANN))[0].id);
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
  await losesAccess(ANN);
  await writes(DANA, { to: [ANN], subject: "Meanwhile", text: "Are you there?" });
  await regains(page, ANN);
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
  await moves(page, "Gmail", OTHER);
  await disconnects(page, OTHER);
});
