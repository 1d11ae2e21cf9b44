"""The web app, served as it was built: web/dist, with nothing fetched from elsewhere.

Belongs here: its files, which browser may do what with them, and the frame that strangers' mail is shown in.
Never: a token; the page takes one from the address's fragment, which browsers do not send.

Built files carry the hash of their content in their names and are kept for a year; the page itself is asked
for anew each time. The mail frame is a document of its own, because a policy that lets mail have inline
styles must not be the app's. Source: Content Security Policy Level 3; security requirements R38 to R43.
"""

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

BUILT: Final = Path(__file__).resolve().parent.parent / "web" / "dist"
"""Where `npm run build` puts the app."""
_FOREVER: Final = "public, max-age=31536000, immutable"
_ASK: Final = "no-cache"
_PACKED: Final = (("br", ".br"), ("gzip", ".gz"))
_SCREENS: Final = ("/", "/t/{rest:path}", "/settings", "/contacts", "/admin", "/bulk", "/connected")
_TYPES: Final = {".woff2": "font/woff2", ".js": "text/javascript; charset=utf-8"}
_MAIL_FRAME: Final = (
    b'<!doctype html><html><head><meta charset="utf-8"><title>Mail</title></head><body></body></html>'
)


def content_security_policy(socket_origin: str) -> str:
    """Return the page's policy: its own scripts, styles and frames, its own API, files it fetched itself."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        f"img-src 'self' blob: data:; font-src 'self'; connect-src 'self' {socket_origin}; "
        "frame-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "object-src 'none'"
    )


def mail_frame_policy(*, images: bool) -> str:
    """Return the policy of the frame around a mail: never a script, and never another host.

    Remote images, where they are asked for, come through the API's own origin (inbound/remote_images.py).
    """
    sources = "'self' data: blob:" if images else "data: blob:"
    return (
        "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; "
        f"img-src {sources}; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


@dataclass(frozen=True, slots=True)
class _File:
    """One built file: its bytes by encoding, "" for as it is, and its type."""

    bodies: dict[str, bytes]
    content_type: str

    def answer(self, request: Request, headers: dict[str, str]) -> Response:
        """Answer with the smallest form that the browser takes."""
        accepted = request.headers.get("accept-encoding", "")
        encoding = next((name for name, _ in _PACKED if name in self.bodies and name in accepted), "")
        headers = headers | {"vary": "accept-encoding"}
        if encoding:
            headers["content-encoding"] = encoding
        return Response(self.bodies[encoding], media_type=self.content_type, headers=headers)


def _read(path: Path) -> _File:
    bodies = {"": path.read_bytes()}
    for name, suffix in _PACKED:
        packed = path.with_name(path.name + suffix)
        if packed.is_file():
            bodies[name] = packed.read_bytes()
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _File(bodies, _TYPES.get(path.suffix, guessed))


def is_built(folder: Path = BUILT) -> bool:
    """Whether there is an app to serve."""
    return (folder / "index.html").is_file()


def routes(public_url: str, folder: Path = BUILT) -> list[Route]:
    """Return the app's routes; `public_url` is how a browser reaches the API. Everything is read once, here.

    Raises:
        OSError: there is no built app in `folder`; ask is_built.
    """
    policy = content_security_policy(public_url.replace("http", "ws", 1))
    page, icon = _read(folder / "index.html"), _read(folder / "icon.svg")
    packed = tuple(suffix for _, suffix in _PACKED)
    files = {path.name: _read(path) for path in (folder / "assets").iterdir() if path.suffix not in packed}

    async def serve_page(request: Request) -> Response:
        return page.answer(request, {"content-security-policy": policy, "cache-control": _ASK})

    async def serve_icon(request: Request) -> Response:
        return icon.answer(request, {"cache-control": "public, max-age=86400"})

    async def serve_asset(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        if found is None:
            return PlainTextResponse("There is no such file.", 404)
        return found.answer(request, {"cache-control": _FOREVER})

    screens = [
        *_SCREENS,
        *(f"{path}/{{rest:path}}" for path in _SCREENS if path.count("/") == 1 and path != "/"),
    ]
    return [
        *(Route(path, serve_page, methods=["GET"]) for path in screens),
        Route("/icon.svg", serve_icon, methods=["GET"]),
        Route("/assets/{name}", serve_asset, methods=["GET"]),
        Route("/mail-frame", _serve_mail_frame, methods=["GET"]),
    ]


async def _serve_mail_frame(request: Request) -> Response:
    """Serve the empty document that the app writes a mail into, sandboxed: it can run nothing."""
    images = request.query_params.get("images") == "shown"
    headers = {
        "content-security-policy": mail_frame_policy(images=images),
        "x-frame-options": "SAMEORIGIN",
        "cache-control": "public, max-age=3600",
    }
    return Response(_MAIL_FRAME, media_type="text/html; charset=utf-8", headers=headers)
