"""What colleagues see of a message that several mailboxes hold: the narrowest of their owners' choices.

Pure. A choice is stamped on a message when a mailbox brings it. Narrowing reaches what was brought before;
widening is for mail to come, since who wrote the older mail did so under the narrower choice. Whoever has
the mail in a mailbox of their own always sees it.
Source: failures, complaints 19 and 20, "narrowest visibility wins".
"""

from typing import Final

from rules.words import Visibility

_WIDEST_FIRST: Final = (Visibility.EVERYTHING, Visibility.SUBJECT, Visibility.METADATA)


def narrowest(first: Visibility, second: Visibility) -> Visibility:
    """Return the one that shows less."""
    return max(first, second, key=_WIDEST_FIRST.index)


def wider_than(visibility: Visibility) -> tuple[Visibility, ...]:
    """Return every choice that shows more."""
    return _WIDEST_FIRST[: _WIDEST_FIRST.index(visibility)]
