"""What every page says of itself. Source: the Relay cursor connections specification."""

import strawberry
from strawberry import field


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = field(description="Whether more follows after `endCursor`.")
    has_previous_page: bool = field(description="Whether something lies before `startCursor`.")
    start_cursor: str | None = field(description="The cursor of the first edge; null where there is none.")
    end_cursor: str | None = field(description="The cursor of the last edge; null where there is none.")
