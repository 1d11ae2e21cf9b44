"""Give a user a new Auto BCC address; the old one is taken for some days, for mail that is under way."""

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from database.reads import roots
from database.tables import RetiredAutoBccRow, UserRow, table_of
from resolvers.access import NEEDS_USER, refusal
from resolvers.actors import actor
from resolvers.context import Info
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from rules.auto_bcc import ENTROPY_BYTES, ROTATION_GRACE, new_local_part
from rules.words import Scope
from schema.results.refusals import Forbidden, NotOffered
from schema.results.workspaces import RotateAutoBccResult
from schema.types.mailboxes import User


async def rotate_auto_bcc_address(info: Info) -> RotateAutoBccResult:
    """Change the viewer's own address (B1)."""
    context = info.context
    viewer = context.viewer
    denied = refusal(viewer, Scope.SEND)
    if denied is not None:
        return denied
    if viewer.user_id is None:
        return Forbidden(message=NEEDS_USER)
    if context.settings.inbound_domain is None:
        return NotOffered(message="This deployment takes no mail, so there are no Auto BCC addresses.")
    users, retired = table_of(UserRow).c, table_of(RetiredAutoBccRow).c
    async with context.db.work(viewer.workspace_id) as work:
        found = await work.execute(select(users.auto_bcc).where(users.id == viewer.user_id).with_for_update())
        await work.execute(
            delete(RetiredAutoBccRow).where(
                retired.user_id == viewer.user_id, retired.accepted_until <= context.now
            )
        )
        await work.execute(
            insert(RetiredAutoBccRow).values(
                id=context.new_id(),
                workspace_id=viewer.workspace_id,
                user_id=viewer.user_id,
                local_part=found.scalar_one(),
                retired_at=context.now,
                accepted_until=context.now + ROTATION_GRACE,
            )
        )
        fresh = new_local_part(context.entropy(ENTROPY_BYTES))
        await work.execute(update(UserRow).where(users.id == viewer.user_id).values(auto_bcc=fresh))
        await work.audit(actor(viewer), "auto_bcc.rotated", user=str(viewer.user_id))
    wanted = wanted_below(info, "user", viewer.workspace_id)
    user: User = await read_one(context, "user", roots.USER, wanted, id=uuid(viewer.user_id))
    return user
