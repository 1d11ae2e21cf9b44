/** What admins ask and change. */
import { graphql, type ResultOf } from "../data/graphql";

const workspaceFields = graphql(`
  fragment GovernedWorkspace on Workspace {
    id
    name
    attachmentLimitBytes
    attachmentTypes
    oversize
    blocklist
    preset
    labs {
      outlook
    }
  }
`);

export const presetsQuery = graphql(`
  query Presets {
    presets {
      preset
      attachmentLimitBytes
      attachmentTypes
      oversize
      labsOutlook
      scopes {
        provider
        scope
      }
    }
  }
`);

export const applyPreset = graphql(
  `
    mutation ApplyPreset($preset: Preset!) {
      applyPreset(preset: $preset) {
        __typename
        ... on Workspace {
          ...GovernedWorkspace
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [workspaceFields],
);

export const workspaceQuery = graphql(
  `
    query GovernedWorkspaceOf {
      workspace {
        ...GovernedWorkspace
      }
    }
  `,
  [workspaceFields],
);

export const peopleQuery = graphql(`
  query People {
    workspace {
      id
      users {
        id
        name
        email
        role
        mailbox {
          id
          address
          status
        }
      }
    }
  }
`);

export const mailboxesQuery = graphql(`
  query GovernedMailboxes {
    mailboxes {
      id
      provider
      address
      status
      statusReason
      owner {
        id
        name
      }
      quota {
        limit
        used
      }
      health {
        lastChangeSeenAt
        pending
        setAside
        latencyP95Ms
        verified {
          at
          expected
          present
        }
      }
    }
  }
`);

const apiKeyFields = graphql(`
  fragment ApiKeyFields on ApiKey {
    id
    name
    prefix
    scopes
    createdAt
    revokedAt
    user {
      id
      name
    }
  }
`);

export const apiKeysQuery = graphql(
  `
    query ApiKeys {
      viewer {
        apiKey {
          id
        }
      }
      workspace {
        id
        apiKeys {
          ...ApiKeyFields
        }
      }
    }
  `,
  [apiKeyFields],
);

export const updateWorkspace = graphql(
  `
    mutation UpdateWorkspace($input: WorkspaceInput!) {
      updateWorkspace(input: $input) {
        __typename
        ... on Workspace {
          ...GovernedWorkspace
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
  [workspaceFields],
);

export const inviteUser = graphql(`
  mutation InviteUser($input: UserInput!) {
    inviteUser(input: $input) {
      __typename
      ... on User {
        id
        name
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

export const createApiKey = graphql(
  `
    mutation CreateApiKey($name: String!, $scopes: [Scope!]!, $userId: ID) {
      createApiKey(name: $name, scopes: $scopes, userId: $userId) {
        __typename
        ... on ApiKeyCreated {
          secret
          apiKey {
            ...ApiKeyFields
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
  [apiKeyFields],
);

export const revokeApiKey = graphql(
  `
    mutation RevokeApiKey($id: ID!) {
      revokeApiKey(id: $id) {
        __typename
        ... on ApiKey {
          ...ApiKeyFields
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [apiKeyFields],
);

export type GovernedWorkspace = ResultOf<typeof workspaceFields>;
export type PresetSettings = ResultOf<typeof presetsQuery>["presets"][number];
export type ApiKey = ResultOf<typeof apiKeyFields>;
export type GovernedMailbox = ResultOf<typeof mailboxesQuery>["mailboxes"][number];
export type Scope = ApiKey["scopes"][number];
export interface WorkspaceChange {
  name?: string;
  attachmentLimitBytes?: number;
  attachmentTypes?: string[] | null;
  oversize?: GovernedWorkspace["oversize"];
  blocklist?: string[];
  labsOutlook?: boolean;
}
