// Mail from anywhere and to many: Auto BCC, the workspace's mail server, bulk mail to its end, a webhook.
import { ask, linkTo, must, mustBeAccessible, simulate, stack, story, until } from "./browser.mjs";

const ANN = "ann@example-co.test";
const DANA = "dana@okafor-roofing.test";
const MIA = "mia@neumann.test";
const CROWD = 120;

async function autoBcc(page) {
  await simulate("POST", "/accounts", { address: MIA, name: "Mia Neumann", kind: "outside" });
  await page.goto(linkTo("/settings/email"));
  const part = page.getByRole("region", { name: "Auto BCC" });
  await part.getByText("How to use it").click();
  await mustBeAccessible(page, "settings with Auto BCC");
  await part.getByRole("button", { name: "Copy" }).click();
  await page.getByText("Copied. Paste it into Bcc.").waitFor();
  const address = await page.evaluate(() => window.navigator.clipboard.readText());
  must(/^[0-9a-z]{20,}@in\.bothways\.test$/.test(address), `copied ${address}`);

  await simulate("POST", `/accounts/${ANN}/messages`, {
    to: [MIA],
    bcc: [address],
    subject: "Written on the train",
    text: "Here is our offer.",
  });
  await page.getByRole("link", { name: "Inbox" }).click();
  await page.getByText("Written on the train").first().waitFor();

  await page.goto(linkTo("/settings/email"));
  await part.getByRole("button", { name: "New address" }).click();
  const question = page.getByRole("alertdialog", { name: "Take a new address?" });
  await question.getByText(/taken for five more days/).waitFor();
  await question.getByRole("button", { name: "New address" }).click();
  await page.getByText("You have a new Auto BCC address.").waitFor();
  must((await part.getByLabel("Your Auto BCC address").inputValue()) !== address, "the address stayed");
}

