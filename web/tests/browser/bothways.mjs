// The first run in two windows: connect, write with 20 MB, be answered live, lose the line and catch up.
import { linkTo, must, mustBeAccessible, sendAtOnce, stack, story } from "./browser.mjs";
import { arrivesWithFile, connect, DANA, standsConnected, writes, writesWithFile } from "./life.mjs";

const ANN = "ann@example-co.test";
const SUBJECT = "The roof, with pictures";

async function connects(page) {
  const steps = page.getByRole("region", { name: "Three steps to see it work" });
  await steps.getByRole("button", { name: "Connect" }).click();
  await connect(page, "Gmail", { account: ANN });
  await standsConnected(page, ANN);
  await mustBeAccessible(page, "settings with the steps");
  await steps.getByRole("button", { name: "Write" }).waitFor();
  return steps;
}

function answer(mail, text) {
  return writes(DANA, { reply_to: mail.id, text });
}

await story(
  "both ways, in two windows",
  async (open) => {
    const here = await open();
    await here.goto(`${linkTo("/contacts")}&simulator=${stack.simulator}`);
    const steps = await connects(here);
    const there = await open({ width: 1024 });
    await there.goto(linkTo("/"));
    await sendAtOnce(here);
    await steps.getByRole("button", { name: "Write" }).click();
    await writesWithFile(here, SUBJECT, "Dear Dana, the pictures are attached. Ann");
    await there.getByText(SUBJECT).first().waitFor();
    const mail = await arrivesWithFile(SUBJECT);
    await steps.getByRole("link", { name: "Open the simulator" }).waitFor();

    await there.getByText(SUBJECT).first().click();
    await there.evaluate(() => (window.neverLoadedAgain = true));
    await answer(mail, "Lovely pictures, go ahead!");
    await there.getByText("Lovely pictures, go ahead!").last().waitFor();
    await here.getByText("Both ways work. Next?").waitFor();
    await mustBeAccessible(there, "the conversation");

    await there.context().setOffline(true);
    await there.getByText(/You are offline/).waitFor();
    await mustBeAccessible(there, "the conversation while offline");
    await answer(mail, "When can you start?");
    await here.getByRole("link", { name: "Inbox" }).click();
    await here.getByText("When can you start?").first().waitFor();
    await there.context().setOffline(false);
    await there.getByText("When can you start?").last().waitFor();
    must(await there.evaluate(() => window.neverLoadedAgain === true), "the page was loaded again");
  },
  // The browser itself complains of what was asked while the line was down.
  { expected: [/ERR_INTERNET_DISCONNECTED/, /WebSocket connection/] },
);
