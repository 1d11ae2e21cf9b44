"""One log for the whole process: structured, on standard error, with nothing in it that must not leak.

Belongs here: how a line is made, and what is struck out of it. Never: what is worth logging. The law is that
secrets do not reach a logger; striking them out here is the second wall (security R12).
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.typing import Processor

STRUCK_OUT: Final = "[struck out]"

_SECRET_NAMES: Final = re.compile(
    r"(authorization|cookie|token|secret|password|passwd|api_?key|code_verifier|refresh|private_key|kek|dsn)",
    re.IGNORECASE,
)
_INNOCENT_NAMES: Final = frozenset({"token_count", "tokens_used", "exc_info"})
_SECRET_SHAPES: Final = re.compile(
    r"""
      \bbw_[A-Za-z0-9]+_[A-Za-z0-9_-]{20,}                     # an API key of ours
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*  # a JWT
    | \bya29\.[A-Za-z0-9_.-]{8,}                                # Google's access token
    | \b1//[A-Za-z0-9_-]{16,}                                   # Google's refresh token
    | \b4/[A-Za-z0-9_-]{20,}                                    # Google's authorization code
    | (?<=://)[^/\s:@]+:[^/\s@]+(?=@)                           # a name and password in a URL
    | \bBearer\s+[^\s'",}]+
    | (?<=[?&])(code|state|token|signature|access_token|refresh_token)=[^&\s'"]+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DATABASE_DETAILS: Final = re.compile(
    r"(?<=DETAIL:)[\s\S]*?(?=\n(?:HINT|CONTEXT|\[SQL|The above exception|During handling|\S+Error\b)|\Z)"
)
"""What PostgreSQL adds to an error: keys, and whole rows, so addresses and mail."""
_DEEPEST: Final = 6


def strike_out(value: Any, *, depth: int = 0) -> Any:
    """Return the value without secrets: by the names of fields, and by their shape inside text."""
    if isinstance(value, str):
        return _SECRET_SHAPES.sub(STRUCK_OUT, _DATABASE_DETAILS.sub(f" {STRUCK_OUT}", value))
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if depth >= _DEEPEST:
        return "[too deep]"
    if isinstance(value, dict):
        return {
            key: STRUCK_OUT if _is_secret_name(str(key)) and inner else strike_out(inner, depth=depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [strike_out(inner, depth=depth + 1) for inner in value]
    return value


def _is_secret_name(name: str) -> bool:
    return name not in _INNOCENT_NAMES and _SECRET_NAMES.search(name) is not None


def _strike_out_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    message = event.pop("event", "")
    struck: dict[str, Any] = strike_out(dict(event))
    struck["event"] = strike_out(message)
    return struck


def start_logs(level: str, *, json_lines: bool, process: str) -> None:
    """Send every log of the process, the libraries' too, through the same processors to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
    ]
    last: list[Processor] = (
        [structlog.processors.format_exc_info, _strike_out_event, structlog.processors.JSONRenderer()]
        if json_lines
        else [
            structlog.processors.format_exc_info,
            _strike_out_event,
            structlog.dev.ConsoleRenderer(colors=False),
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "arq", "arq.worker"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # Both log whole requests at INFO: addresses with search terms in them.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)
