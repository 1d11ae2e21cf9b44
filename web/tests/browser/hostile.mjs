// Hostile HTML in a real Chromium: first as the sanitiser alone left it, then in the app, before and after the reader
// asks for images. Nothing runs, nothing navigates, nothing is posted, and no host but the API's is ever asked.
import { linkTo, must, stack, story, until } from "./browser.mjs";

const HERE = new URL(stack.api).origin;

/** Writes down whatever a page asks for, runs or leads to. */
function watch(page) {
  const seen = { requests: [], dialogs: [], frames: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("dialog", (dialog) => {
    seen.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  page.on("framenavigated", (frame) => seen.frames.push(frame.url()));
  return seen;
}

const outside = (urls) => urls.filter((url) => /^(https?|wss?|ftp|file):/.test(url) && !url.startsWith(HERE));

/** The sanitiser alone: no frame, no policy. What it gives must be harmless on any page. */
async function bare(open) {
  const page = await open({ signedIn: false });
  const seen = watch(page);
  for (const [attack, html] of stack.cleaned) {
    await page.setContent(html, { waitUntil: "load" });
    // `cid:` names a file of the mail, and is no network's: Chromium asks nobody for it.
    const asked = seen.requests.filter((url) => !/^(about|cid):/.test(url));
    must(asked.length === 0, `${attack} asked for ${asked.join(" ")}`);
    must(seen.dialogs.length === 0, `${attack} ran a script`);
    must(page.url() === "about:blank", `${attack} led to ${page.url()}`);
  }
}

async function inTheApp(open) {
  const page = await open({ signedIn: false });
  const seen = watch(page);
  for (const [threadId, count] of stack.threads) {
    await page.goto(linkTo(`/t/${threadId}`));
    const asks = page.getByRole("button", { name: "Show images" });
    await until("every mail of the conversation is shown", async () => (await asks.count()) === count);
    must(outside(seen.requests).length === 0, `unasked: ${outside(seen.requests).join(" ")}`);
    must(!seen.requests.some((url) => url.includes("/mail-images/")), "an image was loaded unasked");

    for (let left = count; left > 0; left -= 1) {
      await asks.first().click();
      await until("the reader's wish is done", async () => (await asks.count()) < left);
    }
    await until("every mail shows the image that is one", async () => {
      const widths = await Promise.all(
        page
          .frames()
          .filter((frame) => frame.url().endsWith("/mail-frame?images=shown"))
          .map((frame) => frame.evaluate(() => document.querySelector("img[alt=honest]")?.naturalWidth)),
      );
      return widths.length === count && widths.every((width) => width === 1);
    });
    must(outside(seen.requests).length === 0, `asked: ${outside(seen.requests).join(" ")}`);
    seen.requests.length = 0;
  }
  must(seen.dialogs.length === 0, `a script ran: ${seen.dialogs.join(" ")}`);
  must(outside(seen.frames).length === 0, `a frame was led to ${outside(seen.frames).join(" ")}`);
}

await story(
  "hostile mail",
  async (open) => {
    await bare(open);
    await inTheApp(open);
  },
  // What is no image is answered with 502, and shown as none.
  { expected: [/502/, /Failed to load resource/] },
);
