"""Writing down what a transaction did: one round trip, the last before the commit."""

import json
from typing import Final

from sqlalchemy import ARRAY, Text, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.core.audit import doing, trail
from service.core.audit.trail import Trail

_APPEND: Final = text(
    "select audit_append(:role, :client, :session, :operation, :purpose, :subject, :persons, :reads,"
    " cast(cast(:changes as text) as jsonb), :refused, :address, :agent, :request)"
).bindparams(
    bindparam("client", type_=Uuid()),
    bindparam("session", type_=Uuid()),
    bindparam("persons", type_=ARRAY(Uuid())),
    bindparam("reads", type_=ARRAY(Text())),
)


async def leave_row(session: AsyncSession) -> None:
    """Write down what the session's transaction changed and whose rows it touched; of a reading that met none, nothing.

    A change that was asked for is written down even when it found nothing to do: publishing twice, say. Call it last
    before the commit: the chain's lane is held from here on.
    """
    await session.flush()
    touched = trail.of(session)
    if not touched.written and (not touched.is_empty or doing.current().is_meant_to_change):
        await _append(session, touched, reads=touched.reads, refused=None)


async def leave_refusal(session: AsyncSession, touched: Trail, *, refused: str) -> None:
    """Write down that a request which asked for people's rows was refused, in a transaction of its own."""
    if touched.asked:
        touched.changes.clear()
        await _append(session, touched, reads=touched.asked, refused=refused)


async def _append(session: AsyncSession, touched: Trail, *, reads: set[str], refused: str | None) -> None:
    work = doing.current()
    asks = work.principal
    values = {
        "role": asks.role if asks else None,
        "client": asks.client_id if asks else None,
        "session": asks.session_id if asks else None,
        "operation": work.named(),
        "purpose": work.purpose,
        "subject": work.about(),
        "persons": sorted(touched.person_ids),
        "reads": sorted(reads),
        "changes": json.dumps(touched.changes_document()),
        "refused": refused,
        "address": work.address,
        "agent": work.agent,
        "request": work.request_id,
    }
    await (await session.connection()).execute(_APPEND, values)
    trail.of(session).written = True
