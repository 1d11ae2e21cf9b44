/** The one client of the public API: questions and changes over HTTP. What happens comes by data/feed.ts. */
import {
  cacheExchange,
  createClient,
  fetchExchange,
  type CombinedError,
  type TypedDocumentNode,
  type AnyVariables,
} from "@urql/core";

import { currentToken } from "./token";

export const client = createClient({
  url: "/graphql",
  exchanges: [cacheExchange, fetchExchange],
  preferGetMethod: false,
  requestPolicy: "cache-and-network",
  fetchOptions: () => ({ headers: { authorization: `Bearer ${currentToken() ?? ""}` } }),
});

/** Why a question was not answered, as a screen tells it. */
export type Trouble = { kind: "away" | "signed-out" | "refused"; message: string };

export class AskFailed extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.message);
  }
}

const AWAY = new Set(["UNAVAILABLE"]);

/** Reads what went wrong out of an answer. */
export function troubleOf(error: CombinedError): Trouble {
  const [first] = error.graphQLErrors;
  const code = first?.extensions["code"];
  const response: unknown = error.response;
  if (code === "UNAUTHENTICATED" || (response instanceof Response && response.status === 401)) {
    return { kind: "signed-out", message: "This sign-in has ended." };
  }
  if (code === "RATE_LIMITED")
    return { kind: "away", message: "That was a lot at once. It goes on by itself in a moment." };
  if (first === undefined || AWAY.has(String(code))) {
    return { kind: "away", message: "Bothways cannot be reached right now. Nothing was lost." };
  }
  return { kind: "refused", message: first.message };
}

/** Asks past every cache. Raises: AskFailed. */
export async function ask<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const answer = await client.query(document, variables, { requestPolicy: "network-only" }).toPromise();
  if (answer.error !== undefined) throw new AskFailed(troubleOf(answer.error));
  return answer.data as Data;
}

/** Changes something. Refusals are in the answer (`... on UserError { message }`). Raises: AskFailed. */
export async function change<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const answer = await client.mutation(document, variables).toPromise();
  if (answer.error !== undefined) throw new AskFailed(troubleOf(answer.error));
  return answer.data as Data;
}

/** The sentence for a reader, whatever was thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof AskFailed) return error.trouble.message;
  throw error;
}