async function mailServer(page) {
  await page.goto(linkTo("/bulk/new"));
  await page.getByRole("list", { name: "Find contacts" }).getByText("Dana Okafor").click();
  await page.getByText("Nothing can carry bulk mail yet", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Set it up" }).click();
  await page.getByText("None is set up", { exact: false }).waitFor();
  await mustBeAccessible(page, "no mail server");
  await page.getByLabel("Server", { exact: true }).fill("127.0.0.1");
  await page.getByLabel("Security").selectOption("NONE");
  await page.getByLabel("Port", { exact: true }).fill("1");
  await page.getByLabel("From address").fill("hello@example-co.test");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Send a test mail" }).click();
  await page.getByText("The test mail did not go out", { exact: false }).waitFor();
  await mustBeAccessible(page, "a mail server that does not answer");

  await page.getByLabel("Port", { exact: true }).fill(String(stack.outsideSmtp));
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Not tested since it was changed.").waitFor();
  await page.getByRole("button", { name: "Send a test mail" }).click();
  await page.getByText("The server took the test mail", { exact: false }).waitFor();
  const { messages } = await simulate("GET", `/accounts/${ANN}/messages`);
  must(messages.length > 0, "the test mail is not in Ann's mailbox");
}

async function nobodyWhoUnsubscribed(page) {
  await page.getByRole("button", { name: "Add an address" }).click();
  const dialog = page.getByRole("dialog", { name: "Add an address" });
  await dialog.getByLabel("Address").fill("person0@crowd.test");
  await dialog.getByRole("button", { name: "Add an address" }).click();
  await page.getByRole("cell", { name: "person0@crowd.test", exact: true }).waitFor();
  await mustBeAccessible(page, "sending, with somebody on the list");
}

async function crowd() {
  const contacts = Array.from({ length: CROWD }, (_, place) => ({
    name: `Person ${place}`,
    emails: [`person${place}@crowd.test`],
    company: place === 1 ? null : "Crowd & Co.",
  }));
  await ask("mutation($contacts: [ContactInput!]!) { importContacts(contacts: $contacts) { __typename } }", {
    contacts,
  });
}

async function written(page) {
  await page.goto(linkTo("/bulk"));
  await page.getByText("No bulk mail yet").waitFor();
  await mustBeAccessible(page, "no bulk mail");
  await page.keyboard.press("n");
  await page.getByRole("tab", { name: "A search" }).click();
  await page.getByLabel("Contacts with these words").fill("@crowd.test");
  await page.getByText(`${CROWD} contacts.`).waitFor();
  await page.getByText(/1 contact is on the list/).waitFor();
  await page.getByText(/Answers come back into each contact's conversation here/).waitFor();
  await page.getByLabel("Subject").fill("News for ");
  await page.getByRole("button", { name: "Company" }).click();
  const message = page.getByRole("textbox", { name: "Message" });
  await message.click();
  await message.pressSequentially("Dear ");
  await page.getByRole("button", { name: "First name" }).click();
  await message.pressSequentially(", we have moved.");
  await mustBeAccessible(page, "a bulk mail being written");
  await page.keyboard.press("ControlOrMeta+Enter");
}

async function lookedAt(page) {
  await page.getByRole("heading", { name: "Look before it goes" }).waitFor();
  await page.getByText("1 contact without a company").waitFor();
  must(await page.getByRole("button", { name: `Send to ${CROWD - 2} contacts` }).isDisabled(), "it may go");
  await page.getByRole("button", { name: "Next contact" }).click();
  await page.getByText(`2 of ${CROWD}`).waitFor();
  await mustBeAccessible(page, "a bulk mail with something missing");
  await page.getByLabel("Instead of the company").fill("your firm");
  await page.getByRole("button", { name: "Use" }).click();
  await page.getByText("1 contact without a company").waitFor({ state: "detached" });
  await page.getByText("News for your firm").waitFor();
  await page.frameLocator("iframe").getByText("Dear Person, we have moved.").waitFor();
  await page.getByText("Who gets none (1)").click();
  await page.getByText("put on the list by an admin").waitFor();
  await mustBeAccessible(page, "a bulk mail before it goes");
}

/** Keeps what was begun on its way, however fast this machine is, until the app has done what it should in between. */
async function whileNothingLeaves(play) {
  await simulate("PATCH", "/dials", { mail_from_outside_waits: true });
  await play();
  await simulate("PATCH", "/dials", { mail_from_outside_waits: false });
}

async function sentPausedAndEnded(page) {
  await page.getByRole("button", { name: `Send to ${CROWD - 1} contacts` }).click();
  await whileNothingLeaves(async () => {
    await page.getByRole("alertdialog").getByRole("button", { name: "Send now" }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused. Nothing more leaves until you let it go on.").waitFor();
  });
  await mustBeAccessible(page, "a bulk mail that is paused");
  const id = page.url().split("/").pop();
  const standing = () => ask("query($id: ID!) { bulkSend(id: $id) { state sent refused total } }", { id });
  must((await standing()).bulkSend.state === "PAUSED", "it was not paused");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("Done", { exact: true }).waitFor({ timeout: 60_000 });
  await page.getByText(`${CROWD - 1} of ${CROWD} sent`).waitFor();
  const { bulkSend } = await standing();
  must(bulkSend.sent === CROWD - 1 && bulkSend.refused === 1, JSON.stringify(bulkSend));
  await page.getByRole("tab", { name: /^Not sent/ }).click();
  await page.getByText("The contact's address is on the suppression list.").waitFor();
  await mustBeAccessible(page, "a bulk mail that is done");
  await page.getByRole("tab", { name: /^All/ }).click();
  await page.getByRole("link", { name: "Open the conversation with Person 5", exact: true }).click();
  await page.frameLocator("iframe").getByText("Dear Person, we have moved.").waitFor();
}

async function cancelled(page) {
  await page.goto(linkTo("/contacts"));
  await page.goto(linkTo("/bulk/new"));
  await page.getByRole("tab", { name: "Everybody" }).click();
  await page.getByLabel("Subject").fill("A mistake");
  await page.getByRole("textbox", { name: "Message" }).fill("Not meant to go.");
  await page.getByRole("button", { name: "See what they will read" }).click();
  await page.getByRole("button", { name: /^Send to/ }).click();
  await whileNothingLeaves(async () => {
    await page.getByRole("alertdialog").getByRole("button", { name: "Send now" }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Cancel the rest" }).click();
    const question = page.getByRole("alertdialog", { name: "Cancel what has not left?" });
    await question.getByText(/will get none/).waitFor();
    await question.getByRole("button", { name: "Cancel the rest" }).click();
    await page.getByText("Cancelled", { exact: true }).first().waitFor();
  });
  const id = page.url().split("/").pop();
  const { bulkSend } = await ask("query($id: ID!) { bulkSend(id: $id) { state sent total } }", { id });
  must(bulkSend.state === "CANCELLED" && bulkSend.sent < bulkSend.total, JSON.stringify(bulkSend));
  await page.getByRole("button", { name: "All bulk mail" }).click();
  await page.getByRole("link", { name: /A mistake/ }).waitFor();
  await mustBeAccessible(page, "the list of bulk mail");
}

async function arrived() {
  const { messages } = await simulate("GET", `/accounts/${DANA}/messages`);
  must(messages.filter((one) => one.subject === "A mistake").length <= 1, "Dana was written to twice");
}

async function webhook(page) {
  await page.goto(linkTo("/admin/webhooks"));
  await page.getByText("No webhooks yet").waitFor();
  await mustBeAccessible(page, "no webhooks");
  await page.getByRole("button", { name: "New webhook" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Address").fill("ftp://hooks.example.test/crm");
  await dialog.getByRole("checkbox", { name: /^Everything/ }).click();
  await dialog.getByRole("checkbox", { name: "New messages" }).click();
  await dialog.getByRole("button", { name: "Make the webhook" }).click();
  await dialog.locator("[aria-invalid]").waitFor();
  await mustBeAccessible(page, "a webhook's form with a refusal");
  await dialog.getByLabel("Address").fill("https://hooks.example.test/crm");
  await dialog.getByRole("button", { name: "Make the webhook" }).click();
  must((await dialog.getByLabel("Secret").inputValue()).startsWith("whsec_"), "no secret was shown");
  await mustBeAccessible(page, "a webhook's secret");
  await dialog.getByRole("button", { name: "I have it" }).click();
  must(!(await page.content()).includes("whsec_"), "the secret stayed in the page");
  await page.getByRole("button", { name: /^More for/ }).click();
  await page.getByRole("menuitem", { name: "Send a ping" }).click();
  await page.getByText("Given up").waitFor();
  await page.getByText("The host's name could not be found.").waitFor();
  await mustBeAccessible(page, "a webhook and its deliveries");
  await page.getByRole("button", { name: "Send again: Ping" }).click();
  await page.getByText("It is sent again.").waitFor();
  await replayed(page);
  await page.getByRole("button", { name: /^More for/ }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No webhooks yet").waitFor();
}

/** Mail came in, the webhook was told of it, and is told again of everything since an hour ago. */
async function replayed(page) {
  const { viewer } = await ask("{ viewer { user { autoBccAddress } } }");
  await simulate("POST", `/accounts/${ANN}/messages`, {
    to: [MIA],
    bcc: [viewer.user.autoBccAddress],
    subject: "Told twice",
    text: "Hello",
  });
  await page.getByRole("cell", { name: "New message" }).waitFor();
  const choose = async () => {
    await page.getByRole("button", { name: /^More for/ }).click();
    await page.getByRole("menuitem", { name: "Send again since…" }).click();
    return page.getByRole("dialog", { name: "Send everything again since" });
  };
  const dialog = await choose();
  await dialog.getByLabel("Day and time").fill("2020-01-01T10:00");
  await dialog.getByText(/more than 30 days back/).waitFor();
  must(
    await dialog.getByRole("button", { name: "Send again" }).isDisabled(),
    "so old events may be asked for",
  );
  await mustBeAccessible(page, "the dialog that sends events again");
  await dialog.getByRole("button", { name: "The last hour" }).click();
  await dialog.getByRole("button", { name: "Send again" }).click();
  await page.getByText("1 event is sent again.").waitFor();
  await dialog.waitFor({ state: "detached" });
}

async function preset(page) {
  await page.goto(linkTo("/admin/mail"));
  await page.getByLabel("Behave like").selectOption("VINTORY");
  await page.getByRole("cell", { name: "3.1 MB" }).waitFor();
  await mustBeAccessible(page, "a preset beside what holds now");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Apply" }).click();
  await page.getByText("Vintory was applied last.").waitFor();
  const { workspace } = await ask("{ workspace { preset attachmentLimitBytes } }");
  must(
    workspace.preset === "VINTORY" && workspace.attachmentLimitBytes === 3_145_728,
    JSON.stringify(workspace),
  );
}

await story("mail from anywhere and to many", async (open) => {
  const page = await open();
  await autoBcc(page);
  await mailServer(page);
  await nobodyWhoUnsubscribed(page);
  await crowd();
  await written(page);
  await lookedAt(page);
  await sentPausedAndEnded(page);
  await cancelled(page);
  await until("no more than one mail for Dana", () => arrived().then(() => true));
  await webhook(page);
  await preset(page);
});
