// The screens, in acts: what must have happened before, and how each is reached.
import { readFileSync } from "node:fs";

import { ask, connectGmail, linkTo, row, simulate, stack, until } from "../browser/browser.mjs";
import { letters, TURNS } from "./mails.mjs";

const ANN = "ann@example-co.test";
const OUTLOOK = "mei@lindqvist-co.test";
const KWAME = "kwame@mensah-fitness.test";
const SESSION = "The session on Tuesday";
const IMAGE = readFileSync(new URL("../../../docs/pictures/settings.png", import.meta.url));

const at = (path, ready) => async (page) => {
  await page.goto(linkTo(path));
  if (ready !== undefined) await ready(page);
};
const words = (text) => (page) => page.getByText(text).first().waitFor();
const press = (name, then) => async (page) => {
  await page.getByRole("button", { name }).first().click();
  if (then !== undefined) await then(page);
};
const dialog = (page) => page.locator("[role=dialog], [role=alertdialog]").last().waitFor();
const both =
  (...steps) =>
  async (page) => {
    for (const step of steps) await step(page);
  };
const thread = (subject, ready) => async (page) => {
  await page.goto(linkTo("/"));
  await row(page, subject).first().click();
  await page.getByRole("heading", { name: subject }).first().waitFor();
  if (ready !== undefined) await ready(page);
};
const reply = (more) => async (page) => {
  await page
    .getByRole("button", { name: /^Reply/ })
    .last()
    .click();
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  if (more !== undefined) await more(page);
};

async function allowOutlook() {
  await ask("mutation { updateWorkspace(input: {labsOutlook: true}) { __typename } }");
}

async function moveToOutlook(open) {
  const page = await open();
  await page.goto(linkTo("/settings/email"));
  await page.getByRole("button", { name: "Move" }).click();
  const move = page.getByRole("dialog");
  await move.getByRole("radio", { name: /Outlook/ }).click();
  await move.getByRole("button", { name: "Connect Outlook" }).click();
  await page.locator(`[name=account][value="${OUTLOOK}"]`).check();
  await page.getByRole("button", { name: "Accept" }).click();
  await page.getByRole("heading", { name: OUTLOOK }).waitFor();
  await page.getByText("Connected", { exact: true }).waitFor();
  await page.context().close();
}

async function conversation() {
  for (const [place, text] of TURNS.entries()) {
    const [from, to] = place % 2 === 0 ? [KWAME, ANN] : [ANN, KWAME];
    const id = (turn) => `<turn-${turn}@mensah-fitness.test>`;
    await simulate("POST", `/accounts/${from}/messages`, {
      to: [to],
      subject: place === 0 ? SESSION : `Re: ${SESSION}`,
      text,
      message_id: id(place),
      headers: place === 0 ? {} : { "In-Reply-To": id(place - 1), References: id(place - 1) },
    });
  }
}

async function life(open) {
  await allowOutlook();
  const page = await open();
  await connectGmail(page, ANN);
  for (const [from, mail] of letters(ANN, IMAGE))
    await simulate("POST", `/accounts/${from}/messages`, { to: [ANN], ...mail });
  await conversation();
  await until("the mail is there", async () => {
    const { threads } = await ask("{ threads(first: 50) { edges { node { subject } } } }");
    return threads.edges.some(({ node }) => node.subject === SESSION);
  });
  await page.context().close();
}

async function bulkAndHooks() {
  const people = Array.from({ length: 180 }, (_, place) => ({
    name: `Person ${place + 1}`,
    emails: [`person-${place + 1}@crowd.test`],
    company: place % 7 === 0 ? null : `Company ${place + 1}`,
  }));
  await ask("mutation($all: [ContactInput!]!) { importContacts(contacts: $all) { __typename } }", {
    all: people,
  });
  await ask(
    'mutation { createWebhook(url: "https://hooks.example.test/crm", events: [MESSAGE_SYNCED]) { __typename } }',
  );
}

const written = both(at("/bulk/new", words("New bulk mail")), async (page) => {
  await page.getByRole("tab", { name: "Everybody" }).click();
  await page.getByLabel("Subject").fill("News for {{ company }}");
  await page.getByRole("textbox", { name: "Message" }).fill("We have moved to the harbour. Come and see us.");
});

