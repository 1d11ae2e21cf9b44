"""users.watch and users.stop: who wants to hear of a mailbox's changes.

Source: https://developers.google.com/workspace/gmail/api/guides/push. One watch for each mailbox and
developer project: another topic is refused while one is active; the same topic renews it for seven days.
"""

import re
from dataclasses import dataclass

from simulator.google import errors
from simulator.google.call import Call, Handler
from simulator.google.errors import Json
from simulator.mailbox import Change

WATCH_LIFETIME_MS = 7 * 86_400_000
TOPIC = re.compile(r"projects/[a-z][a-z0-9.:\-]{2,62}/topics/[A-Za-z][\w.~+%\-]{2,254}")


@dataclass
class Watch:
    """One project's wish to hear of one mailbox; no labels mean all changes."""

    address: str
    project: str
    topic: str
    labels: list[str]
    exclude: bool
    expires_ms: int

    def wants(self, change: Change) -> bool:
        """Tell whether a change touches the labels that are watched."""
        if not self.labels:
            return True
        touched = bool(set(self.labels) & {*change.labels, *change.labels_after})
        return touched != self.exclude


def start_watch(call: Call) -> Json:
    """`users.watch`: answers the cursor, and publishes one notification at once.

    Raises:
        GoogleError: 400 for a malformed or a second topic, 404 for a topic that does not exist.
    """
    topic = call.text("topicName")
    if not TOPIC.fullmatch(topic):
        raise errors.invalid("Invalid topicName does not match projects/{project}/topics/{topic}")
    known = call.world.pubsub.state.settings.topics
    if known is not None and topic not in known:
        text = f"Error sending test message to Cloud PubSub {topic} : Resource not found (resource={topic})."
        raise errors.failure(404, text, "notFound")
    behaviour = call.text("labelFilterBehavior") or call.text("labelFilterAction") or "include"
    if behaviour.lower() not in ("include", "exclude"):
        raise errors.invalid("Invalid value at 'label_filter_behavior'")
    now_ms = call.world.clock.now_ms()
    active = call.world.gmail.watches.get(_key(call))
    if active is not None and active.expires_ms > now_ms and active.topic != topic:
        raise errors.invalid(
            "Only one user push notification client allowed per developer (call /stop then try again)"
        )
    watch = Watch(
        call.account.address,
        call.client.project,
        topic,
        call.names("labelIds"),
        behaviour.lower() == "exclude",
        now_ms + WATCH_LIFETIME_MS,
    )
    call.world.gmail.watches[_key(call)] = watch
    call.world.pubsub.publish(watch, call.mailbox.number)
    return {"historyId": str(call.mailbox.number), "expiration": str(watch.expires_ms)}


def stop_watch(call: Call) -> None:
    """`users.stop`: ends this project's watch; no error where there is none."""
    call.world.gmail.watches.pop(_key(call), None)


def _key(call: Call) -> str:
    return f"{call.client.project} {call.account.address}"


HANDLERS: dict[str, Handler] = {"gmail.users.watch": start_watch, "gmail.users.stop": stop_watch}
