/** What the inbox asks. Fields are chosen to fit the screens; a list's row costs the server one statement. */
import { graphql, type ResultOf } from "./graphql";

export const mailboxFields = graphql(`
  fragment MailboxFields on Mailbox {
    id
    provider
    address
    sendAs
    status
    statusReason
    missingPermissions
    visibility
    scope
    owner {
      id
      name
    }
    health {
      lastChangeSeenAt
      pending
      retryAt
    }
    quota {
      limit
      used
      freesAt
    }
  }
`);

export const threadRow = graphql(`
  fragment ThreadRow on Thread {
    id
    subject
    unreadCount
    messageCount
    lastMessageAt
    state
    private
    assignee {
      id
      name
    }
    contact {
      id
      name
      emails
    }
    lastMessage {
      id
      snippet
      direction
      from {
        address
        name
        kind
      }
      attachments {
        id
        inline
      }
      delivery {
        state
      }
    }
  }
`);

export const messageState = graphql(`
  fragment MessageState on Message {
    id
    read
    warnings
    delivery {
      state
      via
      attempts
      error
      sendAt
      undoUntil
      sentAt
    }
    attachments {
      id
      name
      contentType
      sizeBytes
      inline
      contentId
      state
      url
    }
  }
`);

export const messageFields = graphql(
  `
    fragment MessageFields on Message {
      ...MessageState
      direction
      origin
      mailbox {
        id
        address
        owner {
          id
          name
        }
      }
      internetMessageId
      from {
        address
        name
        kind
      }
      to {
        address
        name
        kind
      }
      cc {
        address
        name
        kind
      }
      bcc {
        address
        name
        kind
      }
      subject
      snippet
      text
      html
      quotedFrom
      sentAt
      syncedAt
    }
  `,
  [messageState],
);

export const viewerQuery = graphql(
  `
    query Viewer {
      viewer {
        scopes
        user {
          id
          name
          email
          role
        }
        workspace {
          id
          name
          attachmentLimitBytes
          attachmentTypes
          users {
            id
            name
            email
            role
          }
          labs {
            outlook
          }
        }
      }
      mailboxes {
        ...MailboxFields
      }
    }
  `,
  [mailboxFields],
);

export const countsQuery = graphql(`
  query InboxCounts {
    viewer {
      unreadThreads
      unansweredThreads
    }
  }
`);

