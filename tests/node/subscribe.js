// Speaks GraphQL over WebSocket through npm graphql-ws, the protocol's own client: asks a query, asks one
// that cannot be parsed, then subscribes and, whenever the server closes the socket, comes back with the id
// of the last event it saw. Prints what happens as JSON lines; ends after event number `last`.
// Source: https://the-guild.dev/graphql/ws/recipes.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, origin, token, last] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));

class SocketOfOrigin extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { origin });
  }
}

const client = createClient({
  url,
  webSocketImpl: SocketOfOrigin,
  connectionParams: { token },
  lazy: false,
  onNonLazyError: (error) => say({ fatal: error.code ?? String(error) }),
  retryAttempts: 5,
  retryWait: async () => {},
  keepAlive: 50,
  on: { closed: ({ code, reason }) => say({ closed: code, reason }) },
});

const once = (payload) =>
  new Promise((resolve) => {
    let result;
    client.subscribe(payload, {
      next: (value) => (result = value),
      error: (errors) => resolve({ errors: Array.isArray(errors) ? errors.map((one) => one.extensions) : errors.code }),
      complete: () => resolve(result),
    });
  });

say({ query: await once({ query: "{ hello }" }) });
say({ query: await once({ query: "{" }) });

const payload = {
  query: "subscription Inbox($after: EventID) { inbox(after: $after) { id number } }",
  variables: { after: null },
};
await new Promise((resolve) => {
  const stop = client.subscribe(payload, {
    next: ({ data }) => {
      payload.variables.after = data.inbox.id;
      say({ number: data.inbox.number });
      if (data.inbox.number === Number(last)) {
        stop();
      }
    },
    error: (error) => resolve(say({ fatal: error.code ?? error })),
    complete: resolve,
  });
});
await client.dispose();
