"""Pub/Sub push: signed, repeated until acknowledged, and as unreliable as the dials say."""

from functools import partial

import httpx
import jwt

from tests.simulator.conftest import ANN, DANA
from tests.simulator.google_client import Connection
from tests.simulator.push_receiver import Receiver, receiving
from tests.simulator_process import Simulator
from tests.waiting import wait_until

TOPIC = "projects/bothways/topics/gmail"
SERVICE_ACCOUNT = "push@bothways.iam.gserviceaccount.test"


async def watch(connection: Connection, **more: object) -> dict[str, object]:
    """Start a watch."""
    return await connection.do(
        connection.service.users().watch(userId="me", body={"topicName": TOPIC, **more})
    )


async def posted(receiver: Receiver, number: int) -> None:
    """Wait until that many notifications have come."""
    await wait_until(lambda: len(receiver.posts) >= number, description=f"{number} notifications came")


async def test_watch_notifies_at_once_and_at_each_change(simulator: Simulator, ann: Connection) -> None:
    """The history id is the watch's, then rises; in push it is a number."""
    async with receiving() as receiver:
        await simulator.set_push(receiver.url, service_account=SERVICE_ACCOUNT)
        answer = await watch(ann)
        await posted(receiver, 1)
        await simulator.deliver(DANA, ANN, subject="Roof", text="x")
        await posted(receiver, 2)

    newest = int(await ann.history_id())
    assert receiver.data == [
        {"emailAddress": ANN, "historyId": int(str(answer["historyId"]))},
        {"emailAddress": ANN, "historyId": newest},
    ]
    message = receiver.posts[0][1]["message"]
    assert set(message) == {"data", "messageId", "message_id", "publishTime", "publish_time"}


async def test_token_is_verified_with_the_published_key(simulator: Simulator, ann: Connection) -> None:
    """Signature, issuer, audience, account and life of one hour."""
    async with receiving() as receiver:
        await simulator.set_push(receiver.url, service_account=SERVICE_ACCOUNT, audience="bothways")
        await watch(ann)
        await posted(receiver, 1)
    token = receiver.posts[0][0]["authorization"].removeprefix("Bearer ")
    jwks = httpx.get(f"{simulator.google_url}oauth2/v3/certs", trust_env=False).json()
    key = jwt.PyJWKSet.from_dict(jwks)[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, ["RS256"], audience="bothways", issuer="https://accounts.google.com")

    assert (claims["email"], claims["email_verified"]) == (SERVICE_ACCOUNT, True)
    assert claims["exp"] - claims["iat"] == 3600


async def test_audience_is_the_endpoint_by_default(simulator: Simulator, ann: Connection) -> None:
    """As Pub/Sub does."""
    async with receiving() as receiver:
        await simulator.set_push(receiver.url, audience="")
        await watch(ann)
        await posted(receiver, 1)
    token = receiver.posts[0][0]["authorization"].removeprefix("Bearer ")

    assert jwt.decode(token, options={"verify_signature": False})["aud"] == receiver.url


async def test_refused_notification_comes_again_with_the_same_id(
    simulator: Simulator, ann: Connection
) -> None:
    """500 and 404 are no acknowledgement; 204 ends it."""
    await simulator.set_dials(push_retry_first_seconds=0.05)
    async with receiving(500, 404, 204) as receiver:
        await simulator.set_push(receiver.url)
        await watch(ann)
        await posted(receiver, 3)

        async def acknowledged() -> bool:
            return not (await simulator.ask("GET", "/push"))["waiting"]

        await wait_until(acknowledged, description="the notification was acknowledged")
    log = (await simulator.ask("GET", "/push"))["attempts"]

    assert len(set(receiver.message_ids)) == 1
    assert [attempt["status"] for attempt in log] == [500, 404, 204]


