import type { Message, ThreadRow } from "../../src/data/documents";

const DANA = { address: "dana@okafor.test", name: "Dana Okafor", kind: "CONTACT" } as const;
const ANN = { address: "ann@example.test", name: "Ann Berg", kind: "USER" } as const;

export function threadRow(id: string, lastMessageAt: string, part: Partial<ThreadRow> = {}): ThreadRow {
  return {
    id,
    subject: `Subject ${id}`,
    unreadCount: 0,
    messageCount: 1,
    lastMessageAt,
    state: "OPEN",
    private: false,
    assignee: null,
    contact: { id: "dana", name: "Dana Okafor", emails: ["dana@okafor.test"] },
    lastMessage: null,
    ...part,
  };
}

export function message(part: Partial<Message> = {}): Message {
  return {
    id: "m1",
    read: true,
    warnings: [],
    delivery: null,
    attachments: [],
    direction: "INBOUND",
    origin: "MAILBOX",
    mailbox: null,
    internetMessageId: "m1@okafor.test",
    from: DANA,
    to: [ANN],
    cc: [],
    bcc: [],
    subject: "Offer",
    snippet: "Sounds good",
    text: "Sounds good",
    html: null,
    quotedFrom: null,
    sentAt: "2026-03-01T09:30:00.000Z",
    syncedAt: "2026-03-01T09:30:01.000Z",
    ...part,
  };
}
