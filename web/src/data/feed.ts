/**
 * What happens, live. The law: the id of the last event seen is given as `after` at every return, so that
 * nothing is missed and nothing is told twice; it survives a reload of the tab. When the server no longer has
 * what was missed (EVENTS_EXPIRED), listeners are told to load anew.
 */
import { stringifyDocument } from "@urql/core";
import { createClient, type Client } from "graphql-ws";

import { feedSubscription, type InboxEvent } from "./documents";
import { Store } from "./store";
import { currentToken } from "./token";

export type FeedState = "connecting" | "live" | "waiting" | "offline" | "signed-out";

/** How the line to the server stands, and since when it has been down. */
export const feedState = new Store<{ state: FeedState; since: number }>({
  state: "connecting",
  since: Date.now(),
});

const AFTER = "bothways-after";
const SIGNED_OUT = new Set([4401, 4403]);
const QUIET_MS = 12_000;
/** A line that has been silent for longer than two pings is not waited for. */
const DEAD_MS = 2 * QUIET_MS + 5_000;

type Listener = (event: InboxEvent) => void;

const listeners = new Set<Listener>();
const anew = new Set<() => void>();
let client: Client | null = null;
let stop: (() => void) | null = null;
let after: string | null = null;
let heardAt = Date.now();

function become(state: FeedState): void {
  if (feedState.get().state !== state) feedState.set({ state, since: Date.now() });
}

/** Calls `listener` for every event from now on; what it returns ends that. */
export function onEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls `listener` when lists must be loaded anew, because events were missed for good or may have been. */
export function onAnew(listener: () => void): () => void {
  anew.add(listener);
  return () => anew.delete(listener);
}

function loadAnew(): void {
  for (const listener of anew) listener();
}

function take(event: InboxEvent): void {
  if (after !== null && event.id <= after) return;
  after = event.id;
  sessionStorage.setItem(AFTER, after);
  for (const listener of listeners) listener(event);
}

function pause(retries: number): Promise<void> {
  const milliseconds = Math.min(15_000, 400 * 2 ** Math.min(retries, 6)) * (0.7 + Math.random() * 0.6);
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, milliseconds);
    const now = () => {
      window.clearTimeout(timer);
      resolve();
    };
    window.addEventListener("online", now, { once: true });
  });
}

function open(): Client {
  let quiet: number | undefined;
  const made = createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    lazy: false,
    keepAlive: QUIET_MS,
    retryAttempts: Infinity,
    retryWait: pause,
    shouldRetry: (reason) => !(reason instanceof CloseEvent && SIGNED_OUT.has(reason.code)),
    connectionParams: () => ({ authorization: `Bearer ${currentToken() ?? ""}` }),
    onNonLazyError: () => undefined,
    on: {
      message: () => (heardAt = Date.now()),
      connected: () => {
        heardAt = Date.now();
        become("live");
        // The first time there is no event to go on from: what happened while the page loaded is looked up.
        if (after === null) loadAnew();
      },
      ping: (received) => {
        if (received) return;
        // A laptop that slept has a dead socket that looks alive: no answer within 5 s ends it.
        quiet = window.setTimeout(() => made.terminate(), 5_000);
      },
      pong: (received) => {
        if (received) window.clearTimeout(quiet);
      },
      closed: (event) => {
        window.clearTimeout(quiet);
        const code = event instanceof CloseEvent ? event.code : 0;
        if (SIGNED_OUT.has(code)) become("signed-out");
        else become(navigator.onLine ? "waiting" : "offline");
      },
    },
  });
  return made;
}

function listen(made: Client): void {
  stop = made.subscribe<{ inbox: InboxEvent }>(
    {
      query: stringifyDocument(feedSubscription),
      // A getter: read anew at every reconnect.
      get variables() {
        return { after };
      },
    },
    {
      next: ({ data }) => {
        if (data) take(data.inbox);
      },
      error: (error) => {
        const expired =
          Array.isArray(error) &&
          error.some(
            (one) => (one as { extensions?: { code?: string } }).extensions?.code === "EVENTS_EXPIRED",
          );
        if (!expired) return;
        after = null;
        sessionStorage.removeItem(AFTER);
        loadAnew();
        listen(made);
      },
      complete: () => undefined,
    },
  );
}

export function startFeed(): void {
  if (client !== null) return;
  after = sessionStorage.getItem(AFTER);
  client = open();
  listen(client);
  window.addEventListener("offline", () => become("offline"));
  window.addEventListener("online", () => client?.terminate());
  document.addEventListener("visibilitychange", wake);
}

/** A tab that was asleep does not wait for its next ping to find out that the line is dead. */
function wake(): void {
  if (document.visibilityState === "visible" && Date.now() - heardAt > DEAD_MS) client?.terminate();
}

export function stopFeed(): void {
  stop?.();
  document.removeEventListener("visibilitychange", wake);
  void client?.dispose();
  client = null;
}
