// mercurius as its documentation writes it: a schema, resolvers for the roots, loaders for what lies below, and `jit`
// where asked for. It runs as the owner: no token is checked, no wall between workspaces, no limit on costs.
// Usage: node mercurius.mjs PORT DATABASE_URL VIEWER WORKSPACE JIT
import { readFileSync } from "node:fs";
import Fastify from "fastify";
import { GraphQLScalarType } from "graphql";
import mercurius from "mercurius";
import pg from "pg";

const [port, url, viewer, workspace, jit] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 8 });
const schema = readFileSync(new URL("pages.graphql", import.meta.url), "utf8");

async function rows(name, text, values) {
  return (await pool.query({ name, text, values })).rows;
}

function byKey(found, keys, column) {
  const lists = new Map(keys.map((key) => [key, []]));
  for (const row of found) lists.get(row[column]).push(row);
  return keys.map((key) => lists.get(key));
}

async function oneEach(name, text, keys) {
  const found = new Map((await rows(name, text, [keys.filter(Boolean)])).map((row) => [row.key ?? row.id, row]));
  return keys.map((key) => found.get(key) ?? null);
}

const write = (at, id) => Buffer.from(JSON.stringify([at, id])).toString("base64url");
const read = (cursor) => JSON.parse(Buffer.from(cursor, "base64url").toString());
const kinds = (participants) => new Map(participants.map((one) => [one.address, one.kind]));
const people = (list, known) =>
  list.map(({ address, name }) => ({ address, name, kind: known.get(address) ?? "OTHER" }));

const message = (row, known) => ({
  ...row,
  from: { address: row.from_address, name: row.from_name, kind: known.get(row.from_address) ?? "OTHER" },
  to: people(row.to_recipients, known),
  cc: people(row.cc_recipients, known),
  bcc: people(row.bcc_recipients, known),
  internetMessageId: row.internet_message_id,
  quotedFrom: row.quoted_from,
  sentAt: row.sent_at,
  syncedAt: row.synced_at,
});
const thread = (row) => ({
  ...row,
  messageCount: row.message_count,
  lastMessageAt: row.last_message_at,
  private: row.private_to !== null,
});
const contact = (row) => row && { ...row, createdAt: row.created_at };
const mailbox = (row) => row && { ...row, statusReason: row.status_reason };
const delivery = (row) =>
  row && { ...row, sendAt: row.send_at, undoUntil: row.undo_until, sentAt: row.sent_at };

const THREAD = "id, subject, message_count, last_message_id, last_message_at, state, private_to, contact_id, assignee_id, participants";
const MESSAGE =
  "id, thread_id, mailbox_id, direction, origin, internet_message_id, from_address, from_name, to_recipients, cc_recipients, " +
  "bcc_recipients, subject, snippet, text, html, quoted_from, sent_at, synced_at, warnings";
const LAST = "id, thread_id, mailbox_id, direction, from_address, from_name, to_recipients, cc_recipients, bcc_recipients, snippet, sent_at";

const resolvers = {
  DateTime: new GraphQLScalarType({ name: "DateTime", serialize: (at) => at.toISOString() }),
  Query: {
    async threads(_, { first = 25, after }) {
      const select = `select ${THREAD} from threads where workspace_id = $1`;
      const order = `order by last_message_at desc, id desc limit ${Number(first) + 1}`;
      const found = after
        ? await rows("later", `${select} and (last_message_at, id) < ($2, $3) ${order}`, [workspace, ...read(after)])
        : await rows("first", `${select} ${order}`, [workspace]);
      const edges = found
        .slice(0, first)
        .map((row) => ({ cursor: write(row.last_message_at, row.id), node: thread(row) }));
      return { edges, pageInfo: { hasNextPage: found.length > first, endCursor: edges.at(-1)?.cursor } };
    },
    async thread(_, { id }) {
      const [found] = await rows("thread", `select ${THREAD} from threads where id = $1`, [id]);
      return found ? thread(found) : null;
    },
  },
  Thread: {
    async messages(of, { last = 25, before }) {
      const known = kinds(of.participants);
      const select = `select ${MESSAGE} from messages where thread_id = $1`;
      const order = `order by sent_at desc, id desc limit ${Number(last) + 1}`;
      const found = before
        ? await rows("earlier", `${select} and (sent_at, id) < ($2, $3) ${order}`, [of.id, ...read(before)])
        : await rows("last", `${select} ${order}`, [of.id]);
      const edges = found
        .slice(0, last)
        .reverse()
        .map((row) => ({ cursor: write(row.sent_at, row.id), node: message(row, known) }));
      return { edges, pageInfo: { hasPreviousPage: found.length > last, startCursor: edges[0]?.cursor } };
    },
  },
};