const CSV = [
  "First Name,Last Name,Organization Name,E-mail 1 - Value,Phone",
  'Mei,Lindqvist,"Lindqvist, Sons & Co.",mei.l@lindqvist.test,1',
  "Noor,Haddad,,noor@haddad.test,2",
  "Broken,Row,,not-an-address,3",
  "Nobody,Here,,,4",
].join("\r\n");
const file = async (page) =>
  page
    .locator("input[type=file]")
    .first()
    .setInputFiles({ name: "google.csv", mimeType: "text/csv", buffer: Buffer.from(CSV) });

export const ACTS = [
  {
    scenes: [
      {
        name: "first-inbox",
        signedIn: false,
        show: async (page) => {
          await page.goto(stack.inbox);
          await page.getByText("Connect the simulated Gmail").waitFor();
        },
      },
      { name: "first-settings", whole: true, show: at("/settings/email", words("Connect Gmail")) },
      {
        name: "sign-in",
        signedIn: false,
        show: (page) => page.goto(linkTo("/").replace(/token=[^&]*/, "token=bw_wrong")),
      },
    ],
  },
  {
    prepare: life,
    scenes: [
      { name: "inbox", show: at("/", words(SESSION)) },
      {
        name: "inbox-loading",
        loose: true,
        show: async (page) => {
          await page.route("**/graphql", () => new Promise(() => undefined));
          await page.goto(linkTo("/"));
          await page.waitForTimeout(800);
        },
      },
      {
        name: "inbox-offline",
        loose: true,
        show: async (page) => {
          await at("/", words(SESSION))(page);
          await page.context().setOffline(true);
          await page.evaluate(() => window.dispatchEvent(new window.Event("offline")));
          await page.waitForTimeout(1500);
        },
      },
      { name: "inbox-done", show: both(at("/"), (page) => page.getByRole("tab", { name: "Done" }).click()) },
      {
        name: "inbox-chosen",
        show: both(at("/", words(SESSION)), async (page) => {
          await page.keyboard.press("j");
          await page.keyboard.press("x");
          await page.keyboard.press("j");
          await page.keyboard.press("x");
        }),
      },
      {
        name: "search",
        show: both(at("/", words(SESSION)), async (page) => {
          await page.keyboard.press("/");
          await page.keyboard.type("session");
          await page.locator("mark").first().waitFor();
        }),
      },
      {
        name: "palette",
        show: both(at("/", words(SESSION)), (page) => page.keyboard.press("Control+k"), dialog),
      },
      {
        name: "palette-found",
        show: both(
          at("/", words(SESSION)),
          (page) => page.keyboard.press("Control+k"),
          async (page) => {
            await page.getByRole("combobox").fill("session");
            await page.getByRole("option", { name: /Kwame/ }).first().waitFor();
          },
        ),
      },
      { name: "keys", show: both(at("/", words(SESSION)), (page) => page.keyboard.press("?"), dialog) },
      { name: "conversation-long", show: thread(SESSION) },
      { name: "conversation-newsletter", show: thread("News from the kiln") },
      { name: "conversation-hostile", show: thread("Your parcel is waiting") },
      { name: "conversation-rtl", show: thread("عرض لسقف المكتب") },
      { name: "conversation-long-word", show: thread("The file, and its number") },
      { name: "conversation-files", show: thread("Pictures of the north side") },
      {
        name: "conversation-picture",
        show: thread("Pictures of the north side", both(press(/north-side\.png/), dialog)),
      },
      { name: "composer-reply", show: thread(SESSION, reply()) },
      {
        name: "composer-files",
        loose: true,
        show: thread(
          "Pictures of the north side",
          reply(async (page) => {
            await page
              .getByRole("textbox", { name: "Message" })
              .fill("Thank you. I attach the offer and two pictures.");
            await page.route("**/attachments*", () => new Promise(() => undefined));
            await page
              .locator("input[type=file]")
              .first()
              .setInputFiles([
                {
                  name: "offer for the roof.pdf",
                  mimeType: "application/pdf",
                  buffer: Buffer.alloc(400_000, "x"),
                },
                { name: "too-large.zip", mimeType: "application/zip", buffer: Buffer.alloc(30_000_000) },
              ]);
            await page.waitForTimeout(500);
          }),
        ),
      },
      {
        name: "composer-new",
        show: both(at("/", words(SESSION)), (page) => page.keyboard.press("c"), dialog),
      },
      {
        name: "composer-error",
        show: both(
          at("/", words(SESSION)),
          (page) => page.keyboard.press("c"),
          dialog,
          (page) => page.getByRole("button", { name: "Send", exact: true }).click(),
        ),
      },
      {
        name: "composer-later",
        show: thread(SESSION, reply(both(press(/later/i), dialog))),
      },
      { name: "settings-email", whole: true, show: at("/settings/email", words("Connected")) },
      { name: "settings-profile", show: at("/settings/profile", words("Profile")) },
      {
        name: "settings-disconnect",
        show: both(at("/settings/email", words("Connected")), press("Disconnect", dialog)),
      },
      { name: "settings-move", show: both(at("/settings/email", words("Connected")), press("Move", dialog)) },
      { name: "contacts", show: at("/contacts", words("Dana Okafor")) },
      { name: "contacts-none", show: at("/contacts?q=zzzz", words("zzzz")) },
      {
        name: "contact",
        whole: true,
        show: both(
          at("/contacts", words("Dana Okafor")),
          (page) => page.getByRole("link", { name: /Dana Okafor/ }).click(),
          (page) => page.getByRole("heading", { level: 1 }).waitFor(),
        ),
      },
      { name: "contact-form", show: both(at("/contacts"), press("New contact", dialog)) },
      { name: "import", show: at("/contacts/import") },
      {
        name: "import-preview",
        whole: true,
        show: both(at("/contacts/import"), file, words(/can be imported/)),
      },
      { name: "admin-people", show: at("/admin/people", words("Ann Berg")) },
      { name: "admin-mail", whole: true, show: at("/admin/mail", words("Blocklist")) },
      { name: "admin-mailboxes", whole: true, show: at("/admin/mailboxes", words(ANN)) },
    ],
  },
  {
    prepare: bulkAndHooks,
    scenes: [
      { name: "bulk-none", show: at("/bulk") },
      { name: "bulk-new", whole: true, show: written },
      {
        name: "bulk-check",
        whole: true,
        show: both(written, press("See what they will read"), words("Look before it goes")),
      },
      { name: "admin-sending", whole: true, show: at("/admin/sending") },
      { name: "admin-keys", show: at("/admin/keys") },
      { name: "admin-key-new", show: both(at("/admin/keys"), press("New key", dialog)) },
      { name: "admin-webhooks", whole: true, show: at("/admin/webhooks", words("hooks.example.test")) },
      {
        name: "admin-webhook-menu",
        show: both(at("/admin/webhooks"), press(/^More for/), words("Send again since")),
      },
      {
        name: "admin-webhook-replay",
        show: both(
          at("/admin/webhooks"),
          press(/^More for/),
          (page) => page.getByRole("menuitem", { name: /^Send again since/ }).click(),
          dialog,
        ),
      },
      { name: "admin-erase", show: both(at("/admin/people"), press(/^Erase: Ben/), dialog) },
      { name: "admin-webhook-new", show: both(at("/admin/webhooks"), press("New webhook", dialog)) },
    ],
  },
  {
    prepare: async () => {
      const input = {
        idempotencyKey: "pictures",
        search: "person",
        from: ANN,
        subject: "We have moved",
        html: "<p>Dear {{ first_name }}, come and see us.</p>",
      };
      await ask(
        "mutation($input: SendBulkEmailInput!) { sendBulkEmail(input: $input) { __typename ... on BulkSend { id } } }",
        { input },
      ).then((answer) => console.log(JSON.stringify(answer)));
    },
    scenes: [
      { name: "bulk-list", show: at("/bulk") },
      {
        name: "bulk-progress",
        whole: true,
        show: both(at("/bulk"), (page) =>
          page
            .getByRole("link", { name: /We have moved/ })
            .first()
            .click(),
        ),
      },
    ],
  },
  {
    prepare: async () => {
      await simulate("POST", `/accounts/${ANN}/revoke`, {});
      await simulate("POST", `/accounts/${KWAME}/messages`, {
        to: [ANN],
        subject: "Still there?",
        text: "Are you?",
      });
      await until("the mailbox says so", async () => {
        const { mailboxes } = await ask("{ mailboxes { status } }");
        return mailboxes.some((one) => one.status !== "CONNECTED");
      });
    },
    scenes: [
      { name: "lost-inbox", show: at("/", words("is not syncing")) },
      { name: "lost-settings", whole: true, show: at("/settings/email", words("is not syncing")) },
    ],
  },
  {
    prepare: moveToOutlook,
    scenes: [
      { name: "outlook-settings", whole: true, show: at("/settings/email", words("Connected")) },
      { name: "outlook-inbox", show: at("/", words(SESSION)) },
    ],
  },
];
