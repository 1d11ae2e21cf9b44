// Every screen as a person meets it, at desktop, tablet and phone width, light and dark: to be looked at, not compared.
// Needs a demo that nobody has used yet (`make demo-reset demo`); it connects mailboxes and writes mail there.
// `npm run pictures -- [words]` writes web/pictures/; words choose the screens whose name holds one of them.
import { mkdirSync, readFileSync } from "node:fs";

const links = JSON.parse(readFileSync(new URL("../../../.demo/links.json", import.meta.url), "utf8"));
process.env.STACK = JSON.stringify({
  api: new URL(links.api).origin,
  token: links.token,
  simulator: links.simulator,
  inbox: links.inbox,
});
const { story } = await import("../browser/browser.mjs");
const { ACTS } = await import("./scenes.mjs");

const FOLDER = new URL("../../pictures/", import.meta.url).pathname;
const WIDTHS = [
  [1440, 900],
  [1024, 768],
  [390, 844],
];
const words = process.argv.slice(2);
const wanted = (name) => words.length === 0 || words.some((word) => name.includes(word));

/** What comes late is there: fonts, the answers that were asked for, and frames that know their height. */
async function settled(page) {
  await page.evaluate(() => document.fonts.ready);
  await page.waitForLoadState("networkidle").catch(() => undefined);
  await page.waitForFunction(() => document.querySelector("[aria-busy=true], [data-skeleton]") === null);
}

/** A screen as high as what it shows: the page scrolls inside itself, which a picture of the whole page would not show. */
async function unroll(page, width, height) {
  const more = await page.evaluate(() =>
    Math.max(
      0,
      ...[...document.querySelectorAll("main, main *")].map((one) => {
        const scrolls =
          /auto|scroll/.test(window.getComputedStyle(one).overflowY) && one.tagName !== "TEXTAREA";
        return scrolls ? one.scrollHeight - one.clientHeight : 0;
      }),
    ),
  );
  await page.setViewportSize({ width, height: Math.min(height + more, 4000) });
}

async function take(open, { name, show, whole = false, loose = false, signedIn = true }) {
  for (const dark of [false, true])
    for (const [width, height] of WIDTHS) {
      const page = await open({ width, height, dark, signedIn });
      try {
        await show(page);
        if (!loose) await settled(page);
        if (whole) await unroll(page, width, height);
        const path = `${FOLDER}${name}-${width}-${dark ? "dark" : "light"}.png`;
        await page.screenshot({ path, animations: "disabled" });
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (wider > 0) console.log(`${name}: ${wider} px wider than a screen of ${width}`);
      } catch (error) {
        console.log(`${name} at ${width}: ${error.message.split("\n")[0]}`);
        await page.screenshot({ path: `${FOLDER}failed-${name}-${width}.png` });
      } finally {
        await page.context().close();
      }
    }
  console.log(name);
}

mkdirSync(FOLDER, { recursive: true });
await story(
  "pictures",
  async (open) => {
    for (const { prepare, scenes } of ACTS) {
      await prepare?.(open).catch((error) => console.log(error.message));
      for (const scene of scenes.filter(({ name }) => wanted(name))) await take(open, scene);
    }
  },
  { expected: [/./] },
);
