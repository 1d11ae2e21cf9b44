"""The parts of the operation compiler; `schema.compiled` is the only door.

The law of this package: a compiled operation may be faster than graphql-core, never different. Only
the regular case is compiled. At the first irregular value (an exception, a null where none may be, a
leaf that does not serialise, a type that was not foreseen) the compiled attempt is thrown away and
graphql-core executes the operation, with what the root resolvers already answered. So root resolvers,
mutations above all, run exactly once, and every error is graphql-core's own.

The price, which resolvers must know: a resolver below the root may run twice, so it must be free of
side effects.
"""
