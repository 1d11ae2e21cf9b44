"""Every sample: the shapes of mail that people receive, with what a reader should find in each.

Invented people and domains only. `expected` holds fields of ParsedMessage; `attachments` are [name, type,
size].
"""

from tests.samples.mail.bodies import attachments, html_mails, simple_texts
from tests.samples.mail.letters import heads, replies, reports
from tests.samples.mail.parts import Shape

SHAPES: list[Shape] = [*simple_texts(), *html_mails(), *attachments(), *reports(), *replies(), *heads()]
