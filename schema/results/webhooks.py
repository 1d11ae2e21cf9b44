"""What the mutations on webhooks answer."""

from typing import Annotated

import strawberry
from strawberry import ID, field

from schema.enums import WebhookState
from schema.results.refusals import Forbidden, InvalidInput, NotFound, UserError
from schema.types.webhooks import Webhook, WebhookDelivery


@strawberry.type(description="A webhook has a new secret.")
class WebhookSecret:
    webhook: Webhook = field(description="The webhook.")
    secret: str = field(
        description="What deliveries are signed with, as Standard Webhooks libraries take it (`whsec_...`); "
        "shown this once and never again."
    )


@strawberry.type(description="A webhook is no more; nothing is sent to it.")
class WebhookDeleted:
    id: ID = field(description="The webhook that was.")


@strawberry.type(description="Deliveries wait to be sent again.")
class WebhookReplayed:
    webhook: Webhook = field(description="The webhook.")
    count: int = field(description="How many deliveries will be sent again.")


@strawberry.type(description="The workspace has as many webhooks as it may have. Nothing was made.")
class TooManyWebhooks(UserError):
    limit: int = field(description="How many it may have.")


@strawberry.type(description="The webhook stands where this can not be done.")
class WebhookWrongState(UserError):
    webhook_state: WebhookState = field(description="Where it stands.")


CreateWebhookResult = Annotated[
    WebhookSecret | TooManyWebhooks | InvalidInput | Forbidden,
    strawberry.union("CreateWebhookResult", description="What making a webhook answers."),
]
UpdateWebhookResult = Annotated[
    Webhook | InvalidInput | NotFound | Forbidden,
    strawberry.union("UpdateWebhookResult", description="What changing a webhook answers."),
]
SwitchWebhookResult = Annotated[
    Webhook | WebhookWrongState | NotFound | Forbidden,
    strawberry.union("SwitchWebhookResult", description="What pausing and resuming a webhook answer."),
]
DeleteWebhookResult = Annotated[
    WebhookDeleted | NotFound | Forbidden,
    strawberry.union("DeleteWebhookResult", description="What deleting a webhook answers."),
]
ReplaceWebhookSecretResult = Annotated[
    WebhookSecret | NotFound | Forbidden,
    strawberry.union("ReplaceWebhookSecretResult", description="What a new secret answers."),
]
TestWebhookResult = Annotated[
    WebhookDelivery | NotFound | Forbidden,
    strawberry.union("TestWebhookResult", description="What asking for a ping answers: how it will go on."),
]
ReplayWebhookDeliveryResult = Annotated[
    WebhookDelivery | NotFound | Forbidden,
    strawberry.union("ReplayWebhookDeliveryResult", description="What sending a delivery again answers."),
]
ReplayWebhookResult = Annotated[
    WebhookReplayed | NotFound | Forbidden,
    strawberry.union("ReplayWebhookResult", description="What sending many deliveries again answers."),
]
