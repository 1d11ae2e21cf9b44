"""What a subscription shows to whom: the live engine's `Feed`, over the resolvers' rules of access."""

from typing import NoReturn

from app.live.feed import LiveRefusal, SubscriptionField
from resolvers.viewer import Viewer


class LiveFeed:
    """Refuses every subscription until resolvers/feed.py says what each shows."""

    async def interest(self, field: SubscriptionField, viewer: Viewer) -> NoReturn:
        """Raises: LiveRefusal."""
        raise LiveRefusal("UNAVAILABLE", f"The subscription {field.name} is not served yet.")
