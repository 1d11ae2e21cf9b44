/** What is asked before a mailbox or a person is erased, and how it is done. */
import { graphql, type ResultOf } from "../data/graphql";

const erasureFields = graphql(`
  fragment ErasureFields on Erasure {
    messages
    messagesKept
    threads
    attachments
    sendsRefused
  }
`);

export const previewMailbox = graphql(
  `
    query PreviewEraseMailbox($id: ID!) {
      preview: previewEraseMailbox(mailboxId: $id) {
        __typename
        ... on Erasure {
          ...ErasureFields
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [erasureFields],
);

export const previewUser = graphql(
  `
    query PreviewEraseUser($id: ID!) {
      preview: previewEraseUser(id: $id) {
        __typename
        ... on Erasure {
          ...ErasureFields
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [erasureFields],
);

export const eraseMailbox = graphql(`
  mutation EraseMailbox($id: ID!, $address: String!) {
    eraseMailbox(mailboxId: $id, address: $address) {
      __typename
      ... on Erasure {
        messages
      }
      ... on UserError {
        message
      }
    }
  }
`);

export const eraseUser = graphql(`
  mutation EraseUser($id: ID!, $email: String!) {
    eraseUser(id: $id, email: $email) {
      __typename
      ... on Erasure {
        messages
      }
      ... on UserError {
        message
      }
    }
  }
`);

export type Erasure = ResultOf<typeof erasureFields>;
export type Preview = typeof previewMailbox | typeof previewUser;
