// Measures the inbox of a large workspace in a real Chromium; told by benchmarks/inbox_size.py.
import { chromium } from "playwright-core";

const { api, token, rows } = JSON.parse(process.env.STACK ?? "{}");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--js-flags=--expose-gc", "--enable-precise-memory-info"],
});
const page = await (
  await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB" })
).newPage();
page.setDefaultTimeout(120_000);
const measured = {};

/** Milliseconds until the next frame shows what an action changed, told by the page itself. */
async function frames(name, times, act, shown) {
  const took = [];
  for (let turn = 0; turn < times; turn += 1) {
    await page.evaluate(() => (window.begun = 0));
    await page.evaluate(() => {
      const begin = () => (window.begun ||= window.performance.now());
      for (const kind of ["keydown", "pointerdown", "wheel"])
        window.addEventListener(kind, begin, { capture: true, once: true });
    });
    await act(turn);
    took.push(
      // A string is evaluated by the debugger; the page's own policy evaluates nothing.
      await page.evaluate(`(async (turn) => {
        const late = window.performance.now() + 30_000;
        while (!(${shown})) {
          if (window.performance.now() > late) throw new Error("it never showed: " + ${JSON.stringify(name)});
          await new Promise(window.requestAnimationFrame);
        }
        await new Promise(window.requestAnimationFrame);
        return window.performance.now() - window.begun;
      })(${turn})`),
    );
  }
  took.sort((one, other) => one - other);
  measured[`${name}, median`] = `${took[Math.floor(took.length / 2)].toFixed(0)} ms`;
  measured[`${name}, worst of ${times}`] = `${took.at(-1).toFixed(0)} ms`;
}

const memory = async () => {
  await page.evaluate(() => window.gc?.());
  return page.evaluate(() => window.performance.memory.usedJSHeapSize / 2 ** 20);
};

// A first visit: nothing is in the browser's cache.
await page.goto(`${api}/#token=${token}`);
await page.getByRole("option").first().waitFor();
measured["first contentful paint"] = await page.evaluate(
  () => `${window.performance.getEntriesByName("first-contentful-paint")[0].startTime.toFixed(0)} ms`,
);
measured["first conversations shown"] = await page.evaluate(async () => {
  await new Promise(window.requestAnimationFrame);
  return `${window.performance.now().toFixed(0)} ms at most`;
});
measured["memory at the top"] = `${(await memory()).toFixed(0)} MB`;

await frames(
  "next conversation (j)",
  30,
  () => page.keyboard.press("j"),
  `window.document.querySelector('[role=listbox]').getAttribute('aria-activedescendant') !== null && window.document.querySelectorAll('[role=option] .ring-2').length === 1`,
);

// The list is drawn down as fast as it grows.
await page.evaluate(() => {
  window.longest = 0;
  window.late = 0;
  new window.PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      window.longest = Math.max(window.longest, entry.duration);
      window.late += 1;
    }
  }).observe({ type: "longtask" });
});
const begun = Date.now();
await page.evaluate(async (wanted) => {
  const list = window.document.querySelector("#conversations");
  const at = () =>
    Number([...window.document.querySelectorAll("[role=option]")].at(-1)?.getAttribute("aria-posinset"));
  while (at() < wanted) {
    list.scrollTop = list.scrollHeight;
    await new Promise(window.requestAnimationFrame);
  }
}, rows);
measured[`scrolled to row ${rows.toLocaleString("en")}`] = `${((Date.now() - begun) / 1000).toFixed(1)} s`;
measured["longest task while scrolling"] = await page.evaluate(() => `${window.longest.toFixed(0)} ms`);
measured["tasks over 50 ms while scrolling"] = await page.evaluate(() => window.late);
measured[`memory with ${rows.toLocaleString("en")} rows`] = `${(await memory()).toFixed(0)} MB`;
measured["elements in the document"] = await page.evaluate(
  () => window.document.querySelectorAll("*").length,
);

if (process.env.PICTURES !== undefined) await page.screenshot({ path: `${process.env.PICTURES}/size.png` });
const there = Number(await page.getByRole("option").nth(3).getAttribute("aria-posinset"));
const option = (place) => page.locator(`[role=option][aria-posinset="${there + place}"]`);
const anotherSubject = `window.document.querySelector('main h1') !== null && window.document.querySelector('main h1').textContent !== window.before`;
const noted = `((window.before = window.document.querySelector('main h1').textContent), true)`;
const itsMail = `window.document.querySelectorAll('main article').length > 0`;
await frames(
  "open a conversation down there: its mail",
  5,
  (turn) => option(3 * turn).click(),
  `${anotherSubject} && ${itsMail} && ${noted}`,
);
await frames(
  "open one that is next to the open one",
  5,
  (turn) => option(11 - turn).click(),
  `${anotherSubject} && ${itsMail} && ${noted}`,
);
await frames(
  "open a conversation: its subject and last words",
  5,
  (turn) => option(turn + 15).click(),
  `${anotherSubject} && ${noted}`,
);
await frames(
  "mark done down there (e)",
  5,
  () => page.keyboard.press("e"),
  `window.document.querySelector('[aria-live=polite]').textContent.includes('done') || window.document.querySelector('[aria-live=polite]').textContent !== ''`,
);
await page.keyboard.press("Escape");
await page.keyboard.press("/");
await frames(
  "a letter in the search field",
  6,
  (turn) => page.keyboard.type("chimne"[turn]),
  `window.document.querySelector('input[type=search]').value.length > turn`,
);
await frames(
  "what was found, after the last letter",
  1,
  () => page.keyboard.type("y"),
  `window.document.querySelector('mark')?.textContent.toLowerCase() === 'chimney'`,
);
console.log(JSON.stringify(measured));
await browser.close();
