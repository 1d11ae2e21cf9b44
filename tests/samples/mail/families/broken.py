"""Mail that breaks the standards, as real mail does: something is read, and nothing ends in an error."""

from typing import Any

from tests.samples.mail.parts import Shape

HEAD = (
    b"Message-ID: <broken@mail.okafor.example>\r\nFrom: Dana <dana@okafor.example>\r\nTo: ann@crm.example\r\n"
    b"Subject: Offer\r\n"
)
BODY = b"Hello Ann,\r\nsee the offer.\r\n"
MIXED = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
PART = b"--b\r\nContent-Type: text/plain\r\n\r\nHello Ann,\r\nsee the offer.\r\n"
FILE = b'--b\r\nContent-Type: application/pdf; name="a.pdf"\r\n\r\n%PDF\r\n'
USUAL: dict[str, Any] = {"has": "see the offer.", "subject": "Offer", "sender": "dana@okafor.example"}
FILED: dict[str, Any] = {**USUAL, "names": ["a.pdf"]}
CASES: list[tuple[str, bytes, dict[str, Any]]] = [
    ("empty", b"", {"subject": ""}),
    ("one-byte", b"x", {"subject": ""}),
    ("only-newlines", b"\r\n\r\n\r\n", {"subject": ""}),
    ("only-head", HEAD, {"subject": "Offer"}),
    ("only-body", b"\r\n" + BODY, {"has": "see the offer."}),
    ("bare-lf", (HEAD + b"\r\n" + BODY).replace(b"\r\n", b"\n"), USUAL),
    ("bare-cr", (HEAD + b"\r\n" + BODY).replace(b"\r\n", b"\r"), {}),
    ("mixed-ends", HEAD.replace(b"\r\n", b"\n") + b"\r\n" + BODY, USUAL),
    ("mbox-from", b"From dana@okafor.example Fri Nov 20 10:42:00 2026\r\n" + HEAD + b"\r\n" + BODY, USUAL),
    ("bom", b"\xef\xbb\xbf" + HEAD + b"\r\n" + BODY, {"has": "see the offer.", "subject": "Offer"}),
    ("nul", HEAD + b"\r\n" + BODY.replace(b",", b"\x00,"), USUAL),
    ("nul-in-subject", HEAD.replace(b"Offer", b"Of\x00fer") + b"\r\n" + BODY, {"subject": "Of fer"}),
    ("long-line", HEAD + b"\r\n" + b"a" * 300_000 + b"\r\n" + BODY, USUAL),
    ("long-subject", HEAD.replace(b"Offer", b"Offer " * 20_000) + b"\r\n" + BODY, {"has": "see the offer."}),
    ("no-colon", HEAD + b"this is no field\r\n\r\n" + BODY, {"subject": "Offer"}),
    (
        "space-before-colon",
        HEAD.replace(b"Subject:", b"Subject :") + b"\r\n" + BODY,
        {"has": "see the offer."},
    ),
    ("two-subjects", HEAD + b"Subject: Second\r\n\r\n" + BODY, USUAL),
    ("two-message-ids", HEAD + b"Message-ID: <second@x.example>\r\n\r\n" + BODY, USUAL),
    (
        "two-content-types",
        HEAD + b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n" + BODY,
        USUAL,
    ),
    ("no-head-fields", b"X: y\r\n\r\n" + BODY, {"has": "see the offer."}),
    ("message-id-open", HEAD.replace(b"<broken@mail.okafor.example>", b"<") + b"\r\n" + BODY, USUAL),
    ("message-id-empty", HEAD.replace(b"<broken@mail.okafor.example>", b"") + b"\r\n" + BODY, USUAL),
    ("to-quote", HEAD.replace(b"ann@crm.example", b'"') + b"\r\n" + BODY, USUAL),
    ("8bit-head", HEAD.replace(b"Dana", b"D\xe4n\xe4") + b"\r\n" + BODY, USUAL),
    ("no-end-boundary", HEAD + MIXED + PART + FILE, FILED),
    ("no-parts", HEAD + MIXED, {"subject": "Offer"}),
    ("no-boundary-parameter", HEAD + b"Content-Type: multipart/mixed\r\n\r\n" + PART + b"--b--\r\n", USUAL),
    ("boundary-never-used", HEAD + MIXED.replace(b'"b"', b'"other"') + PART, {"subject": "Offer"}),
    ("boundary-empty", HEAD + MIXED.replace(b'"b"', b'""') + PART, {"subject": "Offer"}),
    ("two-boundaries", HEAD + MIXED.replace(b'"b"', b'"b"; boundary="c"') + PART + FILE + b"--b--\r\n", {}),
    ("boundary-spaces", HEAD + MIXED.replace(b'"b"', b'"b "') + PART + FILE + b"--b--\r\n", {}),
    (
        "boundary-prefix",
        HEAD + MIXED + PART + b"--bb\r\nno part\r\n" + FILE + b"--b--\r\n",
        {"subject": "Offer"},
    ),
    ("text-after-end", HEAD + MIXED + PART + FILE + b"--b--\r\nafter\r\n", FILED),
    ("text-before-begin", HEAD + MIXED + b"before\r\n" + PART + FILE + b"--b--\r\n", FILED),
    (
        "same-boundary-inside",
        HEAD + MIXED + b"--b\r\n" + MIXED + PART + b"--b--\r\n--b--\r\n",
        {"subject": "Offer"},
    ),
    (
        "base64-broken",
        HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n!!!SGVsbG8===!!\r\n",
        {"subject": "Offer"},
    ),
    (
        "base64-unpadded",
        HEAD + b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8gQW5u\r\nSQ\r\n",
        {"has": "Hello Ann"},
    ),
    (
        "qp-broken",
        HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\na=ZZb=\r\nsee the offer.=",
        USUAL,
    ),
    ("encoding-unknown", HEAD + b"Content-Transfer-Encoding: x-rot13\r\n\r\n" + BODY, {"subject": "Offer"}),
    (
        "uuencode",
        HEAD + b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n#86)C\r\n`\r\nend\r\n",
        {},
    ),
    ("type-empty", HEAD + b"Content-Type:\r\n\r\n" + BODY, USUAL),
    ("type-semicolons", HEAD + b"Content-Type: text/plain;;;;charset=utf-8;;\r\n\r\n" + BODY, USUAL),
    ("type-quoted", HEAD + b'Content-Type: "text/plain"\r\n\r\n' + BODY, {"subject": "Offer"}),
    ("type-text", HEAD + b"Content-Type: text\r\n\r\n" + BODY, USUAL),
    ("charset-quotes", HEAD + b"Content-Type: text/plain; charset='utf-8'\r\n\r\n" + BODY, USUAL),
    ("charset-open-quote", HEAD + b'Content-Type: text/plain; charset="utf-8\r\n\r\n' + BODY, USUAL),
    ("parameter-loop", HEAD + b"Content-Type: text/plain; " + b"name*0=a; " * 2000 + b"\r\n\r\n" + BODY, {}),
    ("fold-of-nothing", HEAD + b" \r\n\t\r\n\r\n" + BODY, {"subject": "Offer"}),
    ("utf16-body", HEAD + b"\r\n" + "Hello".encode("utf-16"), {"subject": "Offer"}),
    (
        "invalid-utf8",
        HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xfc\xdfe\r\n",
        {"has": "Grüße"},
    ),
    (
        "lone-surrogates",
        HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xed\xa0\x80x\r\n",
        {"has": "x"},
    ),
    ("control-letters", HEAD + b"\r\n\x1b[31mred\x07\x08\r\n" + BODY, {**USUAL}),
]
"""What is sent, and what can still be read of it."""


def broken() -> list[Shape]:
    """Each case, and a usual mail of two parts cut off after every few bytes."""
    whole = HEAD + MIXED + PART + FILE + b"--b--\r\n"
    cuts = [Shape(f"cut-{end}", whole[:end], {}) for end in range(0, len(whole), 9)]
    return [*(Shape(f"broken-{name}", raw, expected) for name, raw, expected in CASES), *cuts]
