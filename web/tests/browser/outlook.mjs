// An Outlook mailbox's whole life, beside a colleague's Gmail: refused, left to an administrator, connected, written
// from, moved about by rules and deleted from, lost, regained, taken elsewhere, ended.
import {
  ask,
  consent,
  linkTo,
  must,
  mustBeAccessible,
  sendAtOnce,
  simulate,
  stack,
  story,
  WAIT_MS,
} from "./browser.mjs";
import {
  arrivesWithFile,
  connect,
  DANA,
  disconnects,
  losesAccess,
  mailsOf,
  moves,
  newestOf,
  regains,
  standsConnected,
  writes,
  writesWithFile,
} from "./life.mjs";

const WORK = "ann@berg-office.test";
const HOME = "ann.berg@home-sim.test";
const BEN = "ben@example-co.test";
const SALES = "sales@example-co.test";
const MIA = "mia@neumann.test";
const SUBJECT = "The plans";

async function people() {
  const account = (address, name, kind) => simulate("POST", "/accounts", { address, name, kind });
  await account(WORK, "Ann Berg", "microsoft");
  await account(HOME, "Ann Berg", "microsoft-personal");
  await account(BEN, "Ben Holm", "google");
  await account(MIA, "Mia Neumann", "outside");
  await simulate("POST", `/accounts/${BEN}/aliases`, { address: SALES, name: "Sales" });
}

const dial = (microsoft) => simulate("PATCH", "/dials", { microsoft });

async function switchedOn(page) {
  await page.goto(linkTo("/settings/email"));
  await page.getByText("An admin switches it on under Admin, Mail.").waitFor();
  must(await page.getByRole("radio", { name: /^Outlook/ }).isDisabled(), "Outlook is offered unasked");
  await page.getByRole("link", { name: "Admin" }).click();
  await page.getByRole("tab", { name: "Mail", exact: true }).click();
  await page.getByRole("switch", { name: "Outlook mailboxes" }).click();
  await page.locator("[role=switch][aria-checked=true]").waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("radio", { name: /^Outlook/ }).check();
  const asked = page.getByRole("region", { name: "What Bothways asks for, and why" });
  await asked.getByText("Stay connected").waitFor();
  await mustBeAccessible(page, "settings with Outlook chosen");
}

/** Microsoft's page has no boxes to untick: it is refused whole, or only an administrator may agree. */
async function refusedAndLeftToTheAdministrator(page) {
  await connect(page, "Outlook", { deny: true });
  await page.getByText("Not connected.").waitFor();
  await page.getByRole("button", { name: "Begin again" }).click();

  await dial({ admin_consent: "required" });
  await page.getByRole("radio", { name: /^Outlook/ }).check();
  await page.getByRole("button", { name: "Connect Outlook" }).click();
  await consent(page, { account: WORK });
  await page.getByRole("heading", { name: "Need admin approval" }).waitFor();
  await page.getByRole("button", { name: /^Return to the application/ }).click();
  await page.waitForURL(/\/settings\/email$/);
  await page.getByRole("button", { name: "Copy the link for your administrator" }).click();
  await mustBeAccessible(page, "settings where an administrator is needed");

  const administrator = await page.context().newPage();
  await administrator.goto(await page.evaluate(() => window.navigator.clipboard.readText()));
  await administrator.getByRole("radio", { name: /^berg-office\.test/ }).check();
  await administrator.getByRole("button", { name: "Accept" }).click();
  await administrator.getByText(/allows this app/).waitFor();
  await administrator.close();
  await page.getByRole("button", { name: "Begin again" }).click();
}

async function connected(page) {
  await connect(page, "Outlook", { account: WORK });
  await standsConnected(page, WORK);
  await page.getByText(/^Connected\. Conversations that you begin or answer here/).waitFor();
  await mustBeAccessible(page, "settings with Outlook");
  const { mailboxes } = await ask("{ mailboxes { provider scope } }");
  must(
    mailboxes[0].provider === "OUTLOOK" && mailboxes[0].scope === "CRM_THREADS",
    JSON.stringify(mailboxes),
  );
}

/** A colleague connects Gmail in a window of his own; each window says how its mailbox stands, the admin sees both. */
async function besideGmail(here, there) {
  await here.goto(linkTo("/admin/mailboxes"));
  await there.goto(linkTo("/settings/email", stack.colleague));
  await connect(there, "Gmail", { account: BEN });
  await standsConnected(there, BEN);
  await there.getByRole("button", { name: `${BEN}: syncing` }).waitFor();
  await here.getByRole("button", { name: `${WORK}: syncing` }).waitFor();
  const table = here.getByRole("table", { name: "Mailboxes" });
  for (const address of [WORK, BEN])
    await table
      .getByRole("row")
      .filter({ hasText: address })
      .getByText("Connected", { exact: true })
      .waitFor();
}

