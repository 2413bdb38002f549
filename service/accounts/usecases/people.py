"""Accounts: what of them changes, and who may see them."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import errors, facts, repository, rules, schemas, secret_repository, session_repository
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


async def in_charge(session: AsyncSession, principal: Principal, account_id: UUID) -> Account:
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
    """Rename, disable or enable an account, reset its password, bind it to a service client: all but the first end its
    sessions.

    A password that somebody else has chosen must be changed at the next log-in.

    Raises:
        problems.NotFound: there is none, or it is not in the principal's charge.
        NotYourself: one would lock oneself out.
        PasswordNotUsed: a password for an account that logs in otherwise.
        PasswordTooWeak: anybody could guess it.
        NotBoundToClients: a service client for an account that logs in by itself.
    """
    row = await in_charge(session, principal, account_id)
    row.display_name = change.display_name or row.display_name
    if change.status is not None and change.status != row.status:
        if account_id == principal.account_id:
            raise errors.NotYourself
        row.status, row.sessions_from = change.status, SystemClock().now()
    if change.password is not None:
        if account_id == principal.account_id:
            raise errors.NotYourself
        if row.role == rules.Role.service_client or row.role in rules.ACTED_FOR:
            raise errors.PasswordNotUsed
        rules.refuse_weak(change.password, username=row.username, display_name=row.display_name)
        await replace_password(session, row, change.password)
        row.must_change_password = True
        # whoever holds a session from before may be the one the change is meant to keep out
        row.sessions_from = SystemClock().now()
    if "bound_client_id" in change.model_fields_set:
        await _bind(session, row, change.bound_client_id)
    await session.flush()
    return (await facts.of_rows(session, [row]))[0]


async def _bind(session: AsyncSession, row: Account, client_id: UUID | None) -> None:
    """Let another service client act for a resident's account, or none; what the one before has opened ends."""
    if row.role not in rules.ACTED_FOR:
        raise errors.NotBoundToClients
    if client_id is not None:
        client = await find_standing(session, row.region_id, client_id)
        if client is None or client.role is not rules.Role.service_client:
            raise problems.NotFound(what="服务端账号")
    if client_id != row.bound_client_id:
        row.bound_client_id, row.sessions_from = client_id, SystemClock().now()


async def replace_password(session: AsyncSession, row: Account, password: str) -> None:
    """Give an account another password or secret, and remember the one that it had."""
    if row.password_hash is not None:
        await secret_repository.keep_password(session, row.region_id, row.id, row.password_hash, SystemClock().now())
    row.password_hash = await passwords.hash_password(password)


async def renew_secret(session: AsyncSession, *, principal: Principal, account_id: UUID) -> str:
    """Give a service client a new secret; the old one and every session opened with it are void at once.

    Raises:
        problems.NotFound: there is no such service client in the principal's charge.
    """
    row = await in_charge(session, principal, account_id)
    if row.role != rules.Role.service_client:
        raise problems.NotFound(what="服务端账号")
    secret = passwords.new_secret()
    row.password_hash, row.sessions_from = await passwords.hash_password(secret), SystemClock().now()
    await session.flush()
    return secret


async def change_own_password(
    session: AsyncSession, *, principal: Principal, change: schemas.PasswordChange, remembered: int
) -> None:
    """Give oneself another password; every other session ends.

    It must not be one of the last `remembered` that the account had, the present one included.

    Raises:
        problems.NotFound: the account is gone.
        PasswordNotUsed: one's account logs in otherwise.
        PasswordWrong: the old password is not that.
        PasswordTooWeak: anybody could guess the new one.
        PasswordUsedBefore: it was one's own before.
    """
    row = await repository.find_account(session, principal.region_id, principal.account_id, lock=True)
    if row is None:
        raise problems.NotFound(what="账号")
    if row.password_hash is None or row.role == rules.Role.service_client:
        raise errors.PasswordNotUsed
    if not await passwords.password_fits(change.old_password, row.password_hash):
        raise errors.PasswordWrong
    rules.refuse_weak(change.new_password, username=row.username, display_name=row.display_name)
    await _refuse_used_before(session, row, change.new_password, remembered)
    await replace_password(session, row, change.new_password)
    row.must_change_password = False
    await session_repository.end_others(session, row.region_id, row.id, principal.session_id, SystemClock().now())
    await session.flush()


async def _refuse_used_before(session: AsyncSession, row: Account, password: str, remembered: int) -> None:
    before = await secret_repository.list_old_passwords(session, row.region_id, row.id, max(remembered - 1, 0))
    for hashed in (row.password_hash, *before)[:remembered]:
        if await passwords.password_fits(password, hashed):
            raise errors.PasswordUsedBefore
