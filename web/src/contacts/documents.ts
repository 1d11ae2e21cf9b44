/** What the contacts' screens ask and change. */
import { contactRow, type ListedContact } from "../data/documents";
import { graphql, type ResultOf } from "../data/graphql";

export const contactQuery = graphql(
  `
    query ContactPage($id: ID!) {
      contact(id: $id) {
        ...ContactRow
        links {
          mailbox {
            id
            address
          }
        }
      }
    }
  `,
  [contactRow],
);

export const threadsOfQuery = graphql(`
  query ThreadsOfContact($id: ID!, $after: String) {
    contact(id: $id) {
      id
      threads(first: 20, after: $after) {
        edges {
          node {
            id
            subject
            lastMessageAt
            messageCount
            unreadCount
            state
            lastMessage {
              id
              snippet
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

export const createContact = graphql(
  `
    mutation CreateContact($input: ContactInput!) {
      createContact(input: $input) {
        __typename
        ... on Contact {
          ...ContactRow
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
  [contactRow],
);

export const updateContact = graphql(
  `
    mutation UpdateContact($id: ID!, $input: ContactInput!) {
      updateContact(id: $id, input: $input) {
        __typename
        ... on Contact {
          ...ContactRow
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
  [contactRow],
);

export const deleteContact = graphql(`
  mutation DeleteContact($id: ID!) {
    deleteContact(id: $id) {
      __typename
      ... on UserError {
        message
      }
    }
  }
`);

export const importContacts = graphql(`
  mutation ImportContacts($contacts: [ContactInput!]!) {
    importContacts(contacts: $contacts) {
      __typename
      ... on ImportReport {
        created
        updated
        skipped
        rows {
          index
          outcome
          contactId
          reason
        }
      }
      ... on UserError {
        message
      }
    }
  }
`);

export type Contact = ListedContact;
/** A contact with the address books that they are in. */
export type LinkedContact = NonNullable<ResultOf<typeof contactQuery>["contact"]>;
export type ThreadOfContact = NonNullable<
  ResultOf<typeof threadsOfQuery>["contact"]
>["threads"]["edges"][number]["node"];
export interface ContactInput {
  name: string | null;
  company: string | null;
  emails: string[];
}
export type ImportReport = Extract<
  ResultOf<typeof importContacts>["importContacts"],
  { __typename: "ImportReport" }
>;
