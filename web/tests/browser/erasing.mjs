// A mailbox goes with what it brought, and a person: counted before, named to be sure, forgotten by open windows.
import { ask, consent, linkTo, must, mustBeAccessible, simulate, story, until } from "./browser.mjs";

const ANN = "ann@example-co.test";
const DANA = "dana@okafor-roofing.test";
const SUBJECT = "The old quarrel";

async function brought(page) {
  await page.goto(linkTo("/settings/email"));
  await page.getByRole("button", { name: "Connect Gmail" }).click();
  await consent(page, { account: ANN });
  await page.getByRole("heading", { name: ANN }).waitFor();
  for (const text of ["It began so.", "And it went on."])
    await simulate("POST", `/accounts/${DANA}/messages`, { to: [ANN], subject: SUBJECT, text });
}

async function nothingGoesByMistake(page) {
  await page.getByRole("button", { name: "Disconnect" }).click();
  const dialog = page.getByRole("alertdialog", { name: `Disconnect ${ANN}?` });
  await dialog.getByText(/Stays: every conversation/).waitFor();
  await dialog.getByRole("radio", { name: /Erase what it brought/ }).check();
  await dialog.getByText("Goes for good: 2 messages").waitFor();
  await mustBeAccessible(page, "the question before erasing");
  await dialog.getByRole("button", { name: "Disconnect and erase" }).click();
  await dialog.getByText("This is not the mailbox's address.").waitFor();
  const { mailboxes } = await ask("{ mailboxes { status } }");
  must(mailboxes[0].status === "CONNECTED", JSON.stringify(mailboxes));
  return dialog;
}

async function erased(page, inbox) {
  await inbox.goto(linkTo("/"));
  await inbox.getByText(SUBJECT).first().waitFor();
  const dialog = await nothingGoesByMistake(page);
  await dialog.getByLabel("To be sure, type the mailbox's address").fill(ANN);
  await dialog.getByRole("button", { name: "Disconnect and erase" }).click();
  await page.getByText("Disconnected. 2 messages are being erased.").waitFor();
  await page.getByRole("button", { name: "Connect Gmail" }).waitFor();
  await inbox.getByText(SUBJECT).first().waitFor({ state: "detached" });
  const { threads } = await ask("{ threads { edges { node { id } } } }");
  must(threads.edges.length === 0, "a conversation is left");
}

async function aPersonGoes(page) {
  await page.goto(linkTo("/admin/people"));
  await page.getByRole("button", { name: "Erase: Ben Holm" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Erase Ben Holm?" });
  await dialog.getByText("Goes for good: 0 messages").waitFor();
  await mustBeAccessible(page, "the question before erasing a person");
  await dialog.getByLabel("To be sure, type their login address").fill("ben@example-co.test");
  await dialog.getByRole("button", { name: "Erase" }).click();
  await page.getByText("Ben Holm is shut out and being erased.").waitFor();
  await page.getByText("ben@example-co.test").waitFor({ state: "detached" });
  must((await page.getByRole("button", { name: /^Erase: / }).count()) === 0, "Ann could erase herself");
}

await story("erased is gone", async (open) => {
  const [page, inbox] = [await open(), await open()];
  await brought(page);
  await until("the mail is in", async () => {
    const { threads } = await ask("{ threads { edges { node { id } } } }");
    return threads.edges.length === 2;
  });
  await erased(page, inbox);
  await aPersonGoes(page);
});
