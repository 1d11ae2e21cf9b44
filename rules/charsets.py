"""Turn the bytes of a mail into text, whatever the mail says of its charset.

Belongs here: which charset labels are believed, and what happens where one is unknown or wrong. Only codecs
on this list are ever looked up: Python's registry also holds rot13, idna, unicode_escape and `undefined`, and
a label is written by whoever sent the mail. Nothing here raises.

Source: WHATWG Encoding Standard, "Names and labels", for which superset a label really means
(https://encoding.spec.whatwg.org/#names-and-labels).
"""

from typing import Final

_WESTERN: Final = "cp1252"
_TYPOGRAPHY: Final = "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\xa0"
_CHINESE: Final = "gb18030"
_JAPANESE: Final = "cp932"
_KOREAN: Final = "cp949"

_CODECS: Final[dict[str, str]] = {
    **dict.fromkeys(("utf8", "utf", "unicode11utf8"), "utf-8"),
    **dict.fromkeys(("usascii", "ascii", "ansix341968", "646"), "ascii"),
    **dict.fromkeys(("iso88591", "latin1", "l1", "windows1252", "cp1252", "xansi", "iso885911988"), _WESTERN),
    **{f"iso8859{number}": f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 10, 13, 14, 15, 16)},
    **dict.fromkeys(("iso88598", "iso88598i", "iso88598e"), "iso8859-8"),
    **dict.fromkeys(("iso88599", "latin5", "windows1254", "cp1254"), "cp1254"),
    **dict.fromkeys(("latin2", "l2"), "iso8859-2"),
    **dict.fromkeys(("latin9",), "iso8859-15"),
    **{f"windows{number}": f"cp{number}" for number in (1250, 1251, 1253, 1255, 1256, 1257, 1258)},
    **{
        f"cp{number}": f"cp{number}"
        for number in (437, 850, 852, 866, 1250, 1251, 1253, 1255, 1256, 1257, 1258)
    },
    **dict.fromkeys(("iso885911", "tis620", "windows874", "cp874"), "cp874"),
    **dict.fromkeys(("xcp1250",), "cp1250"),
    **dict.fromkeys(("xcp1251",), "cp1251"),
    **dict.fromkeys(("cyrillic", "csisolatincyrillic"), "iso8859-5"),
    **dict.fromkeys(("arabic", "csisolatinarabic", "asmo708"), "iso8859-6"),
    **dict.fromkeys(("greek", "greek8", "ecma118", "elot928", "suneugreek"), "iso8859-7"),
    **dict.fromkeys(("hebrew", "visual", "logical", "csisolatinhebrew"), "iso8859-8"),
    **dict.fromkeys(("koi8r", "koi8"), "koi8-r"),
    **dict.fromkeys(("koi8u", "koi8ru"), "koi8-u"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "cp936", "ms936", "euccn", "xgbk"), _CHINESE),
    **dict.fromkeys(("hzgb2312", "hz"), "hz"),
    **dict.fromkeys(("big5", "big5hkscs", "cnbig5", "cp950"), "big5hkscs"),
    **dict.fromkeys(("shiftjis", "sjis", "xsjis", "ms932", "cp932", "windows31j", "mskanji"), _JAPANESE),
    **dict.fromkeys(("eucjp", "xeucjp"), "euc_jp"),
    **dict.fromkeys(("iso2022jp", "iso2022jp1", "csiso2022jp"), "iso2022_jp_2"),
    **dict.fromkeys(("euckr", "ksc56011987", "ksc5601", "cp949", "uhc", "ksx1001"), _KOREAN),
    **dict.fromkeys(("iso2022kr",), "iso2022_kr"),
    **dict.fromkeys(("macintosh", "macroman", "xmacroman"), "mac-roman"),
    **dict.fromkeys(("utf16", "unicode", "ucs2"), "utf-16"),
    **dict.fromkeys(("utf16le",), "utf-16-le"),
    **dict.fromkeys(("utf16be",), "utf-16-be"),
}


def codec_of(label: str) -> str | None:
    """Return the Python codec that a charset label means, or None where the label is not believed."""
    if len(label) > 64:
        return None
    return _CODECS.get("".join(letter for letter in label.lower() if letter.isascii() and letter.isalnum()))


def decode_text(content: bytes, label: str | None) -> tuple[str, bool]:
    """Return the text, and whether something had to be replaced or guessed.

    A label that is absent, unknown or contradicted by the bytes gives way to UTF-8 where the bytes are
    valid UTF-8, else to Windows-1252 with replacement.
    """
    codec = codec_of(label) if label else None
    for attempt in (codec, "utf-8"):
        if attempt is None:
            continue
        try:
            return content.decode(attempt), attempt != codec and bool(label)
        except UnicodeError:
            continue
    western = content.decode(_WESTERN, errors="replace")
    if codec in (None, "ascii") or (codec == "utf-8" and _is_western(content, western)):
        return western, True
    return content.decode(codec, errors="replace"), True


def _is_western(content: bytes, western: str) -> bool:
    """Whether bytes that are no UTF-8 hold no letter of it either, and only letters if they are Western."""
    beyond = [letter for letter in western if not letter.isascii()]
    only_letters = all(letter.isalpha() or letter in _TYPOGRAPHY for letter in beyond)
    return only_letters and content.decode("utf-8", errors="replace").replace("\ufffd", "").isascii()
