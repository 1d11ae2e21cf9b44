/** What the bulk screens ask and change. */
import { bulkProgress } from "../data/documents";
import { graphql, type ResultOf, type VariablesOf } from "../data/graphql";

const bulkRow = graphql(
  `
    fragment BulkRow on BulkSend {
      ...BulkProgress
      subject
      createdAt
      via
      author {
        id
        name
      }
    }
  `,
  [bulkProgress],
);

export const bulkSendsQuery = graphql(
  `
    query BulkSends($after: String) {
      bulkSends(first: 25, after: $after) {
        edges {
          node {
            ...BulkRow
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [bulkRow],
);

export const bulkSendQuery = graphql(
  `
    query BulkSendOf($id: ID!) {
      bulkSend(id: $id) {
        ...BulkRow
        text
        html
      }
    }
  `,
  [bulkRow],
);

export const recipientsQuery = graphql(`
  query BulkRecipients($id: ID!, $outcome: BulkOutcome, $after: String) {
    bulkRecipients(bulkSendId: $id, outcome: $outcome, first: 50, after: $after) {
      edges {
        node {
          id
          outcome
          reason
          contact {
            id
            name
            emails
          }
          message {
            id
            thread {
              id
            }
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const previewQuery = graphql(`
  query PreviewBulkEmail($input: SendBulkEmailInput!, $index: Int!) {
    previewBulkEmail(input: $input, index: $index) {
      __typename
      ... on BulkPreview {
        total
        incomplete
        suppressed
        via
        fromAddress
        fromName
        answersHere
        replyTo
        contactId
        name
        address
        subject
        text
        html
        obstacle {
          kind
          missing
        }
        obstacles {
          contactId
          name
          address
          kind
          missing
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
`);

export const sendBulkEmail = graphql(`
  mutation SendBulkEmail($input: SendBulkEmailInput!) {
    sendBulkEmail(input: $input) {
      __typename
      ... on BulkSend {
        id
      }
      ... on UserError {
        message
      }
      ... on InvalidInput {
        field
      }
    }
  }
`);

export const pauseBulkSend = graphql(
  `
    mutation PauseBulkSend($id: ID!) {
      pauseBulkSend(id: $id) {
        __typename
        ... on BulkSend {
          ...BulkProgress
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [bulkProgress],
);

export const resumeBulkSend = graphql(
  `
    mutation ResumeBulkSend($id: ID!) {
      resumeBulkSend(id: $id) {
        __typename
        ... on BulkSend {
          ...BulkProgress
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [bulkProgress],
);

export const cancelBulkSend = graphql(
  `
    mutation CancelBulkSend($id: ID!) {
      cancelBulkSend(id: $id) {
        __typename
        ... on BulkSend {
          ...BulkProgress
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [bulkProgress],
);

export type BulkRow = ResultOf<typeof bulkRow>;
export type BulkSend = NonNullable<ResultOf<typeof bulkSendQuery>["bulkSend"]>;
export type Recipient = ResultOf<typeof recipientsQuery>["bulkRecipients"]["edges"][number]["node"];
export type Outcome = Recipient["outcome"];
export type BulkInput = VariablesOf<typeof sendBulkEmail>["input"];
export type PreviewAnswer = ResultOf<typeof previewQuery>["previewBulkEmail"];
export type Preview = Extract<PreviewAnswer, { __typename: "BulkPreview" }>;
export type Obstacle = Preview["obstacles"][number];
