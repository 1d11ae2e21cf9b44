"""Where in a mail's text the quoted history begins, so that a reader sees what is new.

Found: the line that introduces a quotation in any of the languages below, the header block that Outlook puts
before one, separators, and a tail of `>` lines. Not found on purpose: an answer written between or below
quoted lines hides nothing. Each line is looked at once, and only its first 400 characters.

Source: what Gmail, Apple Mail, Outlook, Thunderbird and mobile programs write; RFC 3676 4.5 for `>`.
"""

import re
from typing import Final

LINE_LIMIT: Final = 400
LINE_COUNT_LIMIT: Final = 20_000
_ATTRIBUTION_LINES: Final = 4

_INTRODUCTIONS: Final = re.compile(
    r"""(?:
      On\b.{4,350}\bwrote\s?:
    | (?:Am|Den|Le|El|Il|Em|Op|Dne|Dňa|W\ dniu|På|Pe|La|Dana)\b.{4,350}\b
      (?:schrieb|geschrieben|geschreven|a\ écrit|escribió|ha\ scritto|escreveu|schreef
        |napsal\(?a?\)?|napísal\(?a?\)?
        |napisał\(?a?\)?|skrev|a\ scris|va\ escriure|je\ napisao|pisze)(?!\w).{0,80}:?
    | .{4,350}\b(?:napisał\(?a?\)?|pisze|kirjoitti|ezt\ írta|tarihinde.{0,120}yazdı|schrieb|a\ écrit
        |escribió)\s?:
    | .{4,350}(?:пишет|написал\(?а?\)?|написав)\s?:
    | .{4,350}(?:のメール|さんは書きました|の書き込み|写道|寫道|님이\ 작성|작성:)\s?[:：]?
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_WRITTEN: Final = re.compile(
    r"\b(?:wrote|schrieb|geschrieben|geschreven|skrev|kirjoitti|napsal|napísal|napisao|napisala|scris"
    r"|missatge de|пише|написав|έγραψε|ezt írta|yazdı|napisał|pisze)|写道|寫道|작성",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TIME: Final = re.compile(r"(?<!\d)\d{1,2}[:.]\d\d(?!\d)")
_NAMED: Final = re.compile(r"<[^<>\s]+@[^<>\s]+>\s?[:：]$")
_ADDRESS_FIRST: Final = re.compile(r"<[^<>\s]+@[^<>\s]+>")
_STARTS: Final = re.compile(
    r"(?:On|Am|Den|Le|El|Il|Em|Op|Dne|Dňa|W dniu|På|Pe|La|Dana|\d{1,4}[./年\-]|.{0,60}<[^<>\s]+@[^<>\s]+>)",
    re.IGNORECASE,
)
_KEYWORDS: Final = (
    *(
        "wrote",
        "schrieb",
        "écrit",
        "escribió",
        "scritto",
        "escreveu",
        "schreef",
        "napsal",
        "napísal",
        "napisa",
    ),
    *(
        "skrev",
        "scris",
        "escriure",
        "pisze",
        "kirjoitti",
        "írta",
        "yazdı",
        "пишет",
        "написа",
        "メール",
        "書き",
    ),
    *(
        "写道",
        "寫道",
        "작성",
        "geschrieben",
        "geschreven",
        "napisao",
        "missatge de",
        "пише",
        "έγραψε",
        ">:",
        ">：",
    ),
)
"""One of these stands in every introduction; texts without any are not searched for one."""
_SEPARATORS: Final = re.compile(
    r"-{2,}\s*(?:Original Message|Original-Nachricht|Ursprüngliche Nachricht|Message d'origine"
    r"|Message original|Mensaje original|Messaggio originale|Mensagem original|Oorspronkelijk bericht"
    r"|Ursprungligt meddelande|Opprinnelig melding|Oprindelig meddelelse|Wiadomość oryginalna"
    r"|Исходное сообщение|Původní zpráva|Eredeti üzenet|Alkuperäinen viesti|Orijinal Mesaj|原始邮件"
    r"|元のメッセージ)\s*-{2,}|-{3,}\s?[^\n]{1,80} wrote:\s?-{2,}",
    re.IGNORECASE,
)
_FROM: Final = "From|Von|De|Da|Van|Från|Fra|Od|От|Lähettäjä|Kimden|Feladó|发件人|寄件者|差出人|보낸 사람"
_SENT: Final = (
    "Sent|Date|Gesendet|Datum|Envoyé|Enviado(?: el)?|Fecha|Data|Inviato|Verzonden|Skickat|Sendt|Dato|Wysłano"
    "|Odesláno|寄件日期|Дата|Отправлено|Lähetetty|Gönderildi|Tarih|Küldve|发送时间|日期|送信日時|보낸 날짜"
)
_REST: Final = (
    "To|An|À|A|Para|Aan|Till|Til|Do|Кому|Komu|收件者|Vastaanottaja|Kime|Címzett|收件人|宛先|받는 사람"
    "|Cc|Subject|Betreff|Předmět|Objet|Asunto|Oggetto|Assunto|Onderwerp|Ämne|Emne|Temat|Тема|Aihe|Konu|Tárgy|主题|主旨|件名|제목"
)
_FROM_LINE: Final = re.compile(rf"\*?(?:{_FROM})\s?[:：]\*?\s?\S", re.IGNORECASE)
_HEADER_LINE: Final = re.compile(rf"\*?(?:{_SENT}|{_REST})\s?[:：]", re.IGNORECASE)
_RULE: Final = re.compile(r"[_\-]{5,}\s*")
_FORWARDED: Final = re.compile(
    r"-{2,}\s*(?:Forwarded message|Weitergeleitete Nachricht|Message transféré|Mensaje reenviado"
    r"|Messaggio inoltrato|Doorgestuurd bericht|Begin forwarded message).*|Begin forwarded message:",
    re.IGNORECASE,
)


def _is_quote(line: str) -> bool:
    return line.startswith((">", "＞"))


def _introduction(lines: list[str], at: int, keywords: tuple[str, ...]) -> int:
    """Return how many lines, from `at`, introduce a quotation (programs wrap it), or 0."""
    spoken = "\n".join(lines[at : at + _ATTRIBUTION_LINES]).lower()
    if not any(keyword in spoken for keyword in keywords):
        return 0
    following = lines[at + 1] if at + 1 < len(lines) else ""
    wraps = _STARTS.match(lines[at]) is not None or _ADDRESS_FIRST.match(following) is not None
    joined = ""
    for count in range(1, (_ATTRIBUTION_LINES if wraps else 1) + 1):
        if at + count > len(lines) or not lines[at + count - 1] or _is_quote(lines[at + count - 1]):
            return 0
        joined = f"{joined} {lines[at + count - 1]}".strip()[:LINE_LIMIT]
        if _INTRODUCTIONS.fullmatch(joined) or _dated(joined):
            return count
    return 0


def _dated(line: str) -> bool:
    """Whether a line says who wrote at which time of which day, in whatever order, and then a colon."""
    named = line.endswith((":", "：")) and _YEAR.search(line) and _TIME.search(line)
    return bool(named and (_WRITTEN.search(line) or _NAMED.search(line)))


def _header_block(lines: list[str], at: int) -> bool:
    """Whether lines from `at` are a quoted mail's headers: From, and two others right behind it."""
    if not _FROM_LINE.match(lines[at]):
        return False
    following = [line for line in lines[at + 1 : at + 9] if line][:5]
    return sum(1 for line in following if _HEADER_LINE.match(line)) >= 2


def _answered_below(lines: list[str], at: int, last_unquoted: int) -> bool:
    """Whether `>` lines begin at `at`, and something that is not quoted comes after them."""
    begin = next((index for index in range(at, min(at + 5, len(lines))) if lines[index]), None)
    return begin is not None and _is_quote(lines[begin]) and last_unquoted > begin


def quoted_from(text: str) -> int | None:
    """Return the offset of the first character of the quoted history, or None where there is none.

    None too where nothing stands before it: a mail that only quotes is shown whole.
    """
    raw = text.split("\n")
    lines = [line[:LINE_LIMIT].strip() for line in raw]
    unquoted = (at for at in range(len(lines) - 1, -1, -1) if lines[at] and not _is_quote(lines[at]))
    last_unquoted = next(unquoted, -1)
    lowered = text.lower()
    keywords = tuple(keyword for keyword in _KEYWORDS if keyword in lowered)
    found = _first_mark(lines, last_unquoted, keywords)
    if found is None or not any(lines[:found]):
        return None
    return sum(len(line) + 1 for line in raw[:found])


def _first_mark(lines: list[str], last_unquoted: int, keywords: tuple[str, ...]) -> int | None:
    for at, line in enumerate(lines[:LINE_COUNT_LIMIT]):
        if not line:
            continue
        if _FORWARDED.match(line):
            return None
        if at > last_unquoted and _is_quote(line):
            return at
        if _SEPARATORS.fullmatch(line) or _header_block(lines, at):
            ruled = at > 0 and _RULE.fullmatch(lines[at - 1])
            return at - 1 if ruled else at
        introduced = _introduction(lines, at, keywords) if keywords else 0
        if introduced and not _answered_below(lines, at + introduced, last_unquoted):
            return at
    return None


def snippet_of(text: str, quoted: int | None, limit: int = 200) -> str:
    """Return the first words of what is new, on one line."""
    return " ".join((text if quoted is None else text[:quoted])[: limit * 8].split())[:limit]
