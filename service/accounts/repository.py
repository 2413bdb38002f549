"""Every query of accounts, and which refusal each constraint stands for."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.accounts import errors
from service.accounts.models import Account, AccountInstitution
from service.core.db import refusals
from service.core.paging import PageRequest

# The fence of one who is not logged in shows no account; these definer functions answer for one.
_FOR_LOGIN = text("select id, role, password_hash, institution_ids from accounts_for_login(:region, :username)")
_FOUND_REGION = text(
    "select accounts_found_region(:region, :code, :name, :admin, :username, :display_name, :password_hash)"
)
_STANDING = text("select * from accounts_standing(:region, :account)")


async def find_for_login(session: AsyncSession, region_id: UUID, username: str) -> RowMapping | None:
    """Return id, role, password hash and institutions of the active account with a name."""
    found = await session.execute(_FOR_LOGIN, {"region": region_id, "username": username})
    return found.mappings().one_or_none()


async def find_standing(session: AsyncSession, region_id: UUID, account_id: UUID) -> RowMapping | None:
    """Return id, role, status, start of sessions and all institutions of an account, whoever asks."""
    found = await session.execute(_STANDING, {"region": region_id, "account": account_id})
    return found.mappings().one_or_none()


async def list_named(session: AsyncSession, region_id: UUID, account_ids: Collection[UUID]) -> Sequence[Account]:
    """Return those of some accounts that the fence shows."""
    query = select(Account).where(col(Account.region_id) == region_id, col(Account.id).in_(account_ids))
    return (await session.execute(query)).scalars().all()


async def find_account(
    session: AsyncSession, region_id: UUID, account_id: UUID, *, lock: bool = False
) -> Account | None:
    """Return an account that the fence shows."""
    return await session.get(Account, (region_id, account_id), with_for_update=lock or None)


async def list_accounts(
    session: AsyncSession,
    region_id: UUID,
    page: PageRequest,
    *,
    institution_ids: Collection[UUID] | None = None,
    role: str | None = None,
) -> Sequence[Account]:
    """Return a page of the region's accounts, or of those who work for some institutions."""
    query = select(Account).where(col(Account.region_id) == region_id).order_by(col(Account.id)).limit(page.limit + 1)
    if institution_ids is not None:
        colleagues = select(AccountInstitution.account_id).where(
            col(AccountInstitution.region_id) == region_id,
            col(AccountInstitution.institution_id).in_(institution_ids),
        )
        query = query.where(col(Account.id).in_(colleagues))
    if role is not None:
        query = query.where(col(Account.role) == role)
    if page.after is not None:
        query = query.where(col(Account.id) > page.after)
    return (await session.execute(query)).scalars().all()


async def list_links(
    session: AsyncSession, region_id: UUID, account_ids: Collection[UUID]
) -> Sequence[AccountInstitution]:
    """Return for which institutions accounts work, as far as the fence shows."""
    query = (
        select(AccountInstitution)
        .where(col(AccountInstitution.region_id) == region_id, col(AccountInstitution.account_id).in_(account_ids))
        .order_by(col(AccountInstitution.institution_id))
    )
    return (await session.execute(query)).scalars().all()


async def found_region(
    session: AsyncSession,
    *,
    region_id: UUID,
    code: str,
    name: str,
    admin_id: UUID,
    username: str,
    display_name: str,
    password_hash: str,
) -> None:
    """Put in a region and its first administrator, as the platform administrator whose fence stands.

    Raises:
        RegionCodeTaken: there is one with this code.
    """
    await session.execute(
        _FOUND_REGION,
        {
            "region": region_id,
            "code": code,
            "name": name,
            "admin": admin_id,
            "username": username,
            "display_name": display_name,
            "password_hash": password_hash,
        },
    )


refusals.name_constraints({"accounts_username_once": errors.UsernameTaken})
