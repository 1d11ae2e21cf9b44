// The peer of benchmarks.fanout: npm graphql-ws over ws, as its documentation writes it, fed by a Redis
// publication. Run as `node fanout_peer.mjs PORT PORT_OF_REDIS CHANNEL MODULES`.
import { createRequire } from "node:module";
import { connect } from "node:net";

const [port, redisPort, channel, modules] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { buildSchema } = require("graphql");
const { useServer } = require("graphql-ws/use/ws");
const { WebSocketServer } = require("ws");

const schema = buildSchema(`
  type Participant { address: String! name: String! }
  type Message { id: ID! subject: String! snippet: String! sentAt: String! sender: Participant! to: [Participant!]! }
  type MessageSynced { id: ID! at: String! message: Message! }
  type Query { hello: String! }
  type Subscription { messageSynced: MessageSynced! }
`);

const listeners = new Set();
const ada = { address: "ada@example.com", name: "Ada Obi" };
const bo = { address: "bo@example.com", name: "Bo" };
const synced = (number) => ({
  id: `${number}`,
  at: "2026-01-01T00:00:00.000Z",
  message: {
    id: `message-${number}`,
    subject: "Offer for the third quarter",
    snippet: "Thank you for the call this morning; as promised, here are the figures ".repeat(2),
    sentAt: "2026-01-01T00:00:00.000Z",
    sender: ada,
    to: [bo, ada],
  },
});

async function* messageSynced() {
  const waiting = [];
  let wake = () => {};
  const listener = (number) => {
    waiting.push(number);
    wake();
  };
  listeners.add(listener);
  try {
    for (;;) {
      while (waiting.length) {
        yield { messageSynced: synced(waiting.shift()) };
      }
      await new Promise((resolve) => (wake = resolve));
    }
  } finally {
    listeners.delete(listener);
  }
}

// The few words of RESP that a subscriber hears.
const redis = connect(Number(redisPort), "127.0.0.1");
redis.write(`SUBSCRIBE ${channel}\r\n`);
let heard = "";
redis.on("data", (data) => {
  heard += data;
  for (let found; (found = /\{"n":(\d+)\}\r\n/.exec(heard)); ) {
    heard = heard.slice(found.index + found[0].length);
    for (const listener of listeners) {
      listener(Number(found[1]));
    }
  }
});

const server = new WebSocketServer({ port: Number(port), host: "127.0.0.1", perMessageDeflate: false });
useServer({ schema, roots: { subscription: { messageSynced } } }, server);
