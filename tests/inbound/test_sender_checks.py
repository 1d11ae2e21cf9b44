"""Real signatures, real records from a name server on loopback: what proves an author, and what does not."""

from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network

import dkim  # type: ignore[import-untyped]  # dkimpy ships no types
import pytest

from inbound.dns_answers import Resolver
from inbound.sender_checks import Client, SenderPolicy, check_sender
from inbound.signatures import check_signatures, relaxed_body
from inbound.spf import check_host
from rules.authentication import Belief, SignatureResult, SpfResult
from tests.inbound.dns_world import Zone, name_server
from tests.inbound.signing import signing_key

AUTHOR = "example-co.test"
CLIENT = Client("203.0.113.9", "mail.example-co.test", f"ann@{AUTHOR}")
LETTER = (
    b"From: Ann <ann@example-co.test>\r\nTo: dana@okafor.test\r\nSubject: Roof\r\n"
    b"Message-ID: <1@example-co.test>\r\n\r\nHello  Dana, \r\n\r\nhere is our offer.\r\n\r\n\r\n"
)
Named = tuple[Zone, Resolver]


@pytest.fixture
async def dns() -> AsyncIterator[Named]:
    async with name_server() as named:
        yield named


PRIVATE, RECORD = signing_key()
WEAK_PRIVATE, WEAK_RECORD = signing_key(1024)


def signed(raw: bytes = LETTER, canonical: bytes = b"relaxed/relaxed", **more: object) -> bytes:
    header: bytes = dkim.sign(
        raw,
        b"s1",
        more.pop("domain", AUTHOR.encode()),
        more.pop("private", PRIVATE),
        canonicalize=tuple(canonical.split(b"/")),
        include_headers=[b"from", b"to", b"subject"],
        **more,
    )
    return header + raw


@pytest.mark.rule("R37")
@pytest.mark.parametrize(
    "canonical", [b"relaxed/relaxed", b"simple/simple", b"relaxed/simple", b"simple/relaxed"]
)
async def test_a_signature_of_the_whole_mail_proves_its_domain(dns: Named, canonical: bytes) -> None:
    zone, resolver = dns
    zone.txt(f"s1._domainkey.{AUTHOR}", RECORD)
    raw = signed(canonical=canonical)

    [outcome] = await check_signatures(resolver, raw)
    assert (outcome.result, outcome.domain) == (SignatureResult.PASS, AUTHOR)
    assert await check_sender(resolver, SenderPolicy(), CLIENT, AUTHOR, raw) is Belief.BELIEVED
    changed = raw.replace(b"our offer", b"their offer")
    [outcome] = await check_signatures(resolver, changed)
    assert outcome.result is SignatureResult.FAIL
    assert await check_sender(resolver, SenderPolicy(), CLIENT, AUTHOR, changed) is Belief.NOT_BELIEVED


@pytest.mark.rule("R37")
async def test_a_signature_of_a_part_of_the_body_proves_nothing(dns: Named) -> None:
    zone, resolver = dns
    zone.txt(f"s1._domainkey.{AUTHOR}", RECORD)
    partly = signed(length=True) + b"<p>and much more</p>\r\n"
    wholly = signed(length=True)

    assert [one.result for one in await check_signatures(resolver, partly)] == [SignatureResult.POLICY]
    assert [one.result for one in await check_signatures(resolver, wholly)] == [SignatureResult.PASS]


@pytest.mark.rule("R37")
async def test_old_hashes_prove_nothing_and_a_small_key_does(dns: Named) -> None:
    zone, resolver = dns
    zone.txt(f"s1._domainkey.{AUTHOR}", RECORD)
    old = signed().replace(b"a=rsa-sha256", b"a=rsa-sha1")
    assert [one.result for one in await check_signatures(resolver, old)] == [SignatureResult.POLICY]
    # 1024 bits are enough (RFC 8301 3.2); this machine's libraries make no smaller key to try.
    zone.records.clear()
    zone.txt(f"s1._domainkey.{AUTHOR}", WEAK_RECORD)
    enough = signed(private=WEAK_PRIVATE)
    assert [one.result for one in await check_signatures(resolver, enough)] == [SignatureResult.PASS]


