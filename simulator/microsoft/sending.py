"""Sending: a draft becomes a mail under way and a copy in Sent Items; answering and forwarding.

Source: https://learn.microsoft.com/en-us/graph/outlook-things-to-know-about-send-mail (202 at once, transport
later, bad recipients only as reports), /api/message-send, /user-sendmail, /message-reply,
/message-createreply.
Whether the sent item keeps the immutable id of its draft is reported both ways: a dial chooses.
"""

from email.utils import format_datetime
from typing import TYPE_CHECKING

from simulator import compose, mime
from simulator.exchange import Answer, Json
from simulator.mailbox import Copy, NotThere
from simulator.microsoft import drafting, errors, messages
from simulator.microsoft.call import Call, Handler, empty, flag_of, object_of, text_of
from simulator.microsoft.identity import is_personal
from simulator.microsoft.office import Sending
from simulator.post import Account

if TYPE_CHECKING:
    from simulator.world import World

MOST_RECIPIENTS = 500
DAY_MS = 86_400_000


def send_draft(call: Call) -> Answer:
    """`POST /me/messages/{id}/send`: 202, or 404 for what is sent or under way already."""
    copy, item = call.item()
    under_way = any(one.copy_id == copy.id for one in call.world.microsoft.state.sendings)
    again = call.world.dials.now.microsoft.draft_sent_twice == "sent_again"
    if (not item.is_draft or under_way) and not again:
        raise errors.not_found()
    submit(call, copy, keep=True)
    return empty(202)


def send_mail(call: Call) -> Answer:
    """`POST /me/sendMail`: from JSON, with or without a copy in Sent Items, or from MIME."""
    if call.is_mime:
        copy, keep = drafting.from_mime(call), True
    else:
        names = {name.lower(): name for name in call.json}
        body = object_of(call.json, names.get("message", "message"))
        keep = flag_of(call.json, names.get("savetosentitems", "saveToSentItems"), True)
        if not body:
            raise errors.invalid("The request has no message.")
        copy = drafting.from_json(call, body)
    try:
        submit(call, copy, keep=keep)
    except errors.GraphError:
        call.world.post.delete(call.account, copy.id)
        raise
    return empty(202)


def submit(call: Call, copy: Copy, *, keep: bool) -> None:
    """Hand a draft to the transport.

    Raises:
        GraphError: 400 without recipients, 403 for a foreign From, 429 over the daily cap.
    """
    summary = call.world.contents.summary(copy.content)
    if not summary.recipients or len(summary.recipients) > MOST_RECIPIENTS:
        raise errors.known("ErrorInvalidRecipients")
    if {one.address for one in summary.sender} - _sendable(call.account):
        raise errors.known("ErrorSendAsDenied")
    _count(call)
    lag_ms = int(call.world.dials.now.microsoft.transport_lag_seconds * 1000)
    due_ms = call.world.clock.now_ms() + lag_ms
    call.world.microsoft.state.sendings.append(Sending(due_ms, call.account.address, copy.id, keep))
    transport(call.world)


def _sendable(account: Account) -> set[str]:
    accepted = {alias.address for alias in account.aliases if alias.verification_status == "accepted"}
    return {account.address, *accepted}


def _count(call: Call) -> None:
    now_ms, sent = call.world.clock.now_ms(), call.world.microsoft.state.sent_ms
    recent = [at_ms for at_ms in sent.get(call.account.address, []) if at_ms > now_ms - DAY_MS]
    if len(recent) >= call.world.dials.now.daily_send_limit:
        personal = is_personal(call.account)
        raise errors.known("ErrorExceededMessageLimit" if personal else "ErrorSubmissionQuotaExceeded")
    sent[call.account.address] = [*recent, now_ms]


def transport(world: "World") -> None:
    """Send every draft whose time has come."""
    state, now_ms = world.microsoft.state, world.clock.now_ms()
    due = [one for one in state.sendings if one.due_ms <= now_ms]
    state.sendings = [one for one in state.sendings if one.due_ms > now_ms]
    for sending in due:
        account = world.post.state.accounts.get(sending.address)
        if account is not None:
            try:
                _send(world, account, sending)
            except NotThere:
                continue


