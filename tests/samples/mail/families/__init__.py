"""A corpus of mails in families, made when asked for: what varies is a table, what is expected a row.

Invented people and domains only; the bytes are written by hand. Every mail says what a reader finds in it:
`subject`, `sender`, `has` (in its text), `names` (of its attachments), `new` (before the quoted history),
`automatic`, `bounced` (addresses), `warned`.
"""

from tests.samples.mail.families.broken import broken
from tests.samples.mail.families.charsets import charsets
from tests.samples.mail.families.headers import headers
from tests.samples.mail.families.machines import machines
from tests.samples.mail.families.replies import replies
from tests.samples.mail.families.trees import trees
from tests.samples.mail.parts import Shape


def corpus() -> list[Shape]:
    """Every mail, each under a name of its own."""
    return [*charsets(), *headers(), *trees(), *machines(), *replies(), *broken()]