@pytest.mark.rule("R37")
@pytest.mark.parametrize(
    "header",
    [
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example-co.test; s=s1; h=from; bh=x; b=x\r\n",
        b"DKIM-Signature: v=1\r\n",
        b"DKIM-Signature: d=../x; s=\xff; a=rsa-sha256\r\n",
        b"DKIM-Signature: " + b"b= " * 4000 + b"\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example-co.test; s=s1; l=99999999999999999999; b=;\r\n",
    ],
)
async def test_hostile_signatures_prove_nothing(dns: Named, header: bytes) -> None:
    zone, resolver = dns
    zone.txt(f"s1._domainkey.{AUTHOR}", RECORD)

    [outcome] = await check_signatures(resolver, header + LETTER)

    assert outcome.result in (SignatureResult.FAIL, SignatureResult.POLICY)


@pytest.mark.rule("R37")
async def test_a_flood_of_signatures_costs_a_few_looks(dns: Named) -> None:
    zone, resolver = dns
    zone.txt(f"s1._domainkey.{AUTHOR}", RECORD)
    raw = signed()
    flood = raw[: raw.index(b"From:")] * 200 + LETTER

    assert len(await check_signatures(resolver, flood)) == 5


@pytest.mark.rule("R37")
async def test_dns_that_is_silent_means_later(dns: Named) -> None:
    zone, resolver = dns
    zone.silent.add(AUTHOR)
    policy = SenderPolicy(patience=timedelta(seconds=10))

    assert await check_sender(resolver, policy, CLIENT, AUTHOR, signed()) is Belief.LATER
    hasty = SenderPolicy(patience=timedelta(milliseconds=50))
    assert await check_sender(resolver, hasty, CLIENT, AUTHOR, LETTER) is Belief.LATER


@pytest.mark.rule("B6")
async def test_a_trusted_network_is_believed_unseen(dns: Named) -> None:
    zone, resolver = dns
    policy = SenderPolicy((ip_network("203.0.113.0/24"),))

    assert await check_sender(resolver, policy, CLIENT, AUTHOR, LETTER) is Belief.BELIEVED
    assert zone.asked == []
    assert await check_sender(resolver, SenderPolicy(), CLIENT, AUTHOR, LETTER) is Belief.NOT_BELIEVED


@pytest.mark.rule("R37")
async def test_spf_proves_the_envelope_s_domain(dns: Named) -> None:
    zone, resolver = dns
    zone.txt(AUTHOR, "v=spf1 ip4:203.0.113.0/24 -all")

    assert await check_sender(resolver, SenderPolicy(), CLIENT, AUTHOR, LETTER) is Belief.BELIEVED
    elsewhere = Client("198.51.100.1", CLIENT.helo, CLIENT.mail_from)
    assert await check_sender(resolver, SenderPolicy(), elsewhere, AUTHOR, LETTER) is Belief.NOT_BELIEVED
    bounce = Client(CLIENT.ip, AUTHOR, "")
    assert await check_sender(resolver, SenderPolicy(), bounce, AUTHOR, LETTER) is Belief.BELIEVED