export const threadsQuery = graphql(
  `
    query Threads($filter: ThreadFilter, $first: Int, $after: String) {
      threads(filter: $filter, first: $first, after: $after) {
        edges {
          cursor
          node {
            ...ThreadRow
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [threadRow],
);

export const threadRowQuery = graphql(
  `
    query ThreadRowOf($id: ID!) {
      thread(id: $id) {
        ...ThreadRow
      }
    }
  `,
  [threadRow],
);

export const conversationQuery = graphql(
  `
    query Conversation($id: ID!, $before: String) {
      thread(id: $id) {
        ...ThreadRow
        participants {
          address
          name
          kind
        }
        syncing {
          ...MailboxFields
        }
        contact {
          id
          name
          emails
          company
          createdAt
        }
        messages(last: 20, before: $before) {
          edges {
            cursor
            node {
              ...MessageFields
            }
          }
          pageInfo {
            hasPreviousPage
            startCursor
          }
        }
      }
    }
  `,
  [threadRow, messageFields, mailboxFields],
);

export const messageQuery = graphql(
  `
    query MessageOf($id: ID!) {
      message(id: $id) {
        ...MessageFields
      }
    }
  `,
  [messageFields],
);

/** A mail's HTML with its remote images, for a reader who asks for them: their addresses last five minutes. */
export const imagesQuery = graphql(`
  query ImagesOf($id: ID!) {
    message(id: $id) {
      id
      htmlWithImages
    }
  }
`);

export const contactThreadsQuery = graphql(`
  query ContactThreads($id: ID!) {
    contact(id: $id) {
      id
      threads(first: 6) {
        edges {
          node {
            id
            subject
            lastMessageAt
            unreadCount
          }
        }
      }
    }
  }
`);

export const searchQuery = graphql(`
  query Search($query: String!, $after: String) {
    searchMessages(query: $query, first: 30, after: $after) {
      edges {
        node {
          id
          subject
          snippet
          sentAt
          direction
          from {
            address
            name
          }
          thread {
            id
            contact {
              id
              name
              emails
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

export const contactsQuery = graphql(`
  query ContactChoices($search: String) {
    contacts(search: $search, first: 8) {
      edges {
        node {
          id
          name
          company
          emails
        }
      }
    }
  }
`);

export const contactRow = graphql(`
  fragment ContactRow on Contact {
    id
    name
    company
    emails
    createdAt
    createdBy
  }
`);

export const contactsPageQuery = graphql(
  `
    query ContactsPage($search: String, $after: String) {
      contacts(search: $search, first: 50, after: $after) {
        edges {
          node {
            ...ContactRow
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [contactRow],
);

export const markThread = graphql(
  `
    mutation MarkThread($id: ID!, $read: Boolean, $state: ThreadState, $private: Boolean) {
      markThread(id: $id, read: $read, state: $state, private: $private) {
        __typename
        ... on Thread {
          ...ThreadRow
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [threadRow],
);

export const assignThread = graphql(
  `
    mutation AssignThread($id: ID!, $assigneeId: ID) {
      markThread(id: $id, assigneeId: $assigneeId) {
        __typename
        ... on Thread {
          ...ThreadRow
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [threadRow],
);

export const sendEmail = graphql(
  `
    mutation SendEmail($input: SendEmailInput!) {
      sendEmail(input: $input) {
        __typename
        ... on Message {
          ...MessageFields
          thread {
            ...ThreadRow
          }
          replayed
        }
        ... on UserError {
          message
        }
        ... on InvalidInput {
          field
        }
        ... on DailyLimitReached {
          used
          limit
          freesAt
        }
        ... on AttachmentTooLarge {
          limitBytes
          sizeBytes
        }
        ... on Reauthenticate {
          keptMessage {
            id
            thread {
              id
            }
          }
        }
      }
    }
  `,
  [messageFields, threadRow],
);

export const cancelSend = graphql(
  `
    mutation CancelSend($messageId: ID!) {
      cancelSend(messageId: $messageId) {
        __typename
        ... on Message {
          ...MessageState
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [messageState],
);

export const retrySend = graphql(
  `
    mutation RetrySend($messageId: ID!) {
      retrySend(messageId: $messageId) {
        __typename
        ... on Message {
          ...MessageState
        }
        ... on UserError {
          message
        }
      }
    }
  `,
  [messageState],
);

export const bulkProgress = graphql(`
  fragment BulkProgress on BulkSend {
    id
    total
    sent
    refused
    state
    pausedBecause
    endedAt
  }
`);

export const feedSubscription = graphql(
  `
    subscription Feed($after: EventID) {
      inbox(after: $after) {
        __typename
        id
        at
        ... on MessageSynced {
          message {
            id
            direction
            snippet
            from {
              address
              name
              kind
            }
            thread {
              ...ThreadRow
            }
          }
        }
        ... on MessageChanged {
          message {
            ...MessageState
            thread {
              id
            }
          }
        }
        ... on ThreadChanged {
          thread {
            ...ThreadRow
          }
        }
        ... on MailboxChanged {
          mailbox {
            ...MailboxFields
          }
        }
        ... on BulkSendProgressed {
          bulkSend {
            ...BulkProgress
          }
        }
        ... on Withdrawn {
          threadId
          messageId
        }
      }
    }
  `,
  [threadRow, messageState, mailboxFields, bulkProgress],
);

export type ListedContact = ResultOf<typeof contactRow>;
export type Mailbox = ResultOf<typeof mailboxFields>;
export type ThreadRow = ResultOf<typeof threadRow>;
export type Message = ResultOf<typeof messageFields>;
export type MessageState = ResultOf<typeof messageState>;
export type Attachment = MessageState["attachments"][number];
export type Person = Message["from"];
export type Conversation = NonNullable<ResultOf<typeof conversationQuery>["thread"]>;
export type InboxEvent = ResultOf<typeof feedSubscription>["inbox"];
export type ViewerAnswer = ResultOf<typeof viewerQuery>;
export type Found = ResultOf<typeof searchQuery>["searchMessages"]["edges"][number]["node"];
