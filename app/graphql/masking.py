"""Which errors a client may read, and what it reads in place of the others.

Refusals of the document and of variables are graphql-core's own and stay as they are. A field error is
readable where a resolver meant it to be: it raised a `Fault`, or another GraphQLError with a code.
A database that is away is UNAVAILABLE: the same request may be made again. Everything else is logged with its
trace, without variables, and answered as INTERNAL with the request id.
Source: security requirement R21.
"""

from collections.abc import Iterable
from typing import Any, Final

import structlog
from graphql import GraphQLError

from database.lines import DatabaseAway, DatabaseBusy
from schema.faults import Code

log = structlog.get_logger(__name__)

UNEXPECTED: Final = "Something went wrong on our side."
AWAY: Final = "The database is away for a moment. Make the same request again, a little later."


def is_readable(error: GraphQLError) -> bool:
    """Tell whether the error was written for clients.

    graphql-core wraps what a resolver raised and takes over its extensions: there must be a code, and it
    must have been a GraphQLError that brought it. A leaf that does not serialise and a null where none may
    be have no code: they are our own bugs.
    """
    is_ours = error.original_error is None or isinstance(error.original_error, GraphQLError)
    return is_ours and "code" in (error.extensions or {})


def format_errors(errors: Iterable[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Return errors as clients see them; the unexpected ones are logged here, each once."""
    return [dict(error.formatted) if is_readable(error) else _masked(error, request_id) for error in errors]


def _masked(error: GraphQLError, request_id: str) -> dict[str, Any]:
    cause = error.original_error or error
    masked = {key: value for key, value in error.formatted.items() if key in ("locations", "path")}
    if isinstance(cause, DatabaseAway | DatabaseBusy):
        log.warning("graphql.database_away", request_id=request_id, reason=str(cause))
        return {"message": AWAY, **masked, "extensions": {"code": Code.UNAVAILABLE.value}}
    log.error(
        "graphql.unexpected_error",
        request_id=request_id,
        path=".".join(str(key) for key in error.path or ()),
        exc_info=(type(cause), cause, cause.__traceback__),
    )
    return {
        "message": UNEXPECTED,
        **masked,
        "extensions": {"code": Code.INTERNAL.value, "requestId": request_id},
    }
