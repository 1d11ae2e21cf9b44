"""Webhooks: where programs outside are told what happens, and what came of telling them."""

from datetime import datetime

import strawberry
from strawberry import ID, field

from schema.enums import EventKind, WebhookDeliveryState, WebhookState
from schema.scalars import EventID
from schema.types.pages import PageInfo


@strawberry.type(
    description="An address that is told what happens in the workspace, as Standard Webhooks: signed, with "
    "ids alone. Its secret was shown once, when it was made or replaced."
)
class Webhook:
    id: ID = field(description="The webhook's id.")
    url: str = field(description="Where events are sent.")
    events: list[EventKind] = field(
        description="Which events; empty means all, also those that come to be later."
    )
    state: WebhookState = field(description="Whether events are sent.")
    off_because: str | None = field(
        description="Why no events are sent, in a sentence; null while they are. What happens meanwhile is "
        "kept for 30 days, and sent after resumeWebhook."
    )
    waiting: int = field(
        description="How many events wait to be sent, or to be sent again; 10000 stands for more."
    )
    failing_since: datetime | None = field(
        description="Since when nothing was taken; null while all is well. After five days it is switched "
        "off."
    )
    last_delivered_at: datetime | None = field(description="When the receiver last took an event or a ping.")
    last_error: str | None = field(
        description="What went wrong last, in a sentence; null where nothing did since the last success."
    )
    previous_secret_until: datetime | None = field(
        description="Until when deliveries are also signed with the secret that was replaced; null where "
        "none is."
    )
    created_at: datetime = field(description="When it was made; it is told what happened since.")
    changed_at: datetime = field(description="When it was last changed, paused, resumed or switched off.")


@strawberry.type(description="One event, or one ping, for one webhook. Kept for 30 days.")
class WebhookDelivery:
    id: ID = field(description="The delivery's id.")
    event_id: EventID | None = field(
        description="The event's id, as in `webhook-id` and in subscriptions; null for a ping."
    )
    kind: EventKind | None = field(description="What happened; null for a ping.")
    state: WebhookDeliveryState = field(description="Where it stands.")
    attempts: int = field(description="How often it was sent, since it was last asked for.")
    created_at: datetime = field(description="When it was put in the queue.")
    last_attempt_at: datetime | None = field(description="When it was last sent.")
    last_status: int | None = field(
        description="The HTTP status that the receiver last answered; null where there was none."
    )
    error: str | None = field(description="Why it was not taken, in a sentence; null where it was.")
    next_attempt_at: datetime | None = field(
        description="When it is sent next, if its receiver takes what comes before; null where it is not."
    )
    delivered_at: datetime | None = field(description="When it was taken.")


@strawberry.type(description="A delivery in a page.")
class WebhookDeliveryEdge:
    node: WebhookDelivery = field(description="The delivery.")
    cursor: str = field(description="Where it lies in the list; opaque.")


@strawberry.type(description="A page of deliveries, newest first.")
class WebhookDeliveryConnection:
    edges: list[WebhookDeliveryEdge] = field(description="The deliveries of this page.")
    page_info: PageInfo = field(description="Where the page lies in the list.")
