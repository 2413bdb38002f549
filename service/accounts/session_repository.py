"""Every query of log-ins that go on and of their refresh tokens."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, delete, func, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.accounts.models import Account, AccountSession, RefreshToken

_TOKEN_HOLDER = text("select account_id, secret_hash from accounts_token_holder(:region, :token)")


async def find_token_holder(session: AsyncSession, region_id: UUID, token_id: UUID) -> RowMapping | None:
    """Return whose refresh token it is, and the hash of its secret."""
    found = await session.execute(_TOKEN_HOLDER, {"region": region_id, "token": token_id})
    return found.mappings().one_or_none()


async def lock_token(session: AsyncSession, region_id: UUID, token_id: UUID) -> RefreshToken | None:
    """Return a refresh token of the fence's account, locked: of two uses at once the second sees the first."""
    return await session.get(RefreshToken, (region_id, token_id), with_for_update=True)


async def holds_password(session: AsyncSession, region_id: UUID, account_id: UUID, password_hash: str) -> bool:
    """Return whether the fence's account is active and has this password still; it keeps it until the commit.

    Whoever changes the password at the same moment waits, then ends the session that is being opened, or was first.
    """
    query = (
        select(Account.id)
        .where(
            col(Account.region_id) == region_id,
            col(Account.id) == account_id,
            col(Account.password_hash) == password_hash,
            col(Account.status) == "active",
        )
        .with_for_update(read=True)
    )
    return (await session.execute(query)).scalar_one_or_none() is not None


async def holds_binding(session: AsyncSession, region_id: UUID, account_id: UUID, client_id: UUID) -> bool:
    """Return whether the fence's account is active and bound to a service client; it stays so until the commit.

    Whoever takes the binding away at the same moment waits, then ends the session that is being opened, or was first.
    """
    query = (
        select(Account.id)
        .where(
            col(Account.region_id) == region_id,
            col(Account.id) == account_id,
            col(Account.bound_client_id) == client_id,
            col(Account.status) == "active",
        )
        .with_for_update(read=True)
    )
    return (await session.execute(query)).scalar_one_or_none() is not None


async def find_session(session: AsyncSession, region_id: UUID, session_id: UUID) -> AccountSession | None:
    """Return a log-in that the fence shows."""
    return await session.get(AccountSession, (region_id, session_id))


async def list_live(
    session: AsyncSession, region_id: UUID, account_id: UUID, now: datetime
) -> Sequence[AccountSession]:
    """Return the log-ins of an account that go on, the newest first, at most 200."""
    query = (
        select(AccountSession)
        .join(
            Account,
            (col(Account.region_id) == col(AccountSession.region_id))
            & (col(Account.id) == col(AccountSession.account_id)),
        )
        .where(
            *_of(region_id, account_id),
            col(AccountSession.revoked_at).is_(None),
            col(AccountSession.expires_at) > now,
            col(Account.sessions_from).is_(None) | (col(AccountSession.created_at) >= col(Account.sessions_from)),
        )
        .order_by(col(AccountSession.created_at).desc(), col(AccountSession.id))
        .limit(200)
    )
    return (await session.execute(query)).scalars().all()


async def end_session(session: AsyncSession, region_id: UUID, account_id: UUID, session_id: UUID, at: datetime) -> bool:
    """End a log-in of an account; return whether there is such a one."""
    ended = await session.execute(
        update(AccountSession)
        .where(*_of(region_id, account_id), col(AccountSession.id) == session_id)
        .values(revoked_at=_at_first(at))
        .returning(col(AccountSession.id))
    )
    return ended.scalar_one_or_none() is not None


async def end_others(session: AsyncSession, region_id: UUID, account_id: UUID, kept: UUID | None, at: datetime) -> None:
    """End every log-in of an account but one."""
    mine = [*_of(region_id, account_id), col(AccountSession.revoked_at).is_(None)]
    if kept is not None:
        mine.append(col(AccountSession.id) != kept)
    await session.execute(update(AccountSession).where(*mine).values(revoked_at=at))


async def clear_away(session: AsyncSession, region_id: UUID, account_id: UUID, before: datetime) -> None:
    """Forget the log-ins of an account that were over before a moment."""
    await session.execute(
        delete(AccountSession).where(*_of(region_id, account_id), col(AccountSession.expires_at) < before)
    )


async def revoke_family(session: AsyncSession, token: RefreshToken, at: datetime) -> None:
    """End the log-in of a refresh token, and every refresh token of it."""
    await end_session(session, token.region_id, token.account_id, token.family_id, at)
    await session.execute(
        update(RefreshToken)
        .where(
            col(RefreshToken.region_id) == token.region_id,
            col(RefreshToken.family_id) == token.family_id,
            col(RefreshToken.revoked_at).is_(None),
        )
        .values(revoked_at=at)
    )


def _of(region_id: UUID, account_id: UUID) -> list[ColumnElement[bool]]:
    return [col(AccountSession.region_id) == region_id, col(AccountSession.account_id) == account_id]


def _at_first(at: datetime) -> ColumnElement[datetime]:
    # ended once: the first moment stays
    return func.coalesce(col(AccountSession.revoked_at), at)