def _send(world: "World", account: Account, sending: Sending) -> None:
    copy = world.post.mailbox(account).copy(sending.copy_id)
    raw = world.contents.raw[copy.content]
    replaced = {"Date": format_datetime(world.clock.now())}
    if world.dials.now.message_id_mode == "rewritten":
        replaced["Message-ID"] = drafting.new_message_id()
    raw = mime.edit_fields(raw, remove=list(replaced), append=list(replaced.items()))
    if world.dials.now.microsoft.sent_item_id == "new":
        before = world.microsoft.item(account, copy)
        fresh = world.post.store(account, raw, {"SENT"}, thread_id=copy.thread_id)
        after = world.microsoft.item(account, fresh)
        after.properties, after.categories = dict(before.properties), list(before.categories)
        world.post.delete(account, copy.id)
        copy = fresh
    else:
        copy.arrived_ms = world.clock.now_ms()
        world.post.rewrite(account, copy.id, raw)
        world.post.relabel(account, copy.id, {"SENT"}, {"DRAFT", "UNREAD", "OUTBOX"})
    world.post.dispatch(account, copy)
    if not sending.keep:
        world.post.delete(account, copy.id)
    world.touched()


def next_due_ms(world: "World") -> int | None:
    """Return when the next draft leaves, in epoch milliseconds."""
    return min((one.due_ms for one in world.microsoft.state.sendings), default=None)


def create_answer(call: Call, *, to_all: bool, forward: bool) -> Answer:
    """`createReply`, `createReplyAll`, `createForward`: a draft in the mail's conversation."""
    copy = _answer(call, to_all=to_all, forward=forward)
    return messages.entity(call, copy, call.world.microsoft.item(call.account, copy), 201)


def answer_at_once(call: Call, *, to_all: bool, forward: bool) -> Answer:
    """`reply`, `replyAll`, `forward`: the same, sent."""
    copy = _answer(call, to_all=to_all, forward=forward)
    try:
        submit(call, copy, keep=True)
    except errors.GraphError:
        call.world.post.delete(call.account, copy.id)
        raise
    return empty(202)


def _answer(call: Call, *, to_all: bool, forward: bool) -> Copy:
    answered, _item = call.item()
    if call.is_mime:
        return drafting.from_mime(call, answered.thread_id)
    names = {name.lower(): name for name in call.json}
    body = dict(object_of(call.json, names.get("message", "message")))
    comment = text_of(call.json, names.get("comment", "comment"))
    if comment and body.get("body") is not None:
        raise errors.invalid("The Comment and the message's Body cannot be set together.")
    if names.get("torecipients"):
        body["toRecipients"] = call.json[names["torecipients"]]
    drafting.check_names(body)
    raw = call.world.contents.raw[answered.content]
    own = call.account.addresses
    if forward:
        letter = compose.forward_of(raw, compose.Letter(text=comment))
    else:
        letter = compose.reply_to(raw, compose.Letter(text=comment), own, to_all=to_all)
        letter = drafting.quoted(letter, raw)
    written: Json = {name: value for name, value in body.items() if value is not None}
    return drafting.stored(call, drafting.merged(letter, written), written, answered.thread_id)


HANDLERS: dict[str, Handler] = {
    "graph.messages.send": send_draft,
    "graph.sendMail": send_mail,
    "graph.messages.createReply": lambda call: create_answer(call, to_all=False, forward=False),
    "graph.messages.createReplyAll": lambda call: create_answer(call, to_all=True, forward=False),
    "graph.messages.createForward": lambda call: create_answer(call, to_all=False, forward=True),
    "graph.messages.reply": lambda call: answer_at_once(call, to_all=False, forward=False),
    "graph.messages.replyAll": lambda call: answer_at_once(call, to_all=True, forward=False),
    "graph.messages.forward": lambda call: answer_at_once(call, to_all=False, forward=True),
}
