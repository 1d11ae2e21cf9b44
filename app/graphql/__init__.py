"""GraphQL on the wire: documents, limits, HTTP and graphql-transport-ws."""
