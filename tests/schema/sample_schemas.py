"""Two schemas with everything a schema can have: one of graphql-core's making, one of Strawberry's."""

import datetime
from enum import Enum

import strawberry
from graphql import GraphQLScalarType, GraphQLSchema, build_schema
from strawberry.schema.config import StrawberryConfig

from tests.schema.drawn_values import with_drawn_answers

SDL = """
scalar Stamp
enum Color { RED GREEN BLUE }
input Filter { text: String = "all", colors: [Color!], deep: Filter }
interface Node { id: ID! }
interface Named implements Node { id: ID!, name(short: Boolean = false): String }
type Part implements Node & Named {
  id: ID!
  name(short: Boolean = false): String
  weight: Float!
  owner: Thing
  tags: [String!]
}
type Thing implements Node & Named {
  id: ID!
  name(short: Boolean = false): String
  count: Int!
  flag: Boolean!
  color: Color!
  at: Stamp
  parts(first: Int = 2, filter: Filter): [Part!]!
  maybes: [Part]
  matrix: [[Int!]!]!
  loose: [[Part]]
  other: Found
  anyNode: Node!
  anyNamed: [Named!]
}
union Found = Part | Thing
type Query {
  thing(id: ID! = "1"): Thing
  must: Thing!
  things(filter: Filter, colors: [Color!] = [RED]): [Thing!]!
  found: [Found]
  node: Node
  number: Int!
  word: String
}
type Mutation {
  bump(by: Int!): Int!
  make(name: String): Thing
  must: Thing!
}
"""


def core_schema(resolved: str = "") -> GraphQLSchema:
    """Return a schema of plain graphql-core."""
    schema = build_schema(SDL)
    stamp = schema.type_map["Stamp"]
    assert isinstance(stamp, GraphQLScalarType)
    stamp.coerce_output_value = lambda value: None if value == "" else f"at {value}"
    return with_drawn_answers(schema, resolved)


@strawberry.enum
class Shade(Enum):
    LIGHT = "light"
    DARK = "dark"


@strawberry.interface
class Item:
    id: strawberry.ID
    label: str | None


@strawberry.type
class Leaf(Item):
    size_bytes: int
    ratio: float
    is_open: bool
    shade: Shade
    shades: list[Shade] | None
    at: datetime.datetime
    from_: str = strawberry.field(name="from")


@strawberry.type
class Branch(Item):
    leaves: list[Leaf]
    maybe: Leaf | None
    grid: list[list[int]]

    @strawberry.field
    def leaf(self, info: strawberry.Info, number: int = 1) -> Leaf:
        raise NotImplementedError("drawn answers stand in")

    @strawberry.field
    async def parent(self) -> "Branch | None":
        raise NotImplementedError("drawn answers stand in")


@strawberry.type
class Query:
    branch: Branch | None
    leaves: list[Leaf]
    either: list[Leaf | Branch]
    item: Item | None


def strawberry_schema() -> GraphQLSchema:
    """Return a schema of Strawberry's making."""
    made = strawberry.Schema(Query, types=[Leaf, Branch], config=StrawberryConfig())
    return with_drawn_answers(made._schema)
