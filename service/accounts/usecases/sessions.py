"""Log-ins that go on: who sees them, who ends them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import rules, session_repository
from service.accounts.models import AccountSession
from service.accounts.usecases.people import in_charge
from service.core import problems
from service.core.clock import SystemClock
from service.core.principal import Principal


async def list_own_sessions(session: AsyncSession, *, principal: Principal) -> list[rules.SessionFacts]:
    """Return the principal's own log-ins that go on, the newest first, at most 200."""
    return await _live(session, principal.region_id, principal.account_id)


async def list_sessions(session: AsyncSession, *, principal: Principal, account_id: UUID) -> list[rules.SessionFacts]:
    """Return the log-ins of an account in the principal's charge.

    Raises:
        problems.NotFound: there is no such account in his charge.
    """
    await in_charge(session, principal, account_id)
    return await _live(session, principal.region_id, account_id)


async def end_own_session(session: AsyncSession, *, principal: Principal, session_id: UUID) -> None:
    """End one of the principal's own log-ins, the present one as well; what is over already is over.

    Raises:
        problems.NotFound: there is no such log-in of his.
    """
    now = SystemClock().now()
    if not await session_repository.end_session(session, principal.region_id, principal.account_id, session_id, now):
        raise problems.NotFound(what="登录")


async def end_other_sessions(session: AsyncSession, *, principal: Principal) -> None:
    """End every log-in of the principal's but the present one."""
    await session_repository.end_others(
        session, principal.region_id, principal.account_id, principal.session_id, SystemClock().now()
    )


async def end_sessions(session: AsyncSession, *, principal: Principal, account_id: UUID) -> None:
    """End every log-in of an account in the principal's charge.

    Raises:
        problems.NotFound: there is no such account in his charge.
    """
    row = await in_charge(session, principal, account_id)
    # those that a service client has opened for others end as well
    row.sessions_from = SystemClock().now()
    await session.flush()


async def _live(session: AsyncSession, region_id: UUID, account_id: UUID) -> list[rules.SessionFacts]:
    return _facts(await session_repository.list_live(session, region_id, account_id, SystemClock().now()))


def _facts(found: Sequence[AccountSession]) -> list[rules.SessionFacts]:
    return [
        rules.SessionFacts(
            id=row.id,
            kind=rules.SessionKind(row.kind),
            client_id=row.client_id,
            device=row.device,
            address=row.address,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
        )
        for row in found
    ]
