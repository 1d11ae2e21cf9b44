"""The mutations on webhooks, as schema/root.py has all others; apart, so that one can read either."""

import strawberry
from strawberry import field

from resolvers import webhooks
from schema.results.webhooks import (
    CreateWebhookResult,
    DeleteWebhookResult,
    ReplaceWebhookSecretResult,
    ReplayWebhookDeliveryResult,
    ReplayWebhookResult,
    SwitchWebhookResult,
    TestWebhookResult,
    UpdateWebhookResult,
)


@strawberry.type(description="What can be changed about webhooks; all of it for admins.")
class WebhookMutations:
    create_webhook: CreateWebhookResult = field(
        resolver=webhooks.create_webhook,
        description="Have an https address told what happens from now on; no `events` means all. For admins. "
        "Nothing is sent before something happens, or testWebhook asks for it.",
    )
    update_webhook: UpdateWebhookResult = field(
        resolver=webhooks.update_webhook,
        description="Change where a webhook's events are sent, or which; what waits goes to the new address. "
        "For admins.",
    )
    delete_webhook: DeleteWebhookResult = field(
        resolver=webhooks.delete_webhook,
        description="End a webhook, with what waits for it; for admins.",
    )
    pause_webhook: SwitchWebhookResult = field(
        resolver=webhooks.pause_webhook,
        description="Send a webhook nothing until resumeWebhook; for admins.",
    )
    resume_webhook: SwitchWebhookResult = field(
        resolver=webhooks.resume_webhook,
        description="Let a webhook that is paused or off go on where it stopped, and send at once what "
        "waits; for admins.",
    )
    replace_webhook_secret: ReplaceWebhookSecretResult = field(
        resolver=webhooks.replace_webhook_secret,
        description="Give a webhook a new secret. For 24 hours deliveries are signed with the old one too. "
        "For admins.",
    )
    test_webhook: TestWebhookResult = field(
        resolver=webhooks.test_webhook,
        description="Send a webhook a PING, once, also while it is off; the delivery tells what came of it. "
        "For admins.",
    )
    replay_webhook_delivery: ReplayWebhookDeliveryResult = field(
        resolver=webhooks.replay_webhook_delivery,
        description="Send an event again, under the same `webhook-id`; for admins.",
    )
    replay_webhook: ReplayWebhookResult = field(
        resolver=webhooks.replay_webhook,
        description="Send every event again that a webhook was to be told since an instant, at most 30 days "
        "back, in their order; for admins.",
    )