const loaders = {
  Thread: {
    async contact(queries) {
      const keys = queries.map(({ obj }) => obj.contact_id);
      const text = "select id, name, company, created_at from contacts where id = any($1)";
      return (await oneEach("contact", text, keys)).map(contact);
    },
    async assignee(queries) {
      const keys = queries.map(({ obj }) => obj.assignee_id);
      return oneEach("user", "select id, name from users where id = any($1)", keys);
    },
    async unreadCount(queries) {
      const keys = queries.map(({ obj }) => obj.id);
      const text =
        "select thread_id as key, count(*)::int as unread from unread where user_id = $1 and thread_id = any($2) group by 1";
      const found = new Map((await rows("unread", text, [viewer, keys])).map((row) => [row.key, row.unread]));
      return keys.map((key) => found.get(key) ?? 0);
    },
    async lastMessage(queries) {
      const keys = queries.map(({ obj }) => obj.last_message_id);
      const found = await oneEach("message", `select ${LAST} from messages where id = any($1)`, keys);
      return found.map((row, place) => row && message(row, kinds(queries[place].obj.participants)));
    },
    async syncing(queries) {
      const keys = queries.map(({ obj }) => obj.id);
      const text =
        "select l.thread_id, b.id, b.address, b.status, b.status_reason, b.provider, b.user_id from thread_links l " +
        "join mailboxes b on b.id = l.mailbox_id where l.thread_id = any($1) and l.ended_at is null " +
        "and b.status in ('CONNECTED', 'REAUTHENTICATE') order by b.connected_at, b.id";
      return byKey(await rows("syncing", text, [keys]), keys, "thread_id").map((list) => list.map(mailbox));
    },
  },
  Contact: {
    async emails(queries) {
      const keys = queries.map(({ obj }) => obj.id);
      const text = "select contact_id, address from contact_addresses where contact_id = any($1) order by position, id";
      return byKey(await rows("emails", text, [keys]), keys, "contact_id").map((list) => list.map((row) => row.address));
    },
  },
  Mailbox: {
    async owner(queries) {
      const keys = queries.map(({ obj }) => obj.user_id);
      return oneEach("user", "select id, name from users where id = any($1)", keys);
    },
  },
  Message: {
    async read(queries) {
      const keys = queries.map(({ obj }) => obj.id);
      const text = "select message_id from unread where user_id = $1 and message_id = any($2)";
      const found = new Set((await rows("read", text, [viewer, keys])).map((row) => row.message_id));
      return keys.map((key) => !found.has(key));
    },
    async attachments(queries) {
      const keys = queries.map(({ obj }) => obj.id);
      const text =
        'select message_id, id, name, content_type as "contentType", size_bytes::float8 as "sizeBytes", inline, ' +
        'content_id as "contentId", state from attachments where message_id = any($1) order by position, id';
      return byKey(await rows("attachments", text, [keys]), keys, "message_id");
    },
    async delivery(queries) {
      const keys = queries.map(({ obj }) => obj.id);
      const text =
        "select message_id as key, state, via, attempts, error, send_at, undo_until, sent_at from submissions " +
        "where message_id = any($1)";
      return (await oneEach("delivery", text, keys)).map(delivery);
    },
    async mailbox(queries) {
      const keys = queries.map(({ obj }) => obj.mailbox_id);
      const text = "select id, address, status, status_reason, provider, user_id from mailboxes where id = any($1)";
      return (await oneEach("mailbox", text, keys)).map(mailbox);
    },
  },
  Attachment: {
    async url(queries) {
      return queries.map(({ obj }) => `/attachments/${obj.id}`);
    },
  },
};

const app = Fastify();
app.register(mercurius, { schema, resolvers, loaders, graphiql: false, ...(jit === "1" ? { jit: 1 } : {}) });
await app.listen({ port: Number(port), host: "127.0.0.1" });
