"""What a person can do in a mailbox and with an account; the page and the control API both use it."""

import base64
import binascii

from simulator import compose, mime
from simulator.compose import NotWritable
from simulator.control_models import NewMail
from simulator.mailbox import Copy
from simulator.post import Account, arrived_at
from simulator.world import World

Json = dict[str, object]


def write(world: World, account: Account, mail: NewMail) -> Copy:
    """Send what the control API was given; the copy in the sender's mailbox is returned.

    Raises:
        NotWritable: no recipient, or something that no header may hold.
        NotThere: the mail to answer or to forward is not in the mailbox.
    """
    if mail.raw_base64 is not None:
        return _submitted(world, account, mime.with_crlf(_raw(mail.raw_base64)), None)
    return send(
        world,
        account,
        mail.letter,
        answer=mail.reply_to,
        to_all=mail.reply_all,
        forward=mail.forward,
        message_id=mail.message_id,
    )


def send(
    world: World,
    account: Account,
    letter: compose.Letter,
    *,
    answer: str | None = None,
    to_all: bool = False,
    forward: str | None = None,
    message_id: str | None = None,
) -> Copy:
    """Send a letter: new, or in answer to a mail of the mailbox, or passing one on.

    Raises:
        NotWritable: no recipient, or something that no header may hold.
        NotThere: the mail to answer or to forward is not in the mailbox.
    """
    mailbox = world.post.mailbox(account)
    thread_id: str | None = None
    if answer is not None:
        answered = mailbox.copy(answer)
        letter = compose.reply_to(
            world.contents.raw[answered.content], letter, account.addresses, to_all=to_all
        )
        thread_id = answered.thread_id
    elif forward is not None:
        passed_on = mailbox.copy(forward)
        letter = compose.forward_of(world.contents.raw[passed_on.content], letter)
        thread_id = passed_on.thread_id
    domain = account.address.rpartition("@")[2]
    pen = compose.Pen(
        account.name, account.address, world.clock.now(), message_id or world.post.new_message_id(domain)
    )
    return _submitted(world, account, compose.written(pen, letter), thread_id)


def _submitted(world: World, account: Account, raw: bytes, thread_id: str | None) -> Copy:
    summary = mime.summary_of(raw)
    if not summary.recipients:
        raise NotWritable("nobody to send it to")
    if thread_id is None:
        mailbox = world.post.mailbox(account)
        thread_id = mailbox.thread_for(summary.references, mime.base_subject(summary.subject))
    copy = world.post.submit(account, raw, thread_id=thread_id)
    world.touched()
    return copy


def change_password(world: World, account: Account, password: str) -> None:
    """Change the password, which ends what programs were allowed to do with the mail."""
    account.password = password
    account.must_sign_in = True
    world.grants.password_changed(account)
    world.microsoft.password_changed(account)
    world.touched()


def revoke(world: World, account: Account, client_id: str | None) -> None:
    """End one client's access, or everybody's."""
    for known in list(world.grants.state.clients):
        if client_id in (None, known):
            world.grants.end_grant(known, account.address)
    for known in list(world.microsoft.grants.state.clients):
        if client_id in (None, known):
            world.microsoft.grants.end_consent(known, account.address)
    world.touched()


def shown(world: World, copy: Copy) -> Json:
    """Return a mail of a list as JSON."""
    summary = world.contents.summary(copy.content)
    return {
        "id": copy.id,
        "thread_id": copy.thread_id,
        "labels": sorted(copy.labels),
        "arrived_at": arrived_at(copy),
        "internet_message_id": copy.internet_message_id,
        "references": list(summary.references),
        "from": [str(person) for person in summary.sender],
        "to": [str(person) for person in summary.to],
        "cc": [str(person) for person in summary.cc],
        "bcc": [str(person) for person in summary.bcc],
        "subject": summary.subject,
        "snippet": world.contents.snippet(copy.content),
        "size_bytes": copy.size_bytes,
    }


def shown_whole(world: World, copy: Copy) -> Json:
    """Return a mail with bodies, headers and the list of its attachments as JSON."""
    tree = world.contents.parsed(copy.content)
    plain, markup = mime.text_bodies(tree)
    files = [
        {
            "filename": mime.file_name(part),
            "content_type": part.get_content_type(),
            "size_bytes": len(mime.part_bytes(part)),
        }
        for part in tree.walk()
        if not part.is_multipart() and mime.file_name(part)
    ]
    headers = [[name, value] for name, value in mime.all_headers(world.contents.raw[copy.content])]
    return {**shown(world, copy), "text": plain, "html": markup, "headers": headers, "attachments": files}


def _raw(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotWritable("raw_base64 is no base64") from error
