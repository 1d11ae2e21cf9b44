"""Whether the author that a mail names is to be believed: SPF, DKIM, DMARC and ARC results, put together.

Pure: what DNS and cryptography said comes in as results (inbound/spf.py, inbound/signatures.py), and so does
what an organisational domain is. The law: From is believed if a domain that was proved, by SPF for the
envelope sender or by a DKIM signature, aligns with From's domain; or if a forwarder that the operator trusts
sealed (ARC) that it was so before it forwarded. What a failing DNS leaves open is not a refusal: the sender
is asked to try again. A domain's DMARC record can make alignment stricter, never looser.
Source: RFC 7208 2.6; RFC 6376 3.9; RFC 7489 3.1, 6.3; RFC 8601 2.7; RFC 8617 5.2; R37.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class SpfResult(StrEnum):
    """Source: RFC 7208 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class SignatureResult(StrEnum):
    """What became of one DKIM signature. Source: RFC 8601 2.7.1."""

    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
    POLICY = "policy"
    """It verifies, and proves too little: part of the body, a weak key, SHA-1."""
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class SpfOutcome:
    """`domain` is what was checked: the envelope sender's, or HELO's where that is empty."""

    result: SpfResult
    domain: str


@dataclass(frozen=True, slots=True)
class SignatureOutcome:
    """`domain` is the signature's d=, in lower case."""

    result: SignatureResult
    domain: str


@dataclass(frozen=True, slots=True)
class SealedResults:
    """An ARC chain that passes: who sealed its newest set, and what that set says was found before."""

    sealer: str
    results: str
    """The value of the sealer's ARC-Authentication-Results."""


@dataclass(frozen=True, slots=True)
class DmarcModes:
    """What a domain's DMARC record asks: how alignment is judged (`s` is strict), and whether to refuse."""

    strict_spf: bool = False
    strict_dkim: bool = False
    rejects: bool = False
    """Whether the domain asks that mail which it did not prove be refused (`p=reject`)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was found out about a mail's sender."""

    spf: SpfOutcome
    signatures: tuple[SignatureOutcome, ...] = ()
    dmarc: DmarcModes | None = DmarcModes()
    """None: DNS did not say."""
    sealed: SealedResults | None = None


class Belief(StrEnum):
    BELIEVED = "BELIEVED"
    NOT_BELIEVED = "NOT_BELIEVED"
    DOMAIN_REFUSES = "DOMAIN_REFUSES"
    """Not believed, and the author's domain asks that such mail be refused."""
    LATER = "LATER"
    """DNS did not answer, and the answer could have been yes."""


Organisation = Callable[[str], str | None]
"""Gives a domain's organisational domain; None for a public suffix, which is nobody's."""

_TAG: Final = re.compile(r"\s*([a-z]{1,16})\s*=\s*([^;]{0,1000})", re.ASCII)
_COMMENT: Final = re.compile(r"\([^()]{0,1000}\)")
_RESULTS_LIMIT: Final = 20_000


def dmarc_modes(records: Iterable[str], *, subdomain: bool = False) -> DmarcModes:
    """Return what the one DMARC record among TXT records asks; relaxed, and no more, where there is none.

    `subdomain`: the record is the organisational domain's, and the author's is below it.
    Source: RFC 7489 6.3 (adkim, aspf, p, sp; `pct` only ever softens it), 6.6.3 (several records are none).
    """
    found = [text for text in records if re.match(r"\s*v\s*=\s*DMARC1\s*(;|$)", text)]
    if len(found) != 1:
        return DmarcModes()
    tags = dict(_TAG.findall(found[0].lower()))
    policy = (tags.get("sp") if subdomain else None) or tags.get("p", "")
    return DmarcModes(
        strict_spf=tags.get("aspf", "").strip() == "s",
        strict_dkim=tags.get("adkim", "").strip() == "s",
        rejects=policy.strip() == "reject" and tags.get("pct", "100").strip() == "100",
    )


def aligned(proved: str, author: str, organisation: Organisation, *, strict: bool) -> bool:
    """Return whether a proved domain speaks for the author's. Source: RFC 7489 3.1."""
    if not proved or not author:
        return False
    if proved == author:
        return True
    if strict:
        return False
    ours, theirs = organisation(proved), organisation(author)
    return ours is not None and ours == theirs


def believe(
    author: str, evidence: Evidence, organisation: Organisation, trusted_sealers: frozenset[str] = frozenset()
) -> Belief:
    """Return whether a mail whose From has the domain `author` (lower case, IDNA) is by that domain."""
    # With a policy that DNS withheld only what aligns under the strictest holds now.
    modes = evidence.dmarc or DmarcModes(strict_spf=True, strict_dkim=True)
    if _proved(author, evidence, organisation, modes):
        return Belief.BELIEVED
    sealed = evidence.sealed
    trusted = sealed is not None and sealed.sealer in trusted_sealers
    if sealed is not None and trusted and _was_proved(author, sealed.results, organisation):
        return Belief.BELIEVED
    could = Evidence(
        SpfOutcome(SpfResult.PASS, evidence.spf.domain)
        if evidence.spf.result is SpfResult.TEMPERROR
        else evidence.spf,
        tuple(
            SignatureOutcome(SignatureResult.PASS, one.domain)
            if one.result is SignatureResult.TEMPERROR
            else one
            for one in evidence.signatures
        ),
    )
    relaxed = evidence.dmarc or DmarcModes()
    if _proved(author, could, organisation, relaxed):
        return Belief.LATER
    return Belief.DOMAIN_REFUSES if modes.rejects else Belief.NOT_BELIEVED


def _proved(author: str, evidence: Evidence, organisation: Organisation, modes: DmarcModes) -> bool:
    if evidence.spf.result is SpfResult.PASS and aligned(
        evidence.spf.domain, author, organisation, strict=modes.strict_spf
    ):
        return True
    return any(
        one.result is SignatureResult.PASS
        and aligned(one.domain, author, organisation, strict=modes.strict_dkim)
        for one in evidence.signatures
    )


def _was_proved(author: str, results: str, organisation: Organisation) -> bool:
    """Whether sealed results say that this author was proved when the forwarder got the mail.

    Source: RFC 8601 2.2 (the words), RFC 8617 4.1.1.
    """
    for result in _COMMENT.sub(" ", results[:_RESULTS_LIMIT].lower()).split(";")[1:]:
        words: Mapping[str, str] = dict(word.split("=", 1) for word in result.split() if word.count("=") == 1)
        match words:
            case {"dmarc": "pass", "header.from": domain} if domain == author:
                return True
            case {"dkim": "pass", "header.d": domain} if aligned(domain, author, organisation, strict=False):
                return True
            case {"spf": "pass", "smtp.mailfrom": sender} if aligned(
                sender.rpartition("@")[2], author, organisation, strict=False
            ):
                return True
    return False
