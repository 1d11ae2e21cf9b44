import { lazy, Suspense, useEffect, useState, type ReactNode } from "react";

import { feedState } from "../data/feed";
import { useSession, type Session } from "../data/session";
import { useStore } from "../data/store";
import { forgetToken } from "../data/token";
import {
  Avatar,
  Button,
  classes,
  Icon,
  Menu,
  Notice,
  Skeleton,
  toasts,
  Tooltip,
  type IconName,
} from "../kit";
import { Toasts } from "../kit/Toasts";
import { words } from "../words/frame";
import { composeNew, keepDraftsOf, openDraft } from "../composer/drafts";
import { readSimulator } from "../firstrun/simulator";
import { ahead } from "./ahead";
import { useCommands, useKeyboard, type Command } from "./keys";
import { Link } from "./Link";
import { goTo, usePathWords } from "./route";
import { themeStore, turnTheme } from "./theme";

const FirstRun = lazy(() => import("../firstrun/FirstRun"));
const [Palette, fetchPalette] = ahead(() => import("./Palette"));
const [Keys, fetchKeys] = ahead(() => import("./Keys"));
const NewMail = lazy(() => import("../composer/NewMail"));

/** When the first screen stands, and what may come next is fetched. */
const SETTLED_MS = 2_000;

interface Place {
  path: string;
  word: string;
  label: string;
  icon: IconName;
  keys: string;
}

function placesFor(session: Session): Place[] {
  const all: Place[] = [
    { path: "/", word: "inbox", label: words.inbox, icon: "inbox", keys: "g i" },
    { path: "/contacts", word: "contacts", label: words.contacts, icon: "people", keys: "g c" },
    { path: "/bulk", word: "bulk", label: words.bulk, icon: "bulk", keys: "g b" },
    { path: "/settings", word: "settings", label: words.settings, icon: "settings", keys: "g s" },
  ];
  if (session.isAdmin)
    all.push({ path: "/admin", word: "admin", label: words.admin, icon: "admin", keys: "g a" });
  return all;
}

export function signOut(): void {
  forgetToken();
  location.replace("/");
}

function mailboxWords(session: Session): { dot: string; text: string } {
  const { mailbox } = session;
  if (mailbox === null) return { dot: "bg-line-strong", text: words.mailboxNone };
  const address = mailbox.address ?? words.mailboxNone;
  return mailbox.status === "CONNECTED"
    ? { dot: "bg-good", text: words.mailboxOk(address) }
    : { dot: "bg-warn", text: words.mailboxWaits(address) };
}

function Me() {
  const session = useSession();
  const theme = useStore(themeStore);
  const { dot, text } = mailboxWords(session);
  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={`${words.me(session.user.name)}. ${text}`}
          className="relative rounded-full"
        >
          <Avatar name={session.user.name} size={32} />
          <span
            className={classes(
              "absolute -end-0.5 -bottom-0.5 size-3 rounded-full border-2 border-canvas",
              dot,
            )}
          />
        </button>
      }
      entries={[
        { label: text, icon: "mail", onChoose: () => goTo("/settings/email") },
        null,
        {
          label: theme === "dark" ? words.light : words.dark,
          icon: theme === "dark" ? "sun" : "moon",
          onChoose: turnTheme,
        },
        { label: words.signOut, icon: "close", onChoose: signOut },
      ]}
    />
  );
}

function Rail({ places }: { places: Place[] }) {
  const [first] = usePathWords();
  const here = places.find((place) => place.word === first)?.word ?? "inbox";
  return (
    <nav
      aria-label={words.places}
      className={classes(
        "flex shrink-0 items-center justify-around gap-1 border-line bg-canvas max-sm:order-last max-sm:border-t max-sm:pb-[env(safe-area-inset-bottom)] sm:w-16 sm:flex-col sm:justify-start sm:border-e sm:py-3",
        // A phone shows one thing at a time: the conversation has a way back of its own.
        first === "t" && "max-sm:hidden",
      )}
    >
      <span className="mb-3 hidden size-8 items-center justify-center rounded-md bg-accent text-on-accent sm:flex">
        <svg
          aria-hidden="true"
          width="18"
          height="18"
          viewBox="0 0 18 18"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.9"
          strokeLinecap="round"
          strokeLinejoin="round"
        >
          <path d="M2 6.500h12l-3.200-3.200M16 11.500H4l3.200 3.200" />
        </svg>
      </span>
      {places.map((place) => (
        <Tooltip key={place.path} label={place.label} keys={place.keys}>
          <Link
            href={place.path}
            aria-current={place.word === here ? "page" : undefined}
            className={classes(
              "flex h-14 w-16 max-sm:w-14 flex-col items-center justify-center gap-0.5 rounded-md text-[11px] font-medium transition-colors duration-100 sm:w-14",
              place.word === here ? "text-accent-strong sm:bg-chosen" : "text-ink-2 hover:bg-hover",
            )}
          >
            <Icon name={place.icon} size={18} />
            {place.label}
          </Link>
        </Tooltip>
      ))}
      <span className="p-2 sm:mt-auto">
        <Me />
      </span>
    </nav>
  );
}

