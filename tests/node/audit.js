// Runs the GraphQL over HTTP audit of npm graphql-http against the address and token given, and
// prints each audit's outcome as one JSON line. Source: https://github.com/graphql/graphql-http#audits.
import { auditServer } from "graphql-http";

const [url, token] = process.argv.slice(2);
const results = await auditServer({
  url,
  fetchFn: (address, init = {}) =>
    fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
});
for (const { id, name, status, reason } of results) {
  console.log(JSON.stringify({ id, name, status, reason }));
}
