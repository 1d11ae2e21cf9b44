"""GraphiQL, served from here with nothing fetched from elsewhere.

Belongs here: the page, its start script and the built assets of other projects (assets/README.md lists
them with their licences). Never: a token; the page takes one from the address's fragment, which browsers
do not send, or from whoever types it.
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_FOLDER: Final = Path(__file__).parent
_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_KEEP: Final = "public, max-age=3600"


def content_security_policy(socket_origin: str) -> str:
    """Return the page's policy: its own scripts and styles, its own API, nothing else."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        f"img-src 'self' data:; font-src data:; connect-src 'self' {socket_origin}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _asset(name: str) -> tuple[bytes, str] | None:
    """Return an asset gzipped, and its content type; None for a name that is not there."""
    path = _FOLDER / "assets" / f"{name}.gz"
    own = _FOLDER / name
    if name in {"start.js", "style.css"}:
        return gzip.compress(own.read_bytes(), mtime=0), _TYPES[own.suffix]
    if Path(name).name != name or Path(name).suffix not in _TYPES or not path.is_file():
        return None
    return path.read_bytes(), _TYPES[Path(name).suffix]


async def _serve_asset(request: Request) -> Response:
    found = _asset(request.path_params["name"])
    if found is None:
        return PlainTextResponse("There is no such file.", 404)
    packed, content_type = found
    headers = {"cache-control": _KEEP, "vary": "accept-encoding", "x-content-type-options": "nosniff"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=content_type, headers=headers | {"content-encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type=content_type, headers=headers)


def routes(public_url: str) -> list[Route]:
    """Return the page at /graphiql and its files below; `public_url` is how a browser reaches the API."""
    policy = content_security_policy(public_url.replace("http", "ws", 1))
    page = (_FOLDER / "page.html").read_bytes()

    async def serve_page(_: Request) -> Response:
        headers = {"content-security-policy": policy, "cache-control": "no-store"}
        return Response(page, media_type="text/html; charset=utf-8", headers=headers)

    return [
        Route("/graphiql", serve_page, methods=["GET"]),
        Route("/graphiql/{name}", _serve_asset, methods=["GET"]),
    ]
