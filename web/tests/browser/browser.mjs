// What every browser story needs: a real Chromium on the deployment named in STACK, and an end without leftovers.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const WAIT_MS = 20_000;
export const stack = JSON.parse(process.env.STACK ?? "{}");

/** Runs a story; what the page logs as an error or throws fails it, unless the story expects it. */
export async function story(name, play, { expected = [] } = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  const complaints = [];
  try {
    const open = async ({
      width = 1280,
      height = 860,
      dark = false,
      signedIn = true,
      token = stack.token,
      ...more
    } = {}) => {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: dark ? "dark" : "light",
        locale: "en-GB",
        reducedMotion: "reduce",
        permissions: ["clipboard-read", "clipboard-write"],
        ...more,
      });
      context.setDefaultTimeout(WAIT_MS);
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
      page.on("console", (message) => {
        // The simulator's pages are not the app's.
        const ours = !message.location().url.startsWith(stack.simulator);
        if (message.type() === "error" && ours) complaints.push(`console: ${message.text()}`);
      });
      if (signedIn) await page.goto(linkTo("/", token));
      return page;
    };
    try {
      await play(open);
    } catch (error) {
      // PICTURES names a folder for what the reader saw when a story failed.
      const folder = process.env.PICTURES;
      for (const [place, context] of folder === undefined ? [] : browser.contexts().entries())
        for (const page of context.pages()) await page.screenshot({ path: `${folder}/failed-${place}.png` });
      throw error;
    }
    const unexpected = complaints.filter((one) => !expected.some((pattern) => pattern.test(one)));
    must(unexpected.length === 0, `the page complained: ${unexpected.join(" | ")}`);
    console.log(`${name}: told to its end`);
  } finally {
    await browser.close();
  }
}

export function linkTo(path, token = stack.token) {
  return `${stack.api}${path}#token=${token}`;
}

export function must(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

/** Fails with every violation of WCAG 2.2 AA that axe finds in the page as it is. */
export async function mustBeAccessible(page, where) {
  // Through the debugger: the page's own policy lets no foreign script in.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  const said = violations.map(
    (one) =>
      `${one.id}: ${one.nodes.map((node) => `${node.target.join(" ")} ${node.failureSummary}`).join("; ")}`,
  );
  must(said.length === 0, `${where}: ${said.join("\n")}`);
}

/** Asks the deployment's API itself, past the page. */
export async function ask(query, variables = {}) {
  const answer = await fetch(`${stack.api}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.token}`, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  must(errors === undefined, JSON.stringify(errors));
  return data;
}

/** Asks again until there is an answer; a simulated mailbox has no other way to tell. */
export async function until(described, look) {
  const end = Date.now() + 3 * WAIT_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    must(Date.now() < end, `it never came: ${described}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Turns the simulator: people write, consents are taken back. */
export async function simulate(method, path, body) {
  const answer = await fetch(`${stack.simulator}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  must(answer.ok, `${method} ${path}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
  return answer.headers.get("content-type")?.includes("json") ? answer.json() : null;
}

/** On a simulated provider's consent page: agree, or refuse. Google has a box for each permission, Microsoft none. */
export async function consent(page, { deny = false, account, without = [] } = {}) {
  const agree = page.getByRole("button", { name: /^(Allow|Accept)$/ });
  await agree.waitFor();
  if (account !== undefined) await page.locator(`[name=account][value="${account}"]`).check();
  for (const scope of without) await page.locator(`[name=permission][value$="${scope}"]`).uncheck();
  await (deny ? page.getByRole("button", { name: /^(Deny|Cancel)$/ }) : agree).click();
}

/** Connects a simulated Gmail by the page that the API names, until mail comes by push. */
export async function connectGmail(page, account) {
  const begun = await ask(
    "mutation { connectMailbox(input: {provider: GMAIL, scope: CONTACTS}) { ... on Authorization { url } } }",
  );
  const asked = await page.context().newPage();
  await asked.goto(begun.connectMailbox.url);
  await consent(asked, { account });
  await asked.waitForURL(/callback/);
  await asked.close();
  await until("the mailbox is connected and watched", async () => {
    const { mailboxes } = await ask("{ mailboxes { status health { pushExpiresAt } } }");
    return mailboxes.some((one) => one.status === "CONNECTED" && one.health.pushExpiresAt !== null);
  });
}

/** A conversation of the list, by its words. */
export function row(page, words) {
  return page.getByRole("option").filter({ hasText: words });
}

/** From now on what is sent is not held back for an undo: the stories that do not undo need not wait. */
export async function sendAtOnce(page) {
  await page.route("**/graphql", (route) => {
    const said = route.request().postData() ?? "";
    return route.continue({ postData: said.replace('"undoSeconds":10', '"undoSeconds":0') });
  });
}
