"""The workspace sender against a real mail server: what is handed over, what is not, what nobody knows."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from jobs.table import TABLE
from providers.smtp.account import SmtpAccount, SmtpSettings
from providers.smtp.sender import SmtpSender
from providers.smtp.session import _stuffed
from rules.envelope import Correspondent
from rules.errors import (
    OperatorMustAct,
    OutcomeUnknown,
    ProviderTrouble,
    RefusalKind,
    Refused,
    Retryable,
)
from rules.mime_out import ComposedMessage, OutgoingAttachment, OutgoingMessage, compose
from rules.words import EmailAddress, TlsMode
from tests.mail_server import (
    PASSWORD,
    USERNAME,
    Certificates,
    MailServer,
    make_certificates,
    running_mail_server,
)

FROM = EmailAddress("hello@okafor.example")
DANA, BO = EmailAddress("dana@okafor.co"), EmailAddress("bo@okafor.co")
LOOPBACK = ("127.0.0.0/8", "::1/128")


def settings(**more: object) -> SmtpSettings:
    return SmtpSettings(
        allowed_networks=LOOPBACK,
        answer=timedelta(seconds=2),
        final_answer=timedelta(seconds=1),
        connect=timedelta(seconds=2),
        **more,  # type: ignore[arg-type]  # tests name real fields
    )


def account(server: MailServer, tls: TlsMode = TlsMode.NONE, password: str | None = None) -> SmtpAccount:
    secret = None if password is None else SecretStr(password)
    name = None if password is None else USERNAME
    host = "127.0.0.1" if tls is TlsMode.NONE else "localhost"
    return SmtpAccount(host, server.port, tls, name, secret, FROM)


def mail(text: str = "Hello.\n.\n..two\nend", **more: object) -> ComposedMessage:
    message = OutgoingMessage(
        sender=Correspondent(FROM, "Okafor"),
        to=(Correspondent(DANA),),
        subject="Offer",
        message_id="1@okafor.example",
        sent_at=datetime(2026, 11, 22, tzinfo=UTC),
        marker="m1",
        boundary="bothways-0123456789abcdef",
        text=text,
        **more,  # type: ignore[arg-type]  # tests name real fields
    )
    return compose(message, shows_bcc=False)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with running_mail_server() as server:
        yield server


@pytest.fixture
async def sender() -> AsyncIterator[SmtpSender]:
    sender = SmtpSender(settings())
    yield sender
    await sender.close()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_mail_arrives_as_it_was_written(
    server: MailServer, sender: SmtpSender, pipelining: bool
) -> None:
    server.pipelining = pipelining
    handover = await sender.send(account(server), (DANA, BO), mail(bcc=(Correspondent(BO),)))

    [taken] = server.taken
    assert (taken.sender, taken.recipients, handover.refused) == (FROM, (DANA, BO), ())
    read = message_from_bytes(taken.content, policy=default)
    body = read.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == ["Hello.", ".", "..two", "end"]
    assert BO not in taken.head, "who gets a blind copy is in no header"
    assert server.bursts == [3 if pipelining else 0]


async def test_an_attachment_is_streamed(server: MailServer, sender: SmtpSender) -> None:
    pieces = [bytes([65 + number % 26]) * 100_000 for number in range(30)]
    file = OutgoingAttachment("plan.bin", "application/octet-stream", 3_000_000, lambda: pieces)
    await sender.send(account(server), (DANA,), mail(attachments=(file,)))

    [attached] = message_from_bytes(server.taken[0].content, policy=default).iter_attachments()
    assert attached.get_content() == b"".join(pieces)


async def test_a_connection_carries_many_mails(server: MailServer, sender: SmtpSender) -> None:
    for _ in range(3):
        await sender.send(account(server), (DANA,), mail())

    assert (len(server.taken), server.connections) == (3, 1)


async def test_a_connection_that_died_while_it_waited_is_replaced(
    server: MailServer, sender: SmtpSender
) -> None:
    await sender.send(account(server), (DANA,), mail())
    server.hang_up()
    await sender.send(account(server), (DANA,), mail())

    assert (len(server.taken), server.connections) == (2, 2)


async def test_an_account_holds_so_many_connections_and_no_more(server: MailServer) -> None:
    sender = SmtpSender(settings(connections=2))
    await asyncio.gather(*(sender.send(account(server), (DANA,), mail()) for _ in range(8)))
    await sender.close()

    assert len(server.taken) == 8
    assert server.connections <= 2


@pytest.mark.parametrize("tls", [TlsMode.IMPLICIT, TlsMode.STARTTLS])
async def test_over_tls_with_a_password(certificates: Certificates, tls: TlsMode) -> None:
    implicit = certificates.server if tls is TlsMode.IMPLICIT else None
    starttls = certificates.server if tls is TlsMode.STARTTLS else None
    async with running_mail_server(implicit=implicit, starttls=starttls, login=True) as server:
        sender = SmtpSender(settings(trusted=certificates.client))
        for _ in range(2):
            await sender.send(account(server, tls, PASSWORD), (DANA,), mail())
        await sender.close()

    assert (len(server.taken), server.logins) == (2, 1)


@pytest.mark.parametrize("tls", [TlsMode.IMPLICIT, TlsMode.STARTTLS])
async def test_a_certificate_of_another_name_is_not_believed(tmp_path: Path, tls: TlsMode) -> None:
    foreign = make_certificates(tmp_path, "elsewhere")
    implicit = foreign.server if tls is TlsMode.IMPLICIT else None
    starttls = foreign.server if tls is TlsMode.STARTTLS else None
    async with running_mail_server(implicit=implicit, starttls=starttls) as server:
        sender = SmtpSender(settings(trusted=foreign.client))
        with pytest.raises(OperatorMustAct, match="certificate"):
            await sender.send(account(server, tls), (DANA,), mail())

    assert not server.taken


async def test_what_was_to_be_secret_is_not_sent_in_the_clear(server: MailServer, sender: SmtpSender) -> None:
    with pytest.raises(OperatorMustAct, match="STARTTLS"):
        await sender.send(account(server, TlsMode.STARTTLS, PASSWORD), (DANA,), mail())

    assert server.logins == 0


async def test_a_wrong_password_is_for_whoever_set_it_up() -> None:
    async with running_mail_server(login=True) as server:
        sender = SmtpSender(settings())
        with pytest.raises(OperatorMustAct) as refused:
            await sender.send(account(server, password="wr0ng"), (DANA,), mail())

    assert "wr0ng" not in str(refused.value)
    assert not server.taken


@pytest.mark.parametrize(
    ("step", "answer", "trouble"),
    [
        ("MAIL", "451 later", Retryable),
        ("MAIL", "550 not you", Refused),
        ("MAIL", "530 log in", OperatorMustAct),
        ("RCPT", "450 greylisted", Retryable),
        ("RCPT", "550 nobody", Refused),
        ("DATA", "451 later", Retryable),
        ("DATA", "554 spam", Refused),
        ("DATA", "552 too large", Refused),
    ],
)
@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_reply_that_is_no_yes_means_that_nothing_left(
    server: MailServer,
    sender: SmtpSender,
    pipelining: bool,
    step: str,
    answer: str,
    trouble: type[ProviderTrouble],
) -> None:
    server.pipelining = pipelining
    server.answers[step] = [answer]
    with pytest.raises(trouble):
        await sender.send(account(server), (DANA,), mail())
    assert not server.taken

    await sender.send(account(server), (DANA,), mail())
    assert len(server.taken) == 1


async def test_who_is_refused_is_named_and_the_others_get_it(server: MailServer, sender: SmtpSender) -> None:
    server.answers[f"RCPT {BO}"] = ["550 nobody"]
    handover = await sender.send(account(server), (DANA, BO), mail())

    assert handover.refused == (BO,)
    assert server.taken[0].recipients == (DANA,)


async def test_where_one_of_two_is_greylisted_none_gets_it_yet(
    server: MailServer, sender: SmtpSender
) -> None:
    server.answers[f"RCPT {BO}"] = ["450 greylisted"]
    with pytest.raises(Retryable):
        await sender.send(account(server), (DANA, BO), mail())

    assert not server.taken


@pytest.mark.rule("R49")
@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT"])
async def test_a_connection_lost_before_the_final_dot_took_nothing(
    server: MailServer, sender: SmtpSender, step: str
) -> None:
    server.drops = {step}
    with pytest.raises(Retryable):
        await sender.send(account(server), (DANA,), mail())

    assert not server.taken


@pytest.mark.rule("R50")
@pytest.mark.parametrize("manner", ["drops_after_taking", "silent_after_taking"])
async def test_a_reply_to_the_final_dot_that_is_lost_leaves_it_open(
    server: MailServer, sender: SmtpSender, manner: str
) -> None:
    setattr(server, manner, True)
    with pytest.raises(OutcomeUnknown):
        await sender.send(account(server), (DANA,), mail())

    assert len(server.taken) == 1, "it was taken, once, and is not sent again"


@pytest.mark.parametrize("bound", ["answer", "handing_over"])
async def test_a_server_that_says_nothing_is_left_before_anything_can_have_left(
    server: MailServer, bound: str
) -> None:
    server.silences = {"RCPT"}
    short: dict[str, Any] = {bound: timedelta(seconds=0.2)}
    sender = SmtpSender(replace(settings(), **short))
    with pytest.raises(Retryable):
        await sender.send(account(server), (DANA,), mail())
    await sender.close()

    assert not server.taken


def test_a_job_is_not_ended_between_the_final_dot_and_its_answer() -> None:
    limits = SmtpSettings()

    assert limits.opening + limits.handing_over + limits.final_answer < TABLE["send_submission"].time_out


async def test_a_lost_final_reply_over_a_kept_connection_is_not_repeated(
    server: MailServer, sender: SmtpSender
) -> None:
    await sender.send(account(server), (DANA,), mail())
    server.drops_after_taking = True
    with pytest.raises(OutcomeUnknown):
        await sender.send(account(server), (DANA,), mail())

    assert len(server.taken) == 2


async def test_a_mail_larger_than_the_server_takes_is_refused_before_it_is_written() -> None:
    async with running_mail_server(size_limit_bytes=2_000) as server:
        sender = SmtpSender(settings())
        with pytest.raises(Refused) as refused:
            await sender.send(account(server), (DANA,), mail("long " * 1_000))
        await sender.close()

    assert refused.value.kind is RefusalKind.TOO_LARGE
    assert "MAIL" not in server.commands


@pytest.mark.rule("R32")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "::1", "169.254.169.254"]
)
async def test_no_workspace_reaches_inside(server: MailServer, host: str) -> None:
    sender = SmtpSender(SmtpSettings())
    inside = SmtpAccount(host, server.port, TlsMode.NONE, None, None, FROM)
    with pytest.raises(OperatorMustAct):
        await sender.send(inside, (DANA,), mail())

    assert server.connections == 0


async def test_a_password_does_not_show_itself(server: MailServer) -> None:
    assert PASSWORD not in repr(account(server, password=PASSWORD))


@given(
    st.lists(st.binary(max_size=12) | st.sampled_from([b".", b"\r\n", b"\r", b"\n.", b"\r\n."]), max_size=12)
)
async def test_dots_are_doubled_wherever_the_pieces_are_cut(pieces: list[bytes]) -> None:
    async def given_pieces() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    stuffed = b"".join([piece async for piece in _stuffed(given_pieces())])
    whole = b"\r\n" + b"".join(pieces)

    assert b"\r\n" + stuffed == whole.replace(b"\r\n.", b"\r\n..")
    assert (b"\r\n" + stuffed).replace(b"\r\n..", b"\r\n.") == whole
