/** Documents are typed from schema/schema.graphql; `npm run schema` writes schema-types.d.ts. */
import { initGraphQLTada } from "gql.tada";

import type { introspection } from "./schema-types";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  disableMasking: true;
  scalars: { DateTime: string; EmailAddress: string; EventID: string; HTML: string; ID: string };
}>();

export type { FragmentOf, ResultOf, VariablesOf } from "gql.tada";
