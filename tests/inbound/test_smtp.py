"""The SMTP conversation against raw sockets: nothing is smuggled in, everything is bounded (R33 to R35)."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbound.smtp import SmtpLimits, server_tls
from tests.inbound.smtp_world import DOMAIN, TO_ANN, TO_BOB, SmtpWorld, smtp_world
from tests.waiting import wait_until

LETTER = b"From: ann@example-co.test\r\nTo: dana@okafor.test\r\nSubject: Roof\r\n\r\nHello.\r\n"
SECOND = (
    b"MAIL FROM:<evil@attacker.test>\r\nRCPT TO:<" + TO_ANN.encode() + b">\r\nDATA\r\n"
    b"From: ceo@example-co.test\r\n\r\nSmuggled.\r\n.\r\n"
)
NOT_THE_END = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CR": b"\r.\r",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r",
    "LF.CR": b"\n.\r",
    "CR.LF": b"\r.\n",
    "CRCRLF.CRLF": b"\r\r\n.\r\n",
    "CRLF.NULCRLF": b"\r\n.\x00\r\n",
    "NULCRLF.CRLF": b"\x00\r\n.\r\n",
    "CRLF.CRCRLF": b"\r\n.\r\r\n",
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SmtpWorld]:
    async with smtp_world(tmp_path) as world:
        yield world


def bounded(world: SmtpWorld, **limits: int | timedelta) -> None:
    """Change bounds for the conversations to come."""
    world.door.limits = replace(world.door.limits, **limits)  # type: ignore[arg-type]  # each test names its own


async def test_a_mail_is_handed_over_as_it_was_sent(world: SmtpWorld) -> None:
    async with world.greeted() as client:
        await client.to_data()
        await client.send(LETTER + b"..dots\r\n.\r\n")
        assert await client.reply() == "250 2.6.0 Logged"
        assert (await client.say("QUIT")).startswith("221")

    [(mail, raw)] = world.mailroom.mails
    assert raw == LETTER + b".dots\r\n"
    assert (mail.address, mail.client.mail_from, mail.client.helo, mail.client.ip) == (
        TO_ANN,
        "ann@example-co.test",
        "client.test",
        "127.0.0.1",
    )
    assert list(world.door.spool.iterdir()) == []


async def test_a_conversation_may_bring_several_mails_and_send_ahead(world: SmtpWorld) -> None:
    async with world.greeted() as client:
        await client.to_data()
        await client.send(LETTER + b".\r\nMAIL FROM:<>\r\nRCPT TO:<" + TO_BOB.encode() + b">\r\nDATA\r\n")
        assert [(await client.reply())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        await client.send(LETTER + b".\r\nQUIT\r\n")
        assert [(await client.reply())[:3] for _ in range(2)] == ["250", "221"]

    assert [mail.address for mail, _ in world.mailroom.mails] == [TO_ANN, TO_BOB]
    assert world.mailroom.mails[1][0].client.mail_from == ""


async def test_an_empty_mail_ends(world: SmtpWorld) -> None:
    async with world.greeted() as client:
        await client.to_data()
        await client.send(b".\r\n")
        assert (await client.reply()).startswith("250")

    assert world.mailroom.mails[0][1] == b""


@pytest.mark.rule("R33")
@pytest.mark.parametrize("end", list(NOT_THE_END.values()), ids=list(NOT_THE_END))
@pytest.mark.parametrize("cut", [False, True], ids=["at once", "byte by byte"])
async def test_no_second_mail_is_smuggled(world: SmtpWorld, end: bytes, cut: bool) -> None:
    async with world.greeted() as client:
        await client.to_data()
        try:
            if cut:
                for at in range(len(end)):
                    await client.send((LETTER[:-2] if at == 0 else b"") + end[at : at + 1])
                await client.send(SECOND)
            else:
                await client.send(LETTER[:-2] + end + SECOND)
        except (ConnectionResetError, BrokenPipeError):
            pass
        said = await client.rest()

    assert world.mailroom.mails == []
    assert said == "" or said.startswith("500 5.5.2"), said


@pytest.mark.rule("R33")
@pytest.mark.parametrize("line", [b"NOOP\n", b"NOOP\rNOOP\r\n", b"NO\x00OP\r\n"])
async def test_a_bare_line_break_in_a_command_ends_the_conversation(world: SmtpWorld, line: bytes) -> None:
    async with world.greeted() as client:
        await client.send(line)
        assert (await client.rest()).startswith("500 5.5.2")


@pytest.mark.rule("R34")
async def test_recipients_are_bounded_and_known(world: SmtpWorld) -> None:
    async with world.greeted() as client:
        await client.say("EHLO client.test")
        await client.say("MAIL FROM:<ann@example-co.test>")
        assert (await client.say(f"RCPT TO:<{'f' * 32}@{DOMAIN}>")).startswith("550 5.1.1")
        assert (await client.say(f"RCPT TO:<ann@{DOMAIN}>")).startswith("550 5.1.1")
        assert (await client.say("RCPT TO:<dana@okafor.test>")).startswith("550 5.7.1")
        for _ in range(10):
            assert (await client.say(f"RCPT TO:<{TO_ANN}>")).startswith("250")
        assert (await client.say(f"RCPT TO:<{TO_ANN}>")).startswith("452")


@pytest.mark.rule("R34")
async def test_each_user_s_mail_has_an_answer_of_its_own(world: SmtpWorld) -> None:
    async with world.greeted() as client:
        await client.say("EHLO client.test")
        await client.say("MAIL FROM:<ann@example-co.test>")
        assert (await client.say(f"RCPT TO:<{TO_ANN.upper()}>")).startswith("250")
        assert (await client.say(f"RCPT TO:<{TO_BOB}>")).startswith("452")


@pytest.mark.rule("R34")
@pytest.mark.parametrize("limits", [{"connections": 3}, {"connections_per_ip": 3}])
async def test_conversations_are_bounded(world: SmtpWorld, limits: dict[str, int]) -> None:
    bounded(world, **limits)
    async with world.greeted(), world.greeted():
        async with world.greeted(), world.client() as refused:
            assert (await refused.rest()).startswith("421 4.7.0")
        await wait_until(lambda: len(world.door.talking) == 2, description="a place is free again")
        async with world.greeted() as client:
            assert (await client.say("NOOP")).startswith("250")
    await wait_until(lambda: not world.door.per_ip, description="nobody is counted any more")


@pytest.mark.rule("R34")
async def test_errors_are_bounded(world: SmtpWorld) -> None:
    async with world.greeted() as client:
        for _ in range(world.door.limits.errors):
            assert (await client.say("VRFY ann")).startswith("502")
        assert (await client.say("VRFY ann")).startswith("421")
        assert await client.rest() == ""


@pytest.mark.rule("R34")
async def test_idle_talk_is_bounded(world: SmtpWorld) -> None:
    async with world.greeted() as client:
        for _ in range(50):
            assert (await client.say("NOOP")).startswith("250")
        assert (await client.say("NOOP")).startswith("421")


@pytest.mark.rule("R34")
async def test_silence_ends_a_conversation(world: SmtpWorld) -> None:
    assert SmtpLimits().idle == timedelta(seconds=60)
    bounded(world, idle=timedelta(milliseconds=200))
    async with world.greeted() as client:
        assert (await client.rest()).startswith("421 4.4.2")
    async with world.greeted() as client:
        await client.to_data()
        assert (await client.rest()).startswith("421 4.4.2")
    assert list(world.door.spool.iterdir()) == []


@pytest.mark.rule("R34")
async def test_a_slow_mail_ends_a_conversation_too(world: SmtpWorld) -> None:
    bounded(world, whole=timedelta(milliseconds=300))
    async with world.greeted() as client:
        await client.to_data()
        reading = asyncio.create_task(client.rest())
        while not reading.done():
            try:
                await client.send(b"x")
            except (ConnectionResetError, BrokenPipeError):
                break
            await asyncio.wait([reading], timeout=0.02)
        assert (await reading).startswith("421") or reading.done()
    assert world.mailroom.mails == []


@pytest.mark.rule("R34")
async def test_a_large_mail_is_refused_before_it_is_whole(world: SmtpWorld) -> None:
    assert SmtpLimits().message_bytes == 26 * 1024 * 1024
    bounded(world, message_bytes=100_000)
    async with world.greeted() as client:
        await client.say("EHLO client.test")
        assert (await client.say("MAIL FROM:<ann@example-co.test> SIZE=100001")).startswith("552")
    async with world.greeted() as client:
        await client.to_data()
        try:
            for _ in range(100):
                await client.send(b"x" * 70 + b"\r\n" + b"x" * 4000 + b"\r\n")
        except (ConnectionResetError, BrokenPipeError):
            pass
        assert (await client.rest()).startswith(("552", ""))
    assert world.mailroom.mails == []
    await wait_until(lambda: not list(world.door.spool.iterdir()), description="nothing is kept of it")


@pytest.mark.rule("R34")
async def test_a_mail_of_very_many_lines_is_refused(world: SmtpWorld) -> None:
    bounded(world, message_lines=1000)
    async with world.greeted() as client:
        await client.to_data()
        await client.send(b"\r\n" * 1100)
        assert (await client.rest()).startswith("552")


@pytest.mark.rule("R34")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("MAIL FROM:<ann\x7f@example-co.test>", "501"),
        ("MAIL FROM:<\xe9ann@example-co.test>", "501"),
        ("MAIL FROM:<ann@example-co.test> SMTPUTF8", "501"),
        ("MAIL FROM:<a@[::1>", "5"),
        ('MAIL FROM:<">', "5"),
        ("RCPT TO:<ann@x>", "503"),
        ("DATA", "503"),
        ("VRFY ann", "502"),
        ("EXPN all", "502"),
        ("HELP", "502"),
        ("AUTH PLAIN AGEAYg==", "502"),
        ("BDAT 10 LAST", "500"),
        ("X" * 600, "500"),
        ("X" * 5000, "500"),
        ("", "500"),
    ],
)
async def test_what_is_not_offered_is_refused(world: SmtpWorld, line: str, code: str) -> None:
    async with world.greeted() as client:
        await client.say("EHLO client.test")
        answered = await client.say(line)
        assert answered.startswith(code), answered
        assert (await client.say("NOOP")).startswith("250")


@pytest.mark.rule("R36")
async def test_what_cannot_be_stored_is_put_off(world: SmtpWorld) -> None:
    world.mailroom.away = True
    async with world.greeted() as client:
        await client.to_data()
        await client.send(LETTER + b".\r\n")
        assert (await client.reply()).startswith("451")
        assert (await client.say("NOOP")).startswith("250")


@pytest.mark.rule("R36")
async def test_a_stop_waits_for_a_mail_that_is_being_stored(world: SmtpWorld) -> None:
    world.mailroom.gate.clear()
    async with world.greeted() as idle, world.greeted() as client:
        await client.to_data()
        await client.send(LETTER + b".\r\n")
        await wait_until(
            lambda: any(one.storing for one in world.door.talking), description="the mail is being stored"
        )
        stopping = asyncio.create_task(world.door.stop(timedelta(seconds=5)))
        assert (await idle.rest()).startswith("421")
        world.mailroom.gate.set()
        assert await client.reply() == "250 2.6.0 Logged"
        await client.say("QUIT")
        await stopping


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate of nobody."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.bothways.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return server_tls(folder / "cert.pem", folder / "key.pem")


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[SmtpWorld]:
    spool = tmp_path / "spool"
    spool.mkdir()
    async with smtp_world(spool, tls=certificate(tmp_path)) as world:
        yield world


@pytest.mark.rule("R35")
async def test_nothing_said_before_starttls_counts_after_it(secured: SmtpWorld) -> None:
    async with secured.greeted() as client:
        offered = await client.say("EHLO client.test")
        assert "STARTTLS" in offered and "AUTH" not in offered
        await client.send(b"STARTTLS\r\nMAIL FROM:<evil@attacker.test>\r\n")
        assert (await client.reply()).startswith("220")
        await client.start_tls()
        assert (await client.say(f"RCPT TO:<{TO_ANN}>")).startswith("503")
        offered = await client.say("EHLO client.test")
        assert "STARTTLS" not in offered and "AUTH" not in offered
        await client.to_data()
        await client.send(LETTER + b".\r\n")
        assert (await client.reply()).startswith("250")
        assert (await client.say("QUIT")).startswith("221")
    assert [mail.client.mail_from for mail, _ in secured.mailroom.mails] == ["ann@example-co.test"]


@pytest.mark.rule("R35")
def test_tls_is_new_enough(tmp_path: Path) -> None:
    assert certificate(tmp_path).minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.rule("R34")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    b"EHLO a\r\n",
                    b"HELO\r\n",
                    b"MAIL FROM:<a@b.test>\r\n",
                    b"RCPT TO:<" + TO_ANN.encode() + b">\r\n",
                    b"DATA\r\n",
                    b".\r\n",
                    b"RSET\r\n",
                    b"\r\n",
                ]
            ),
            st.binary(max_size=40),
        ),
        max_size=12,
    )
)
def test_no_conversation_breaks_the_server(
    tmp_path_factory: pytest.TempPathFactory, said: list[bytes]
) -> None:
    """Whatever is said, every reply is a reply, and the next client is served."""

    async def converse() -> None:
        async with smtp_world(tmp_path_factory.mktemp("spool")) as world:
            async with world.client() as client:
                try:
                    await client.send(b"".join(said) + b"\r\n.\r\nQUIT\r\n")
                    client.writer.write_eof()
                except (ConnectionResetError, BrokenPipeError, OSError):
                    pass
                replies = (await client.rest()).splitlines()
            assert all(line[:3].isdigit() and line[0] in "2345" for line in replies), replies
            assert not any(line.startswith("451") for line in replies), replies
            async with world.greeted() as next_one:
                assert (await next_one.say("NOOP")).startswith("250")

    asyncio.run(converse())
