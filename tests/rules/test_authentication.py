"""Whom to believe: every way to prove an author, and what proves nothing (R37)."""

from dataclasses import replace

import pytest

from inbound.sender_checks import organisation
from rules.authentication import (
    Belief,
    DmarcModes,
    Evidence,
    SealedResults,
    SignatureOutcome,
    SignatureResult,
    SpfOutcome,
    SpfResult,
    aligned,
    believe,
    dmarc_modes,
)

pytestmark = pytest.mark.rule("R37")

AUTHOR = "example-co.test"
NOTHING = Evidence(SpfOutcome(SpfResult.NONE, ""))


def spf(result: SpfResult, domain: str = AUTHOR) -> Evidence:
    return replace(NOTHING, spf=SpfOutcome(result, domain))


def signed(result: SignatureResult, domain: str = AUTHOR) -> Evidence:
    return replace(NOTHING, signatures=(SignatureOutcome(result, domain),))


STRICT = DmarcModes(strict_spf=True, strict_dkim=True)


@pytest.mark.parametrize(
    ("evidence", "belief"),
    [
        (NOTHING, Belief.NOT_BELIEVED),
        (spf(SpfResult.PASS), Belief.BELIEVED),
        (spf(SpfResult.PASS, "bounce.example-co.test"), Belief.BELIEVED),
        (spf(SpfResult.PASS, "attacker.test"), Belief.NOT_BELIEVED),
        (spf(SpfResult.SOFTFAIL), Belief.NOT_BELIEVED),
        (spf(SpfResult.NEUTRAL), Belief.NOT_BELIEVED),
        (spf(SpfResult.PERMERROR), Belief.NOT_BELIEVED),
        (spf(SpfResult.TEMPERROR), Belief.LATER),
        (spf(SpfResult.TEMPERROR, "attacker.test"), Belief.NOT_BELIEVED),
        (signed(SignatureResult.PASS), Belief.BELIEVED),
        (signed(SignatureResult.PASS, "mail.example-co.test"), Belief.BELIEVED),
        (signed(SignatureResult.PASS, "attacker.test"), Belief.NOT_BELIEVED),
        (signed(SignatureResult.POLICY), Belief.NOT_BELIEVED),
        (signed(SignatureResult.FAIL), Belief.NOT_BELIEVED),
        (signed(SignatureResult.TEMPERROR), Belief.LATER),
        (signed(SignatureResult.TEMPERROR, "attacker.test"), Belief.NOT_BELIEVED),
        (replace(spf(SpfResult.PASS, "bounce.example-co.test"), dmarc=STRICT), Belief.NOT_BELIEVED),
        (replace(signed(SignatureResult.PASS, "m.example-co.test"), dmarc=STRICT), Belief.NOT_BELIEVED),
        (replace(spf(SpfResult.PASS), dmarc=STRICT), Belief.BELIEVED),
        (replace(spf(SpfResult.PASS), dmarc=None), Belief.BELIEVED),
        (replace(spf(SpfResult.PASS, "bounce.example-co.test"), dmarc=None), Belief.LATER),
    ],
)
def test_what_is_believed(evidence: Evidence, belief: Belief) -> None:
    assert believe(AUTHOR, evidence, organisation) is belief


@pytest.mark.parametrize(
    ("results", "believed"),
    [
        ("mx.forward.test; dmarc=pass (p=reject) header.from=example-co.test", True),
        ("mx.forward.test; dkim=pass header.d=mail.example-co.test; spf=fail", True),
        ("mx.forward.test; spf=pass smtp.mailfrom=ann@example-co.test", True),
        ("mx.forward.test; dmarc=pass header.from=attacker.test", False),
        ("mx.forward.test; dmarc=fail header.from=example-co.test", False),
        ("mx.forward.test; (dmarc=pass header.from=example-co.test)", False),
        ("dmarc=pass header.from=example-co.test", False),
        ("", False),
    ],
)
def test_a_trusted_forwarder_s_word_counts_and_nobody_else_s(results: str, believed: bool) -> None:
    evidence = replace(NOTHING, sealed=SealedResults("forward.test", results))
    expected = Belief.BELIEVED if believed else Belief.NOT_BELIEVED

    assert believe(AUTHOR, evidence, organisation, frozenset({"forward.test"})) is expected
    assert believe(AUTHOR, evidence, organisation) is Belief.NOT_BELIEVED
    assert believe(AUTHOR, evidence, organisation, frozenset({"other.test"})) is Belief.NOT_BELIEVED


@pytest.mark.parametrize(
    ("proved", "author", "strict", "expected"),
    [
        ("a.co.uk", "b.co.uk", False, False),
        ("co.uk", "co.uk", False, True),
        ("co.uk", "b.co.uk", False, False),
        ("mail.b.co.uk", "b.co.uk", False, True),
        ("mail.b.co.uk", "b.co.uk", True, False),
        ("x.github.io", "y.github.io", False, False),
        ("", "", False, False),
    ],
)
def test_alignment_is_by_organisation(proved: str, author: str, strict: bool, expected: bool) -> None:
    assert aligned(proved, author, organisation, strict=strict) is expected


@pytest.mark.parametrize(
    ("records", "modes"),
    [
        ([], DmarcModes()),
        (["v=DMARC1; p=none"], DmarcModes()),
        (["v=DMARC1; p=none; adkim=s; aspf=s"], STRICT),
        (["v=DMARC1; p=reject; aspf=S"], DmarcModes(strict_spf=True, rejects=True)),
        (["v=DMARC1; adkim=s", "v=DMARC1; p=none"], DmarcModes()),
        (["something else", "v=DMARC1;adkim=s"], DmarcModes(strict_dkim=True)),
        (["v=DMARC10; adkim=s"], DmarcModes()),
    ],
)
def test_a_record_can_make_alignment_stricter(records: list[str], modes: DmarcModes) -> None:
    assert dmarc_modes(records) == modes
