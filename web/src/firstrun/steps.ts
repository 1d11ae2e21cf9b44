/** How far the first run has come, told by what is stored and never by what was clicked. */
import { graphql, type ResultOf } from "../data/graphql";

export const danaQuery = graphql(`
  query FirstRun {
    contacts(search: "dana", first: 1) {
      edges {
        node {
          id
          name
          emails
          threads(first: 5) {
            edges {
              node {
                id
                messages(last: 10) {
                  edges {
                    node {
                      id
                      direction
                      origin
                      sentAt
                      mailbox {
                        id
                      }
                      delivery {
                        state
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
`);

export type Dana = ResultOf<typeof danaQuery>["contacts"]["edges"][number]["node"];

export interface Steps {
  connected: boolean;
  written: boolean;
  answered: boolean;
}

const GONE = new Set(["REFUSED", "CANCELLED"]);

/** Written: a mail from here that was not refused. Answered: one that a mailbox brought into that conversation later. */
export function stepsOf(connected: boolean, dana: Dana | null): Steps {
  const threads = dana?.threads.edges.map(({ node }) => node.messages.edges.map((edge) => edge.node)) ?? [];
  let [written, answered] = [false, false];
  for (const messages of threads) {
    const first = messages.find(
      (one) =>
        one.direction === "OUTBOUND" && one.origin === "CRM" && !GONE.has(one.delivery?.state ?? "REFUSED"),
    );
    if (first === undefined) continue;
    written = true;
    answered ||= messages.some(
      (one) => one.direction === "INBOUND" && one.mailbox !== null && one.sentAt > first.sentAt,
    );
  }
  return { connected: connected || written, written, answered };
}
