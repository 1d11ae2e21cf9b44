/** What admins ask and change of the workspace's mail server and of the suppression list. */
import { graphql, type ResultOf, type VariablesOf } from "../data/graphql";

const senderFields = graphql(`
  fragment Sender on WorkspaceSender {
    id
    host
    port
    tls
    username
    passwordSet
    fromAddress
    fromName
    bouncesHere
    changedAt
    testedAt
    testError
  }
`);

export const senderQuery = graphql(
  `
    query WorkspaceSenderOf {
      workspace {
        id
        workspaceSender {
          ...Sender
        }
      }
    }
  `,
  [senderFields],
);

export const setSender = graphql(
  `
    mutation SetSender($sender: WorkspaceSenderInput) {
      updateWorkspace(input: { workspaceSender: $sender }) {
        __typename
        ... on Workspace {
          id
          workspaceSender {
            ...Sender
          }
        }
        ... on UserError {
          message
        }
        ... on InvalidInput {
          field
        }
      }
    }
  `,
  [senderFields],
);

export const testSender = graphql(`
  mutation TestSender {
    testWorkspaceSender {
      __typename
      ... on WorkspaceSender {
        id
        testedAt
      }
      ... on UserError {
        message
      }
    }
  }
`);

export const suppressionsQuery = graphql(`
  query Suppressions($search: String, $after: String) {
    suppressions(search: $search, first: 50, after: $after) {
      edges {
        node {
          id
          address
          reason
          createdAt
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const suppress = graphql(`
  mutation Suppress($address: String!, $suppressed: Boolean!) {
    suppressAddress(address: $address, suppressed: $suppressed) {
      __typename
      ... on Suppression {
        address
      }
      ... on UserError {
        message
      }
    }
  }
`);

export type Sender = ResultOf<typeof senderFields>;
export type SenderInput = NonNullable<VariablesOf<typeof setSender>["sender"]>;
export type Suppressed = ResultOf<typeof suppressionsQuery>["suppressions"]["edges"][number]["node"];
