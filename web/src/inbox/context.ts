import { createContext, useContext } from "react";

import type { Conversations } from "../conversation/conversations";
import type { InboxCounts } from "./counts";
import type { Threads } from "./threads";

export interface InboxData {
  threads: Threads;
  conversations: Conversations;
  counts: InboxCounts;
}

export const InboxContext = createContext<InboxData | null>(null);

/** The lists and conversations on the screen. Only inside the inbox. */
export function useInboxData(): InboxData {
  const data = useContext(InboxContext);
  if (data === null) throw new Error("useInboxData is for parts of the inbox");
  return data;
}