SPF = {
    "pass.test": "v=spf1 ip4:203.0.113.9 -all",
    "fail.test": "v=spf1 -all",
    "soft.test": "v=spf1 ~all",
    "neutral.test": "v=spf1 ?all",
    "nothing.test": "v=spf1",
    "include.test": "v=spf1 include:pass.test -all",
    "notincluded.test": "v=spf1 include:fail.test ~all",
    "includesnone.test": "v=spf1 include:none.test -all",
    "redirect.test": "v=spf1 redirect=pass.test",
    "redirectnone.test": "v=spf1 redirect=none.test",
    "a.test": "v=spf1 a -all",
    "acidr.test": "v=spf1 a:a.test/24 -all",
    "mx.test": "v=spf1 mx -all",
    "exists.test": "v=spf1 exists:%{ir}.%{v}._spf.%{d} -all",
    "loop.test": "v=spf1 include:loop.test -all",
    "voids.test": "v=spf1 a:no1.test a:no2.test a:no3.test -all",
    "syntax.test": "v=spf1 ip4:203.0.113.9 ipv4:1.2.3.4 -all",
    "badip.test": "v=spf1 ip4:300.1.1.1 -all",
    "badmacro.test": "v=spf1 exists:%{q} -all",
    "ptr.test": "v=spf1 ptr -all",
    "case.test": "V=SPF1 IP4:203.0.113.9 -ALL",
    "other.test": "v=spf10 ip4:203.0.113.9 -all",
    "silentinclude.test": "v=spf1 include:quiet.test -all",
}


@pytest.mark.rule("R37")
@pytest.mark.parametrize(
    ("domain", "result"),
    [
        ("pass.test", SpfResult.PASS),
        ("fail.test", SpfResult.FAIL),
        ("soft.test", SpfResult.SOFTFAIL),
        ("neutral.test", SpfResult.NEUTRAL),
        ("nothing.test", SpfResult.NEUTRAL),
        ("none.test", SpfResult.NONE),
        ("other.test", SpfResult.NONE),
        ("localhost", SpfResult.NONE),
        ("include.test", SpfResult.PASS),
        ("notincluded.test", SpfResult.SOFTFAIL),
        ("includesnone.test", SpfResult.PERMERROR),
        ("redirect.test", SpfResult.PASS),
        ("redirectnone.test", SpfResult.PERMERROR),
        ("a.test", SpfResult.FAIL),
        ("acidr.test", SpfResult.PASS),
        ("mx.test", SpfResult.PASS),
        ("exists.test", SpfResult.PASS),
        ("loop.test", SpfResult.PERMERROR),
        ("voids.test", SpfResult.PERMERROR),
        ("syntax.test", SpfResult.PERMERROR),
        ("badip.test", SpfResult.PERMERROR),
        ("badmacro.test", SpfResult.PERMERROR),
        ("ptr.test", SpfResult.FAIL),
        ("case.test", SpfResult.PASS),
        ("twice.test", SpfResult.PERMERROR),
        ("silentinclude.test", SpfResult.TEMPERROR),
        ("quiet.test", SpfResult.TEMPERROR),
    ],
)
async def test_spf(dns: Named, domain: str, result: SpfResult) -> None:
    zone, resolver = dns
    for name, record in SPF.items():
        zone.txt(name, record)
    zone.txt("twice.test", "v=spf1 -all")
    zone.txt("twice.test", "v=spf1 +all")
    zone.records["a.test", "A"] = ["203.0.113.200"]
    zone.records["mx.test", "MX"] = ["10 mx1.test.", "20 mx2.test."]
    zone.records["mx1.test", "A"] = ["198.51.100.1"]
    zone.records["mx2.test", "A"] = ["203.0.113.9"]
    zone.records["9.113.0.203.in-addr._spf.exists.test", "A"] = ["127.0.0.2"]
    zone.silent.add("quiet.test")

    found = await check_host(resolver, "203.0.113.9", domain, f"ann@{domain}", "mail.test")

    assert found is result
    assert len(zone.asked) < 40


@pytest.mark.rule("R37")
def test_a_relaxed_body_is_made_in_linear_time() -> None:
    spaces = b" " * 20_000_000

    assert relaxed_body(b"a" + spaces + b"b\r\n\r\n\r\n") == b"a b\r\n"
    assert relaxed_body(b"") == b""
    assert relaxed_body(b"\r\n\r\n") == b""
    assert relaxed_body(b"a \t\r\n b") == b"a\r\n b\r\n"
