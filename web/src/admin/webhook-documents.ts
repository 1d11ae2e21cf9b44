/** What admins ask and change of webhooks. */
import { graphql, type ResultOf } from "../data/graphql";

const webhookFields = graphql(`
  fragment WebhookFields on Webhook {
    id
    url
    events
    state
    offBecause
    waiting
    failingSince
    lastDeliveredAt
    lastError
    previousSecretUntil
    createdAt
  }
`);

const deliveryFields = graphql(`
  fragment DeliveryFields on WebhookDelivery {
    id
    kind
    state
    attempts
    createdAt
    lastAttemptAt
    lastStatus
    error
    nextAttemptAt
    deliveredAt
  }
`);

export const webhooksQuery = graphql(
  `
    query Webhooks {
      workspace {
        id
        webhooks {
          ...WebhookFields
        }
      }
    }
  `,
  [webhookFields],
);

export const deliveriesQuery = graphql(
  `
    query WebhookDeliveries($id: ID!, $after: String) {
      webhookDeliveries(webhookId: $id, first: 20, after: $after) {
        edges {
          node {
            ...DeliveryFields
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [deliveryFields],
);

export const createWebhook = graphql(`
  mutation CreateWebhook($url: String!, $events: [EventKind!]!) {
    createWebhook(url: $url, events: $events) {
      __typename
      ... on WebhookSecret {
        secret
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

export const updateWebhook = graphql(`
  mutation UpdateWebhook($id: ID!, $url: String!, $events: [EventKind!]!) {
    updateWebhook(id: $id, url: $url, events: $events) {
      __typename
      ... on Webhook {
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

export const deleteWebhook = graphql(`
  mutation DeleteWebhook($id: ID!) {
    deleteWebhook(id: $id) {
      __typename
      ... on UserError {
        message
      }
    }
  }
`);

export const pauseWebhook = graphql(`
  mutation PauseWebhook($id: ID!) {
    pauseWebhook(id: $id) {
      __typename
      ... on UserError {
        message
      }
    }
  }
`);

export const resumeWebhook = graphql(`
  mutation ResumeWebhook($id: ID!) {
    resumeWebhook(id: $id) {
      __typename
      ... on UserError {
        message
      }
    }
  }
`);

export const testWebhook = graphql(`
  mutation TestWebhook($id: ID!) {
    testWebhook(id: $id) {
      __typename
      ... on UserError {
        message
      }
    }
  }
`);

export const replaceWebhookSecret = graphql(`
  mutation ReplaceWebhookSecret($id: ID!) {
    replaceWebhookSecret(id: $id) {
      __typename
      ... on WebhookSecret {
        secret
      }
      ... on UserError {
        message
      }
    }
  }
`);

export const replayDelivery = graphql(`
  mutation ReplayDelivery($id: ID!) {
    replayWebhookDelivery(id: $id) {
      __typename
      ... on UserError {
        message
      }
    }
  }
`);

export const replayWebhook = graphql(`
  mutation ReplayWebhook($id: ID!, $since: DateTime!) {
    replayWebhook(id: $id, since: $since) {
      __typename
      ... on WebhookReplayed {
        count
        webhook {
          id
          state
        }
      }
      ... on UserError {
        message
      }
    }
  }
`);

export type Webhook = ResultOf<typeof webhooksQuery>["workspace"]["webhooks"][number];
export type EventKind = Webhook["events"][number];
export type WebhookDelivery = ResultOf<typeof deliveryFields>;
