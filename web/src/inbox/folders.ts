/** The folders: what each asks the server for, and whether a conversation still belongs there. */
import type { ThreadRow } from "../data/documents";

export const FOLDERS = ["all", "unread", "mine", "done"] as const;
export type Folder = (typeof FOLDERS)[number];

export interface Filter {
  state: "OPEN" | "DONE";
  unread?: boolean;
  assigneeId?: string;
}

export function filterOf(folder: Folder, userId: string): Filter {
  switch (folder) {
    case "all":
      return { state: "OPEN" };
    case "unread":
      return { state: "OPEN", unread: true };
    case "mine":
      return { state: "OPEN", assigneeId: userId };
    case "done":
      return { state: "DONE" };
  }
}

export function belongs(row: ThreadRow, folder: Folder, userId: string): boolean {
  const filter = filterOf(folder, userId);
  if (row.state !== filter.state) return false;
  if (filter.unread === true && row.unreadCount === 0) return false;
  return filter.assigneeId === undefined || row.assignee?.id === filter.assigneeId;
}
