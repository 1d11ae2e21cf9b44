"""The command line: `python -m simulator --port 8002 --seed`."""

import argparse
import asyncio
import contextlib
import logging
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from simulator import seed
from simulator.google.grants import Client
from simulator.microsoft.grants import MicrosoftClient
from simulator.relay import read_relay
from simulator.server import application
from simulator.state import StateFile, Unreadable
from simulator.world import World

CLIENT_ID, CLIENT_SECRET = "bothways-demo.apps.simulator", "simulator-secret"
REDIRECT_URIS = ["http://127.0.0.1:8000/oauth/google/callback", "http://localhost:8000/oauth/google/callback"]
MICROSOFT_CLIENT_ID = "b07bbd27-1f2a-4c35-9d5e-5d1a7e0c2f10"
MICROSOFT_REDIRECT_URIS = [uri.replace("google", "microsoft") for uri in REDIRECT_URIS]


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="A small Google, a small Microsoft, and people who write."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8002, help="port, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument("--state", type=Path, help="file that keeps the world between starts")
    parser.add_argument(
        "--seed", action="store_true", help="begin an empty world with the demo's people and mail"
    )
    parser.add_argument(
        "--redirect-uri",
        action="append",
        default=[],
        metavar="URI",
        help="redirect URI of the demo client (repeatable)",
    )
    parser.add_argument(
        "--microsoft-redirect-uri",
        action="append",
        default=[],
        metavar="URI",
        help="redirect URI of the demo client at Microsoft (repeatable)",
    )
    parser.add_argument("--inbound-domain", default="", help="domain whose mail leaves by SMTP")
    parser.add_argument(
        "--inbound-smtp", default="", metavar="HOST:PORT", help="SMTP server of the inbound domain"
    )
    parser.add_argument(
        "--smtp-port", type=int, metavar="PORT", help="port at which mail from outside is taken by SMTP"
    )
    parser.add_argument("--push-url", default="", help="endpoint that gets Pub/Sub notifications")
    parser.add_argument(
        "--push-audience", default="", help="audience of the push token (default: the push URL)"
    )
    parser.add_argument("--push-service-account", default="", help="e-mail claim of the push token")
    parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])
    return parser.parse_args(words)


def prepare(world: World, options: argparse.Namespace) -> StateFile | None:
    """Restore or fill the world, and register what the command line names.

    Raises:
        Unreadable: the state file is none.
    """
    state_file = StateFile(world, options.state) if options.state else None
    restored = state_file.load() if state_file else False
    if options.seed and not restored:
        seed.fill(world)
    clients = world.grants.state.clients
    if CLIENT_ID not in clients:
        clients[CLIENT_ID] = Client(CLIENT_ID, CLIENT_SECRET, list(REDIRECT_URIS))
    for uri in options.redirect_uri:
        if uri not in clients[CLIENT_ID].redirect_uris:
            clients[CLIENT_ID].redirect_uris.append(uri)
    known = world.microsoft.grants.state.clients
    if MICROSOFT_CLIENT_ID not in known:
        known[MICROSOFT_CLIENT_ID] = MicrosoftClient(
            MICROSOFT_CLIENT_ID, CLIENT_SECRET, list(MICROSOFT_REDIRECT_URIS)
        )
    for uri in options.microsoft_redirect_uri:
        if uri not in known[MICROSOFT_CLIENT_ID].redirect_uris:
            known[MICROSOFT_CLIENT_ID].redirect_uris.append(uri)
    world.post.relay = read_relay(options.inbound_domain, options.inbound_smtp)
    settings = world.pubsub.state.settings
    settings.url = options.push_url or settings.url
    settings.audience = options.push_audience or settings.audience
    settings.service_account = options.push_service_account or settings.service_account
    return state_file


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    world = World()
    state_file = prepare(world, options)
    config = uvicorn.Config(
        application(world, state_file, options.smtp_port),
        host=options.host,
        port=options.port,
        log_level=options.log_level,
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
        server_header=False,
        date_header=False,
    )
    server = uvicorn.Server(config)
    listener = listening(options.host, options.port)
    host, port = listener.getsockname()[:2]
    print(f"simulator listening on http://{host}:{port}", flush=True)
    await server.serve(sockets=[listener])


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that already listens, so that whoever reads the URL can connect.

    It names its protocol: asyncio turns Nagle's algorithm off only for sockets that say TCP, and with it
    on every answer waits 40 ms for the client's delayed acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


def main() -> int:
    """Run the program; the exit status is 0 after a signal, 2 for a state file that cannot be read."""
    options = arguments()
    logging.basicConfig(level=options.log_level.upper())
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(options))
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
