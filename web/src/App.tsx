import { CSPProvider } from "@base-ui/react/csp-provider";
import { Tooltip } from "@base-ui/react/tooltip";
import { useEffect, type ReactNode } from "react";

import { feedState } from "./data/feed";
import { refreshSession, sessionOf, SessionProvider, useSessionState } from "./data/session";
import { useStore } from "./data/store";
import { currentToken } from "./data/token";
import { ahead } from "./frame/ahead";
import { Frame } from "./frame/Frame";
import { Guard } from "./frame/Guard";
import { usePathWords } from "./frame/route";
import { SignIn } from "./frame/SignIn";
import { Inbox } from "./inbox/Inbox";
import { Button, EmptyState } from "./kit";
import { words } from "./words/frame";

const [Settings, fetchSettings] = ahead(() => import("./settings"));
const [Bulk, fetchBulk] = ahead(() => import("./bulk"));
const [Contacts, fetchContacts] = ahead(() => import("./contacts"));
const [Admin, fetchAdmin] = ahead(() => import("./admin"));

/** When the first screen stands; then the others are fetched, one after another, so that they open at once. */
const SETTLED_MS = 3_000;

async function fetchScreens(): Promise<void> {
  for (const fetchOne of [fetchContacts, fetchSettings, fetchBulk, fetchAdmin]) await fetchOne();
}

/** Which screen the path names; what it does not know is the inbox. */
function Screen() {
  const path = usePathWords();
  const [first, ...rest] = path;
  const screens: Record<string, () => ReactNode> = {
    settings: () => <Settings path={rest} />,
    // Where providers send the reader back to.
    connected: () => <Settings path={path} />,
    bulk: () => <Bulk path={rest} />,
    contacts: () => <Contacts path={rest} />,
    admin: () => <Admin path={rest} />,
  };
  const screen = screens[first ?? ""];
  return <Guard place={first ?? "inbox"}>{screen === undefined ? <Inbox /> : screen()}</Guard>;
}

function Unreachable() {
  useEffect(() => {
    const timer = window.setInterval(() => void refreshSession(), 3000);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <main className="flex h-dvh items-center justify-center">
      <EmptyState
        icon="offline"
        title={words.away}
        action={<Button onClick={() => void refreshSession()}>{words.tryAgain}</Button>}
      >
        {words.awayMore}
      </EmptyState>
    </main>
  );
}

function SignedIn() {
  const state = useSessionState();
  const feed = useStore(feedState);
  useEffect(() => {
    const timer = window.setTimeout(() => void fetchScreens(), SETTLED_MS);
    return () => window.clearTimeout(timer);
  }, []);
  if (feed.state === "signed-out") return <SignIn notice={words.ended} />;
  if (state.kind === "loading") return <div className="flex h-dvh" aria-busy="true" />;
  if (state.kind === "trouble") {
    return state.trouble.kind === "away" ? (
      <Unreachable />
    ) : (
      <SignIn notice={state.trouble.kind === "signed-out" ? words.ended : state.trouble.message} />
    );
  }
  if (sessionOf(state.answer) === null) return <SignIn notice={words.keyOfWorkspace} />;
  return (
    <SessionProvider answer={state.answer}>
      <Frame>
        <Screen />
      </Frame>
    </SessionProvider>
  );
}

export function App() {
  return (
    <CSPProvider disableStyleElements>
      <Tooltip.Provider>{currentToken() === null ? <SignIn /> : <SignedIn />}</Tooltip.Provider>
    </CSPProvider>
  );
}