/** What every screen must tell: the line is down, or the mailbox waits for its user. */
function Notices() {
  const { state } = useStore(feedState);
  const { mailbox } = useSession();
  const waits = mailbox?.status === "REAUTHENTICATE";
  if (state !== "offline" && state !== "waiting" && !waits) return null;
  return (
    <section aria-label={words.notices} className="flex flex-col gap-1 border-b border-line bg-canvas p-2">
      {state === "offline" && <Notice icon="offline">{words.offline}</Notice>}
      {state === "waiting" && (
        <Notice tone="warn" icon="refresh">
          {words.waiting}
        </Notice>
      )}
      {waits && (
        <Notice
          tone="warn"
          action={<Button onClick={() => goTo("/settings/email")}>{words.reconnectNow}</Button>}
        >
          {words.reconnect(mailbox.address ?? "")}
        </Notice>
      )}
    </section>
  );
}

function Waiting() {
  return (
    <main id="main" aria-busy="true" className="flex flex-1 flex-col gap-3 bg-paper p-6">
      <span className="sr-only">{words.loading}</span>
      <Skeleton className="h-6 w-48" />
      <Skeleton className="h-4 w-full max-w-lg" />
      <Skeleton className="h-4 w-full max-w-md" />
    </main>
  );
}

export function Frame({ children }: { children: ReactNode }) {
  const session = useSession();
  const places = placesFor(session);
  const [overlay, setOverlay] = useState<"palette" | "keys" | null>(null);
  const [simulator] = useState(readSimulator);
  const close = () => setOverlay(null);
  const writing = useStore(openDraft) !== null;
  useKeyboard();
  useEffect(() => keepDraftsOf(session.user.id), [session.user.id]);
  useEffect(() => {
    const timer = window.setTimeout(() => void Promise.all([fetchPalette(), fetchKeys()]), SETTLED_MS);
    return () => window.clearTimeout(timer);
  }, []);
  const general: Command[] = [
    {
      keys: "Mod+k",
      label: words.palette,
      group: words.general_group,
      everywhere: true,
      run: () => setOverlay("palette"),
    },
    { keys: "?", label: words.showKeys, group: words.general_group, run: () => setOverlay("keys") },
    { keys: "c", label: words.newMail, group: words.general_group, run: () => composeNew() },
    { label: words.newBulk, group: words.general_group, run: () => goTo("/bulk/new") },
    { label: words.dark, group: words.general_group, run: turnTheme },
    {
      keys: "z",
      label: words.undo,
      group: words.general_group,
      run: () => {
        const last = toasts.current().findLast((toast) => toast.action?.keys === "z");
        if (last === undefined) return;
        toasts.close(last.id);
        last.action?.onChoose();
      },
    },
    { label: words.signOut, group: words.general_group, run: signOut },
    ...places.map((place) => ({
      keys: place.keys,
      label: place.label,
      group: words.places_group,
      run: () => goTo(place.path),
    })),
  ];
  useCommands(general);
  return (
    <div className="flex h-dvh flex-col">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-paper p-3 shadow-3 focus:not-sr-only focus:absolute focus:start-2 focus:top-2"
      >
        {words.skip}
      </a>
      <Notices />
      {simulator !== null && (
        <Suspense fallback={null}>
          <FirstRun simulator={simulator} />
        </Suspense>
      )}
      <div className="flex min-h-0 flex-1 max-sm:flex-col">
        <Rail places={places} />
        <div className="flex min-h-0 min-w-0 flex-1">
          <Suspense fallback={<Waiting />}>{children}</Suspense>
        </div>
      </div>
      <Suspense fallback={null}>
        {writing && <NewMail />}
        {overlay === "palette" && <Palette onClose={close} />}
        {overlay === "keys" && <Keys onClose={close} />}
      </Suspense>
      <Toasts />
    </div>
  );
}
