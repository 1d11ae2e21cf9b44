/** What the settings of a mailbox ask and change. */
import { graphql, type ResultOf } from "../data/graphql";

export const mailboxQuery = graphql(`
  query MailboxSettings($id: ID!) {
    mailbox(id: $id) {
      id
      provider
      address
      sendAs
      status
      statusReason
      missingPermissions
      scope
      visibility
      connectedAt
      activatedAt
      addressBook {
        syncedAt
        error
      }
      quota {
        limit
        used
        freesAt
      }
      health {
        lastChangeSeenAt
        lastStoredAt
        pending
        setAside
        nextCheckAt
        retryAt
        pushExpiresAt
        latencyP95Ms
        verified {
          at
          expected
          present
        }
        gaps {
          from
          to
          repairedAt
        }
      }
      skipped {
        reason
        count
      }
    }
  }
`);

export const autoBccQuery = graphql(`
  query AutoBcc {
    viewer {
      user {
        id
        autoBccAddress
      }
    }
  }
`);

export const rotateAutoBcc = graphql(`
  mutation RotateAutoBcc {
    rotateAutoBccAddress {
      __typename
      ... on User {
        id
        autoBccAddress
      }
      ... on UserError {
        message
      }
    }
  }
`);

export const attemptQuery = graphql(`
  query Attempt($id: ID!) {
    mailbox(id: $id) {
      id
      provider
      address
      status
      statusReason
      missingPermissions
      scope
    }
  }
`);

const connectAnswer = graphql(`
  fragment ConnectAnswer on ConnectMailboxResult {
    __typename
    ... on Authorization {
      url
      expiresAt
      mailbox {
        id
      }
    }
    ... on UserError {
      message
    }
    ... on InvalidInput {
      field
    }
  }
`);

export const connectMailbox = graphql(
  `
    mutation ConnectMailbox($input: ConnectMailboxInput!) {
      connectMailbox(input: $input) {
        ...ConnectAnswer
      }
    }
  `,
  [connectAnswer],
);

export const updateMailbox = graphql(
  `
    mutation UpdateMailbox($id: ID!, $input: ConnectMailboxInput!) {
      updateMailbox(mailboxId: $id, input: $input) {
        ...ConnectAnswer
      }
    }
  `,
  [connectAnswer],
);

export const reauthenticateMailbox = graphql(
  `
    mutation ReauthenticateMailbox($id: ID!, $returnUrl: String) {
      reauthenticateMailbox(mailboxId: $id, returnUrl: $returnUrl) {
        ...ConnectAnswer
      }
    }
  `,
  [connectAnswer],
);

export const configureMailbox = graphql(`
  mutation ConfigureMailbox($id: ID!, $scope: SyncScope, $visibility: Visibility) {
    configureMailbox(mailboxId: $id, scope: $scope, visibility: $visibility) {
      __typename
      ... on Mailbox {
        id
        scope
        visibility
      }
      ... on UserError {
        message
      }
    }
  }
`);

export const disconnectMailbox = graphql(`
  mutation DisconnectMailbox($id: ID!) {
    disconnectMailbox(mailboxId: $id) {
      __typename
      ... on Disconnected {
        threadsKept
        messagesKept
        linksEnded
        sendsRefused
      }
      ... on UserError {
        message
      }
    }
  }
`);

export const syncNow = graphql(`
  mutation SyncNow($id: ID!) {
    syncNow(mailboxId: $id) {
      __typename
      ... on UserError {
        message
      }
    }
  }
`);

export const linkContacts = graphql(`
  mutation LinkContacts($id: ID!) {
    linkContacts(mailboxId: $id) {
      __typename
      ... on UserError {
        message
      }
    }
  }
`);

export const threadsThroughQuery = graphql(`
  query ThreadsThrough($id: ID!) {
    threads(filter: { mailboxId: $id }, first: 100) {
      edges {
        node {
          id
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

export const decisionsQuery = graphql(`
  query Decisions($id: ID!, $first: Int, $after: String) {
    syncDecisions(mailboxId: $id, first: $first, after: $after) {
      edges {
        node {
          id
          at
          synced
          reason
          rule
          explanation
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const whyQuery = graphql(`
  query Why($id: ID!, $messageId: String!) {
    whyNotSynced(mailboxId: $id, internetMessageId: $messageId) {
      id
      at
      synced
      reason
      rule
      explanation
    }
  }
`);

export type MailboxSettings = NonNullable<ResultOf<typeof mailboxQuery>["mailbox"]>;
export type Attempt = NonNullable<ResultOf<typeof attemptQuery>["mailbox"]>;
export type ConnectAnswer = ResultOf<typeof connectMailbox>["connectMailbox"];
export type Decision = ResultOf<typeof decisionsQuery>["syncDecisions"]["edges"][number]["node"];
export type ScopeOfSync = MailboxSettings["scope"];
export type Visibility = MailboxSettings["visibility"];
export type Provider = MailboxSettings["provider"];