async def test_duplicates_lag_and_loss(simulator: Simulator, ann: Connection) -> None:
    """Three times the same message; none while everything is lost."""
    async with receiving() as receiver:
        await simulator.set_push(receiver.url)
        await simulator.set_dials(push_duplicates=2, push_lag_seconds=0.2, push_reorder=True)
        await watch(ann)
        before = len(receiver.posts)
        await posted(receiver, 3)
        await simulator.set_dials(push_loss=1)
        await simulator.deliver(DANA, ANN, subject="Lost", text="x")
        state = await simulator.ask("GET", "/push")

    assert before == 0
    assert len(set(receiver.message_ids)) == 1
    assert (state["dropped"], state["waiting"]) == (1, [])


async def test_one_notification_a_second(simulator: Simulator, ann: Connection) -> None:
    """With the dial on, what exceeds it is dropped, as Gmail does."""
    await simulator.set_dials(push_one_per_second=True)
    await watch(ann)
    await simulator.deliver(DANA, ANN, subject="One", text="x")
    await simulator.deliver(DANA, ANN, subject="Two", text="x")

    assert (await simulator.ask("GET", "/push"))["dropped"] == 2


async def test_watch_listens_to_its_labels(simulator: Simulator, ann: Connection) -> None:
    """A draft is not in INBOX; a received mail is."""
    async with receiving() as receiver:
        await simulator.set_push(receiver.url)
        await watch(ann, labelIds=["INBOX"], labelFilterBehavior="include")
        await posted(receiver, 1)
        draft = {"message": {"raw": "VG86IGRhbmFAb2thZm9yLXJvb2ZpbmcudGVzdAoKeAo"}}
        await ann.do(ann.drafts.create(userId="me", body=draft))
        await simulator.deliver(DANA, ANN, subject="Roof", text="x")
        await posted(receiver, 2)
        newest = int(await ann.history_id())

    assert [data["historyId"] for data in receiver.data][1:] == [newest]


async def test_second_topic_is_refused_until_stop(simulator: Simulator, ann: Connection) -> None:
    """One watch per mailbox and project; the same topic renews."""
    await watch(ann)
    await watch(ann)
    start = ann.service.users().watch
    other = {"topicName": "projects/bothways/topics/other"}
    status, error = await ann.error_of(start(userId="me", body=other))
    await ann.do(ann.service.users().stop(userId="me"))
    answer = await ann.do(start(userId="me", body=other))

    assert (status, error["message"]) == (
        400,
        "Only one user push notification client allowed per developer (call /stop then try again)",
    )
    assert int(answer["expiration"]) > 0


async def test_topics_that_do_not_exist_or_have_no_form(simulator: Simulator, ann: Connection) -> None:
    """404 for one that is not on the list, 400 for a malformed one."""
    start = ann.service.users().watch
    await simulator.ask("PUT", "/push", {"topics": ["projects/bothways/topics/known"]})
    try:
        missing = await ann.error_of(start(userId="me", body={"topicName": TOPIC}))
    finally:
        await simulator.ask("PUT", "/push", {"topics": None})
    malformed = await ann.error_of(start(userId="me", body={"topicName": "gmail"}))

    assert (missing[0], malformed[0]) == (404, 400)
    assert "Error sending test message to Cloud PubSub" in missing[1]["message"]


async def _acknowledged(simulator: Simulator) -> bool:
    state = await simulator.ask("GET", "/push")
    return len(state["attempts"]) == 1 and state["waiting"] == []


async def test_watch_ends_after_seven_days(simulator: Simulator, ann: Connection) -> None:
    """A change after the expiration is not told."""
    async with receiving() as receiver:
        await simulator.set_push(receiver.url)
        await watch(ann)
        await posted(receiver, 1)
        # A notice whose answer is still under way would fall due again when the clock jumps.
        await wait_until(partial(_acknowledged, simulator), description="the first notice is acknowledged")
        await simulator.set_dials(clock_offset_seconds=7 * 86_400 + 60)
        await simulator.deliver(DANA, ANN, subject="Unheard", text="x")
        state = await simulator.ask("GET", "/push")

    assert (len(state["attempts"]), state["waiting"]) == (1, [])