async function sent(here, there) {
  await here.keyboard.press("c");
  const mail = here.getByRole("dialog", { name: "New mail" });
  await mail.getByRole("combobox", { name: "To a contact" }).fill("Dana");
  await mail.getByRole("option", { name: /Dana Okafor/ }).click();
  await writesWithFile(here, SUBJECT, "Here they are.");
  await there.getByRole("link", { name: "Inbox" }).click();
  await there.getByText(SUBJECT).first().click();
  for (const page of [here, there]) await page.getByText(`Sent from ${WORK}`, { exact: false }).waitFor();
  const theirs = await arrivesWithFile(SUBJECT);
  const kept = (await mailsOf(WORK, "SENT")).filter((one) => one.subject === SUBJECT);
  must(kept.length === 1, `${kept.length} of it lie in the Sent folder`);
  must(String(theirs.from).includes(WORK), `it came from ${theirs.from}`);
  return theirs;
}

/** What a rule, its owner's hand and a deletion do to an answer changes nothing here: it came once, and it stays. */
async function movedAndDeleted(here, there, theirs) {
  await simulate("POST", `/accounts/${WORK}/microsoft/rules`, { folder: "Customers", from_contains: [DANA] });
  await writes(DANA, { reply_to: theirs.id, text: "Thank you for the plans!" });
  await there.getByText("Thank you for the plans!").last().waitFor();
  const answer = (await mailsOf(WORK)).find((one) => !one.labels.includes("SENT"));
  for (const folder of ["archive", "Customers"])
    await simulate("POST", `/accounts/${WORK}/messages/${answer.id}/move`, { folder });
  await simulate("DELETE", `/accounts/${WORK}/messages/${answer.id}`);
  await writes(DANA, { reply_to: theirs.id, text: "One more question." });
  for (const page of [here, there]) await page.getByText("One more question.").last().waitFor();
  const { threads } = await ask("{ threads { edges { node { messages { edges { node { text } } } } } } }");
  const texts = threads.edges[0].node.messages.edges.map(({ node }) => node.text.split("\n")[0].trim());
  must(
    texts.join("|") === "Here they are.|Thank you for the plans!|One more question.",
    `the conversation holds ${texts.join("|")}`,
  );
}

/** Ben answers in Ann's conversation: he is told where it lives, chooses whom he writes as, and it leaves from there. */
async function answeredByGmail(here, there) {
  await sendAtOnce(there);
  await there.keyboard.press("r");
  await there.getByText(`This conversation lives in ${WORK}.`, { exact: false }).waitFor();
  await there.getByRole("button", { name: BEN, exact: true }).click();
  await there.getByRole("menuitem", { name: SALES }).click();
  await there.getByRole("textbox", { name: "Message" }).fill("Ann is away, I answer for her.");
  await mustBeAccessible(there, "an answer from another mailbox");
  await there.keyboard.press("Control+Enter");
  await here.getByText("Ann is away, I answer for her.").last().waitFor();
  await there.getByText(`Sent from ${BEN}`, { exact: false }).waitFor();
  const theirs = await newestOf(DANA, `Re: ${SUBJECT}`);
  must(String(theirs.from).includes(SALES), `it came from ${theirs.from}`);
  must((await mailsOf(BEN, "SENT")).length === 1, "it is not in Ben's Sent folder once");
}

/** What is begun in Outlook itself is not the CRM's, unless Auto BCC is told of it; then the contact's mail is. */
async function autoBcc(page) {
  const { viewer } = await ask("{ viewer { user { autoBccAddress } } }");
  await writes(WORK, { to: [MIA], subject: "Between us", text: "Not for the CRM." });
  const bcc = [viewer.user.autoBccAddress];
  await writes(WORK, { to: [MIA], bcc, subject: "Written in Outlook", text: "Our offer." });
  await page.getByRole("link", { name: "Inbox" }).click();
  await page.getByText("Written in Outlook").first().waitFor();
  await writes(MIA, { to: [WORK], subject: "Your offer", text: "Let us talk." });
  await page.getByText("Your offer").first().waitFor();
  must((await page.getByText("Between us").count()) === 0, "a mail of Outlook's own came in");
}

async function lostAndRegained(here, there, theirs) {
  await dial({ continuous_access_evaluation: true });
  await losesAccess(WORK);
  await writes(DANA, { reply_to: theirs.id, text: "Meanwhile." });
  await here.getByText(`${WORK} is not syncing`, { exact: false }).waitFor({ timeout: 2 * WAIT_MS });
  await here.getByRole("button", { name: `${WORK}: needs you` }).waitFor();
  must((await there.getByText("is not syncing").count()) === 0, "Ben is told of Ann's mailbox");
  await regains(here, WORK);
  await there.getByText("Meanwhile.").last().waitFor();
}

await story("an Outlook mailbox's life", async (open) => {
  await people();
  const here = await open();
  await switchedOn(here);
  await refusedAndLeftToTheAdministrator(here);
  await connected(here);
  const there = await open({ width: 1024, token: stack.colleague });
  await besideGmail(here, there);
  await sendAtOnce(here);
  const theirs = await sent(here, there);
  await movedAndDeleted(here, there, theirs);
  await answeredByGmail(here, there);
  await autoBcc(here);
  await lostAndRegained(here, there, theirs);
  await moves(here, "Outlook", HOME);
  const said = await disconnects(here, HOME);
  must(/\d+ conversations? with \d+ messages? stay/.test(said), said);
});
