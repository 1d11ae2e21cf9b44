import { useEffect, useState, type ReactNode } from "react";

import { composeNew } from "../composer/drafts";
import { ask } from "../data/client";
import { useSession } from "../data/session";
import { useFeed } from "../data/useFeed";
import { goTo } from "../frame/route";
import { Button, classes, Icon, IconButton } from "../kit";
import { words } from "../words/firstrun";
import { danaQuery, stepsOf, type Dana } from "./steps";

const CLOSED = "bothways-first-run-closed";
const TELLING = new Set(["MessageSynced", "MessageChanged"]);

function useDana(): Dana | null {
  const [dana, setDana] = useState<Dana | null>(null);
  const load = () => {
    ask(danaQuery, {}).then(
      ({ contacts }) => setDana(contacts.edges[0]?.node ?? null),
      // The steps stay as they are while the server is away.
      () => undefined,
    );
  };
  useEffect(load, []);
  useFeed((event) => TELLING.has(event.__typename) && load(), load);
  return dana;
}

/** The demo's three steps, above every screen, which tick themselves. */
export default function FirstRun({ simulator }: { simulator: string }) {
  const { mailbox, isAdmin } = useSession();
  const dana = useDana();
  const [closed, setClosed] = useState(() => localStorage.getItem(CLOSED) !== null);
  if (closed || dana === null) return null;
  const steps = stepsOf(mailbox?.status === "CONNECTED", dana);
  const name = (dana.name ?? "").split(" ")[0] ?? "";
  const close = () => {
    localStorage.setItem(CLOSED, "yes");
    setClosed(true);
  };
  const all: Step[] = [
    {
      title: words.connect,
      about: words.connectAbout,
      done: steps.connected,
      action: (
        <Button kind="primary" onClick={() => goTo("/settings/email")}>
          {words.connectDo}
        </Button>
      ),
    },
    {
      title: words.write(name),
      about: words.writeAbout,
      done: steps.written,
      action: (
        <Button
          kind="primary"
          onClick={() => composeNew({ id: dana.id, name: dana.name, emails: dana.emails })}
        >
          {words.writeDo}
        </Button>
      ),
    },
    {
      title: words.answer(name),
      about: words.answerAbout,
      done: steps.answered,
      action: <SimulatorLink href={`${simulator}/people/${encodeURIComponent(dana.emails[0] ?? "")}`} />,
    },
  ];
  return (
    <section aria-label={words.title} className="border-b border-line bg-canvas px-3 py-2 sm:px-4">
      <div className="flex items-start gap-2">
        {steps.answered ? <Finished isAdmin={isAdmin} /> : <StepList steps={all} />}
        <IconButton icon="close" label={words.close} onClick={close} className="-me-1" />
      </div>
    </section>
  );
}

interface Step {
  title: string;
  about: string;
  done: boolean;
  action: ReactNode;
}

function StepList({ steps }: { steps: readonly Step[] }) {
  const now = steps.findIndex((step) => !step.done);
  return (
    <ol className="flex min-w-0 flex-1 flex-wrap gap-x-6 gap-y-1 lg:flex-nowrap">
      {steps.map((step, place) => (
        <li
          key={step.title}
          aria-current={place === now ? "step" : undefined}
          className={classes(
            "min-w-0 items-center gap-3 lg:flex",
            place === now ? "flex flex-1 basis-full lg:basis-80" : "hidden",
          )}
        >
          <span
            className={classes(
              "flex size-6 shrink-0 items-center justify-center rounded-full text-xs font-semibold",
              step.done
                ? "bg-good-soft text-good"
                : place === now
                  ? "bg-accent text-on-accent"
                  : "bg-hover text-ink-2",
            )}
          >
            {step.done ? (
              <>
                <Icon name="done" size={14} />
                <span className="sr-only">{words.done}</span>
              </>
            ) : (
              place + 1
            )}
          </span>
          <span className="min-w-0 flex-1">
            <span className={classes("block text-sm font-medium", place !== now && "text-ink-2")}>
              {step.title}
            </span>
            {place === now && <span className="block text-sm text-ink-2">{step.about}</span>}
          </span>
          {place === now && step.action}
        </li>
      ))}
    </ol>
  );
}

function SimulatorLink({ href }: { href: string }) {
  return (
    <a
      href={href}
      target="bothways-simulator"
      rel="noreferrer"
      className="inline-flex h-8 shrink-0 items-center gap-1.5 rounded-md bg-accent px-3 text-sm font-medium text-on-accent shadow-1 hover:bg-accent-strong"
    >
      <Icon name="external" />
      {words.answerDo}
    </a>
  );
}

function Finished({ isAdmin }: { isAdmin: boolean }) {
  return (
    <div role="status" className="flex min-w-0 flex-1 flex-wrap items-center gap-x-4 gap-y-2">
      <span className="flex size-6 items-center justify-center rounded-full bg-good-soft text-good">
        <Icon name="done" size={14} />
      </span>
      <span className="min-w-0 flex-1 basis-52">
        <span className="block text-sm font-medium">{words.finished}</span>
        <span className="block text-sm text-ink-2">{words.finishedAbout}</span>
      </span>
      <span className="flex flex-wrap gap-2">
        <Button onClick={() => goTo("/contacts/import")}>{words.importDo}</Button>
        <Button onClick={() => goTo("/settings/email")}>{words.whyDo}</Button>
        {isAdmin && <Button onClick={() => goTo("/admin/mail")}>{words.outlookDo}</Button>}
      </span>
    </div>
  );
}
