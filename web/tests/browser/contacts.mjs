// Contacts as a newcomer meets them: made, corrected, imported twice, searched, deleted; and what an admin governs.
import { ask, linkTo, must, mustBeAccessible, story } from "./browser.mjs";

const CSV = [
  "First Name,Last Name,Organization Name,E-mail 1 - Value,Phone",
  'Mei,Lindqvist,"Lindqvist, Sons & Co.",mei@lindqvist.test,1',
  'Noor,"Haddad ""Noor""",,noor@haddad.test ::: n.haddad@haddad.test,2',
  "Broken,Row,,not-an-address,3",
  "Nobody,Here,,,4",
].join("\r\n");
const VCARD = [
  "BEGIN:VCARD",
  "VERSION:3.0",
  "FN:Søren Ødegård",
  "ORG:Nordlys;Sales",
  "EMAIL;TYPE=work:soren@nordlys.test",
  "END:VCARD",
  "BEGIN:VCARD",
  "VERSION:2.1",
  "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen",
  "EMAIL:juergen@mueller.test",
  "END:VCARD",
].join("\r\n");

async function madeAndCorrected(page) {
  await page.goto(linkTo("/contacts"));
  await page.getByRole("link", { name: /Dana Okafor/ }).waitFor();
  await mustBeAccessible(page, "the contacts");
  await page.getByRole("button", { name: "New contact" }).click();
  const dialog = page.getByRole("dialog", { name: "New contact" });
  await dialog.getByLabel("Name", { exact: true }).fill("Luis Márquez");
  await dialog.getByLabel("Address", { exact: true }).fill("luis at marquez");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.locator("[aria-invalid]").waitFor();
  await mustBeAccessible(page, "a contact's form with a refusal");
  await dialog.getByLabel("Address", { exact: true }).fill("luis@marquez.test");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Luis Márquez", level: 1 }).waitFor();
  await mustBeAccessible(page, "a contact");
  await page.getByRole("button", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: "Edit contact" });
  await edit.getByRole("button", { name: "Another address" }).click();
  await edit.getByLabel("Address 2", { exact: true }).fill("office@marquez.test");
  await edit.getByRole("button", { name: "Save" }).click();
  await page.getByText("office@marquez.test").waitFor();
}

async function imports(page, name, type, text, { preview, start, counts }) {
  if (page.url().endsWith("/contacts/import"))
    await page.getByRole("button", { name: "Another file" }).click();
  else await page.goto(linkTo("/contacts/import"));
  await page.locator("input[type=file]").setInputFiles({ name, mimeType: type, buffer: Buffer.from(text) });
  await page.getByText(preview).waitFor();
  await mustBeAccessible(page, `the preview of ${name}`);
  await page.getByRole("button", { name: start }).click();
  const report = page.getByRole("region", { name: "Report" });
  await report.waitFor();
  const said = await report.locator("dd").allTextContents();
  must(said.join() === counts, `${name}: ${said.join()} and not ${counts}`);
  await mustBeAccessible(page, `the report of ${name}`);
}

async function deleted(page) {
  await page.goto(linkTo("/contacts"));
  await page.getByRole("searchbox").fill("marquez");
  await page.getByText("1 contact", { exact: true }).waitFor();
  await page.getByRole("link", { name: /Luis Márquez/ }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("The contact was deleted.").waitFor();
  const { contacts } = await ask('{ contacts(search: "marquez") { edges { node { id } } } }');
  must(contacts.edges.length === 0, "the contact is still there");
}

async function governed(page) {
  await page.goto(linkTo("/admin/people"));
  await page.getByText("ben@example-co.test").waitFor();
  await mustBeAccessible(page, "admin: people");
  await page.getByRole("button", { name: "Add a person" }).click();
  const person = page.getByRole("dialog", { name: "Add a person" });
  await person.getByLabel("Name", { exact: true }).fill("Cleo Vance");
  await person.getByLabel("Login address").fill("ben@example-co.test");
  await person.getByRole("button", { name: "Add" }).click();
  await person.getByRole("alert").waitFor();
  await person.getByLabel("Login address").fill("cleo@example-co.test");
  await person.getByRole("button", { name: "Add" }).click();
  await page.getByText("Cleo Vance was added.").waitFor();

  await page.getByRole("tab", { name: "Mail", exact: true }).click();
  await page.getByLabel("Addresses and domains").fill("spam.test\nno domain!");
  await mustBeAccessible(page, "admin: mail");
  const blocking = page.getByRole("region", { name: "Blocklist" });
  await blocking.getByRole("button", { name: "Save" }).click();
  await blocking.locator("[aria-invalid]").waitFor();
  await page.getByLabel("Addresses and domains").fill("spam.test\nads@example.com");
  await blocking.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  await page.getByRole("switch", { name: "Outlook mailboxes" }).click();
  await page.locator("[role=switch][aria-checked=true]").waitFor();
  const { workspace } = await ask("{ workspace { blocklist labs { outlook } } }");
  must(workspace.labs.outlook && workspace.blocklist.length === 2, JSON.stringify(workspace));
}

async function keyed(page) {
  await page.getByRole("tab", { name: "API keys" }).click();
  await page.getByText("in use now").waitFor();
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What it is for").fill("Reports");
  await mustBeAccessible(page, "a new key's form");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  const secret = await dialog.getByLabel("Key", { exact: true }).inputValue();
  must(secret.startsWith("bw_"), "no secret was shown");
  await dialog.getByRole("button", { name: "I have it" }).click();
  must(!(await page.content()).includes(secret), "the secret stayed in the page");
  await page.getByRole("button", { name: "Revoke: Reports" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText(/^revoked /).waitFor();
  await mustBeAccessible(page, "admin: keys");
  await page.getByRole("tab", { name: "Mailboxes" }).click();
  await page.getByText("Nobody has connected a mailbox yet.").waitFor();
}

await story("contacts and what an admin governs", async (open) => {
  const page = await open();
  await madeAndCorrected(page);
  const csv = { preview: "2 rows of 4 can be imported.", start: "Import 2 contacts" };
  await imports(page, "google.csv", "text/csv", CSV, { ...csv, counts: "2,0,2" });
  await imports(page, "google.csv", "text/csv", CSV, { ...csv, counts: "0,0,4" });
  const cards = { preview: "2 rows of 2 can be imported.", start: "Import 2 contacts", counts: "2,0,0" };
  await imports(page, "phone.vcf", "text/vcard", VCARD, cards);
  const { contacts } = await ask("{ contacts(first: 100) { edges { node { name company emails } } } }");
  const known = JSON.stringify(contacts.edges.map((edge) => edge.node));
  for (const part of [
    "Lindqvist, Sons & Co.",
    'Haddad \\"Noor\\"',
    "n.haddad@haddad.test",
    "Jürgen Müller",
    "Søren",
  ])
    must(known.includes(part), `${part} was lost: ${known}`);
  await deleted(page);
  await governed(page);
  await keyed(page);
});
