"""A name that changes between the look and the connection (fault 29): whoever was looked at is connected to.

The resolver is the system's, so its answers are changed where Python asks it. Both servers count.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import pytest

from providers.smtp.account import SmtpAccount, SmtpSettings
from providers.smtp.reaching import connect
from providers.web import NoAnswer, WebClient, images_reaching, webhooks_reaching
from rules.errors import OperatorMustAct
from rules.web_addresses import read_web_address
from rules.words import EmailAddress, TlsMode
from tests.providers.http_server import Server, answer
from tests.waiting import wait_until

NAME: Final = "rebinding.example"
LOOKED_AT: Final = "127.0.0.2"
"""The operator's one exception, as a host outside would be."""
INSIDE: Final = "127.0.0.1"
NETWORKS: Final = (f"{LOOKED_AT}/32",)


@dataclass
class Names:
    """A resolver whose answers for one name are taken in turn; the last one stays."""

    answers: list[list[str]]
    asked: int = 0
    real: Callable[..., Any] = socket.getaddrinfo

    def __call__(self, host: str | bytes | None, port: Any, *more: Any, **named: Any) -> Any:
        if host != NAME:
            return self.real(host, port, *more, **named)
        self.asked += 1
        told = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [found for one in told for found in self.real(one, port, type=socket.SOCK_STREAM)]


@dataclass
class Hosts:
    """The same port of two hosts."""

    port: int = 0
    servers: dict[str, Server] = field(default_factory=dict)

    def connections(self) -> dict[str, int]:
        return {host: server.connections for host, server in self.servers.items()}


@pytest.fixture
async def hosts() -> AsyncIterator[Hosts]:
    made, listening = Hosts(), []
    for host in (INSIDE, LOOKED_AT):
        made.servers[host] = server = Server([answer(b"fine", headers="Connection: close\r\n")])
        listening.append(await asyncio.start_server(server.serve, host, made.port))
        made.port = listening[0].sockets[0].getsockname()[1]
    yield made
    for one in listening:
        one.close()


async def over_http(client: WebClient, port: int) -> None:
    try:
        address = read_web_address(f"http://{NAME}:{port}/")
        await client.send("GET", address, {}, limit_bytes=100, deadline=timedelta(seconds=5))
    finally:
        await client.close()


async def of_a_webhook(port: int) -> None:
    await over_http(WebClient(webhooks_reaching(NETWORKS)), port)


async def of_an_image(port: int) -> None:
    await over_http(WebClient(images_reaching(NETWORKS)), port)


async def of_a_mail_server(port: int) -> None:
    account = SmtpAccount(NAME, port, TlsMode.NONE, None, None, EmailAddress("hello@example.test"))
    made = await connect(account, SmtpSettings(allowed_networks=NETWORKS))
    made.close()


WAYS: Final[dict[str, Callable[[int], Awaitable[None]]]] = {
    "webhook": of_a_webhook,
    "image": of_an_image,
    "mail server": of_a_mail_server,
}


@pytest.mark.rule("R32")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "answers",
    [[[LOOKED_AT], [INSIDE]], [[INSIDE, LOOKED_AT], [INSIDE]], [["::ffff:127.0.0.1", LOOKED_AT], [INSIDE]]],
    ids=["changes", "both at once", "mapped"],
)
async def test_what_was_looked_at_is_connected_to_though_the_name_has_changed(
    way: str, answers: list[list[str]], hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(list(answers))
    monkeypatch.setattr(socket, "getaddrinfo", names)
    await WAYS[way](hosts.port)

    await wait_until(lambda: any(hosts.connections().values()), description="a server is connected to")
    assert hosts.connections() == {LOOKED_AT: 1, INSIDE: 0}
    assert names.asked == 1


@pytest.mark.rule("R32")
@pytest.mark.parametrize("way", WAYS)
async def test_what_pointed_inside_when_it_was_looked_at_is_not_asked_for_again(
    way: str, hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names([[INSIDE], [LOOKED_AT]])
    monkeypatch.setattr(socket, "getaddrinfo", names)
    with pytest.raises((NoAnswer, OperatorMustAct), match="address or port"):
        await WAYS[way](hosts.port)

    assert hosts.connections() == {LOOKED_AT: 0, INSIDE: 0}
    assert names.asked == 1


@pytest.mark.rule("R32")
async def test_each_connection_is_looked_at_anew(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that was fine once, and whose name then points inside."""
    monkeypatch.setattr(socket, "getaddrinfo", Names([[LOOKED_AT], [INSIDE]]))
    client = WebClient(webhooks_reaching(NETWORKS))
    address = read_web_address(f"http://{NAME}:{hosts.port}/")
    first = await client.send("POST", address, {}, b"{}", limit_bytes=100, deadline=timedelta(seconds=5))
    with pytest.raises(NoAnswer, match="address or port"):
        await client.send("POST", address, {}, b"{}", limit_bytes=100, deadline=timedelta(seconds=5))
    await client.close()

    assert first.status == 200
    assert hosts.connections() == {LOOKED_AT: 1, INSIDE: 0}
