/** Who reads, in which workspace, with which mailboxes: loaded once, kept up by the feed. */
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import { ask, AskFailed, type Trouble } from "./client";
import { viewerQuery, type Mailbox, type ViewerAnswer } from "./documents";
import { onAnew, onEvent, startFeed, stopFeed } from "./feed";
import { Store, useStore } from "./store";

export type User = NonNullable<ViewerAnswer["viewer"]["user"]>;
export type Workspace = ViewerAnswer["viewer"]["workspace"];

export interface Session {
  user: User;
  workspace: Workspace;
  scopes: readonly ("READ" | "SEND" | "ADMIN")[];
  /** The reader's mailboxes that have not ended; for admins, the workspace's. */
  mailboxes: readonly Mailbox[];
  /** The reader's own connected (or waiting) mailbox. */
  mailbox: Mailbox | null;
  /** Whether admin screens answer. */
  isAdmin: boolean;
}

export type SessionState =
  { kind: "loading" } | { kind: "ready"; answer: ViewerAnswer } | { kind: "trouble"; trouble: Trouble };

const ENDED = new Set(["DISCONNECTED", "REPLACED", "FAILED"]);
const STANDING = ["CONNECTED", "REAUTHENTICATE", "AUTHORIZING"];

export const sessionStore = new Store<SessionState>({ kind: "loading" });

/** Asks anew who reads and which mailboxes there are; screens that changed them call it. */
export async function refreshSession(): Promise<void> {
  try {
    sessionStore.set({ kind: "ready", answer: await ask(viewerQuery, {}) });
  } catch (error) {
    if (!(error instanceof AskFailed)) throw error;
    // What is on the screen stays there while the server is away.
    if (sessionStore.get().kind !== "ready" || error.trouble.kind === "signed-out") {
      sessionStore.set({ kind: "trouble", trouble: error.trouble });
    }
  }
}

function takeMailbox(mailbox: Mailbox): void {
  sessionStore.update((state) => {
    if (state.kind !== "ready") return state;
    const others = state.answer.mailboxes.filter((one) => one.id !== mailbox.id);
    const mailboxes = ENDED.has(mailbox.status) ? others : [...others, mailbox];
    return { kind: "ready", answer: { ...state.answer, mailboxes } };
  });
}

/** Loads who reads and listens to what happens. */
export function useSessionState(): SessionState {
  const state = useStore(sessionStore);
  useEffect(() => {
    void refreshSession();
    const ends = [
      onEvent((event) => {
        if (event.__typename === "MailboxChanged") takeMailbox(event.mailbox);
      }),
      onAnew(() => void refreshSession()),
    ];
    startFeed();
    return () => {
      for (const end of ends) end();
      stopFeed();
    };
  }, []);
  return state;
}

const SessionContext = createContext<Session | null>(null);

export function sessionOf(answer: ViewerAnswer): Session | null {
  const { user, workspace, scopes } = answer.viewer;
  if (user === null) return null;
  const own = answer.mailboxes.filter((one) => one.owner.id === user.id);
  const mailbox = STANDING.map((status) => own.find((one) => one.status === status)).find(Boolean) ?? null;
  const isAdmin = user.role === "ADMIN" && scopes.includes("ADMIN");
  return { user, workspace, scopes, mailboxes: answer.mailboxes, mailbox, isAdmin };
}

export function SessionProvider({ answer, children }: { answer: ViewerAnswer; children: ReactNode }) {
  const session = useMemo(() => sessionOf(answer), [answer]);
  return <SessionContext value={session}>{children}</SessionContext>;
}

/** Who reads. Only below the frame, where somebody does. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("useSession is for screens inside the frame");
  return session;
}

/** The time, told anew every `seconds`: for words such as "2 minutes ago". */
export function useNow(seconds = 30): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(new Date()), seconds * 1000);
    return () => window.clearInterval(timer);
  }, [seconds]);
  return now;
}
