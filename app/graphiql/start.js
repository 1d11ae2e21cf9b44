// Starts GraphiQL against this API. A token may stand in the fragment (#token=bw_...): it stays in this tab.
"use strict";

const fragment = new URLSearchParams(location.hash.slice(1));
if (fragment.has("token")) {
  sessionStorage.setItem("bothways-token", fragment.get("token"));
  history.replaceState(null, "", location.pathname + location.search);
}
const token = sessionStorage.getItem("bothways-token") || "";
const initialHeaders = JSON.stringify({ Authorization: token ? `Bearer ${token}` : "Bearer YOUR API KEY" }, null, 2);

const firstQuery = `# Bothways: two-way email sync. Press the play button, or Ctrl-Enter.
# The headers tab below holds your API key. Other things to try:
#   subscription { inbox { __typename id at } }     stays open and shows what happens
#   mutation { connectMailbox(...) }                the address where a user connects Gmail

query Inbox {
  viewer { user { name email mailbox { address status statusReason } } scopes }
  threads(first: 10) {
    edges {
      node {
        id
        subject
        contact { name }
        unreadCount
        lastMessageAt
        lastMessage { from { address } snippet }
      }
    }
  }
}
`;

// The headers that the headers tab holds right now; the socket sends the same ones in connection_init.
let lastHeaders = {};

const socket = graphqlWs.createClient({
  url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
  lazy: true,
  retryAttempts: 5,
  connectionParams: () => {
    const found = Object.entries(lastHeaders).find(([name]) => name.toLowerCase() === "authorization");
    return found ? { authorization: found[1] } : {};
  },
});

const http = GraphiQL.createFetcher({ url: "/graphql", wsClient: socket });
const fetcher = (params, options) => {
  lastHeaders = (options && options.headers) || {};
  return http(params, options);
};

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: firstQuery,
    defaultHeaders: initialHeaders,
    headers: token ? initialHeaders : undefined,
    shouldPersistHeaders: false,
    defaultEditorToolsVisibility: "headers",
  }),
);
