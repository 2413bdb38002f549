"""Accounts: what of them changes, and who may see them."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import errors, facts, repository, rules, schemas
from service.accounts.models import Account
from service.accounts.usecases.standing import find_standing
from service.core import passwords, problems
from service.core.clock import SystemClock
from service.core.paging import PageRequest
from service.core.principal import Principal


async def get_account(session: AsyncSession, *, region_id: UUID, account_id: UUID) -> rules.AccountFacts:
    """Return an account that the transaction's fence shows: one's own, a colleague's, for the region any.

    Raises:
        problems.NotFound: there is none, or it is not to be seen.
    """
    row = await repository.find_account(session, region_id, account_id)
    if row is None:
        raise problems.NotFound(what="账号")
    return (await facts.of_rows(session, [row]))[0]


async def names_of(session: AsyncSession, *, region_id: UUID, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of those of some accounts that the transaction's fence shows."""
    found = await repository.list_named(session, region_id, account_ids)
    return {row.id: row.display_name for row in found}


async def read_account(session: AsyncSession, *, principal: Principal, account_id: UUID) -> rules.AccountFacts:
    """Return an account in the principal's charge: of his institutions, for the region's administration any.

    Raises:
        problems.NotFound: there is none, or it is another institution's.
    """
    found = await get_account(session, region_id=principal.region_id, account_id=account_id)
    if not principal.may("region:write") and not set(found.institution_ids) & set(principal.institution_ids):
        raise problems.NotFound(what="账号")
    return found


async def list_accounts(
    session: AsyncSession, *, principal: Principal, page: PageRequest, role: rules.Role | None = None
) -> list[rules.AccountFacts]:
    """Return a page of the accounts in the principal's charge, one more than asked for when there are more."""
    own = None if principal.may("region:write") else principal.institution_ids
    rows = await repository.list_accounts(session, principal.region_id, page, institution_ids=own, role=role)
    return await facts.of_rows(session, rows)


async def _in_charge(session: AsyncSession, principal: Principal, account_id: UUID) -> Account:
    """Return an account, locked, that the principal may change.

    Raises:
        problems.NotFound: there is none, or it is not in his charge.
    """
    standing = await find_standing(session, principal.region_id, account_id)
    if standing is None:
        raise problems.NotFound(what="账号")
    rules.refuse_change(rules.Role(principal.role), principal.institution_ids, standing)
    row = await repository.find_account(session, principal.region_id, account_id, lock=True)
    if row is None:
        raise problems.NotFound(what="账号")
    return row


async def change_account(
    session: AsyncSession, *, principal: Principal, account_id: UUID, change: schemas.AccountUpdate
) -> rules.AccountFacts:
    """Rename, disable or enable an account, or give it another password; the last two end its sessions.

    Raises:
        problems.NotFound: there is none, or it is not in the principal's charge.
        NotYourself: one would lock oneself out.
        PasswordNotUsed: a password for an account that logs in otherwise.
    """
    row = await _in_charge(session, principal, account_id)
    row.display_name = change.display_name or row.display_name
    if change.status is not None and change.status != row.status:
        if account_id == principal.account_id:
            raise errors.NotYourself
        row.status, row.sessions_from = change.status, SystemClock().now()
    if change.password is not None:
        if row.role == rules.Role.service_client or row.role in rules.ACTED_FOR:
            raise errors.PasswordNotUsed
        await _set_password(row, change.password)
    await session.flush()
    return (await facts.of_rows(session, [row]))[0]


async def _set_password(row: Account, password: str) -> None:
    row.password_hash = await passwords.hash_password(password)
    # whoever holds a refresh token from before may be the one the change is meant to keep out
    row.sessions_from = SystemClock().now()


async def renew_secret(session: AsyncSession, *, principal: Principal, account_id: UUID) -> str:
    """Give a service client a new secret; the old one is void at once.

    Raises:
        problems.NotFound: there is no such service client in the principal's charge.
    """
    row = await _in_charge(session, principal, account_id)
    if row.role != rules.Role.service_client:
        raise problems.NotFound(what="服务端账号")
    secret = passwords.new_secret()
    await _set_password(row, secret)
    await session.flush()
    return secret


async def change_own_password(session: AsyncSession, *, principal: Principal, change: schemas.PasswordChange) -> None:
    """Give oneself another password; every other session ends.

    Raises:
        problems.NotFound: the account is gone.
        PasswordNotUsed: one's account logs in otherwise.
        PasswordWrong: the old password is not that.
    """
    row = await repository.find_account(session, principal.region_id, principal.account_id, lock=True)
    if row is None:
        raise problems.NotFound(what="账号")
    if row.password_hash is None or row.role == rules.Role.service_client:
        raise errors.PasswordNotUsed
    if not await passwords.password_fits(change.old_password, row.password_hash):
        raise errors.PasswordWrong
    await _set_password(row, change.new_password)
    await session.flush()
