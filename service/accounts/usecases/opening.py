"""Opening accounts: who may make which, and the first one, which nobody is there to make."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import facts, rules, schemas
from service.accounts.models import Account, AccountInstitution
from service.core import passwords, problems
from service.core.principal import Principal
from service.institutions import usecases as institutions


@dataclass(frozen=True, slots=True)
class Created:
    """A new account, and the secret of a service client: known now and never again."""

    account: rules.AccountFacts
    secret: str | None = None


async def create_account(
    session: AsyncSession,
    *,
    principal: Principal,
    draft: schemas.AccountCreate,
    now: datetime,
    must_change_password: bool = False,
) -> Created:
    """Make an account of staff, an administrator or a service client.

    `must_change_password`: it went through other hands, its owner chooses another before anything else.

    Raises:
        RoleBeyondYours, InstitutionsDoNotFit: not the principal's to make, or not like this.
        problems.NotFound: an institution that is not his, or not of the region.
        PasswordTooWeak: anybody could guess it.
        UsernameTaken: at the flush.
    """
    wanted = set(draft.institution_ids)
    rules.refuse_appointment(rules.Role(principal.role), principal.institution_ids, draft.role, wanted)
    known = await institutions.list_institutions_facts(session, region_id=principal.region_id, institution_ids=wanted)
    if len(known) != len(wanted):
        raise problems.NotFound(what="机构")
    if draft.password is not None:
        rules.refuse_weak(draft.password, username=draft.username, display_name=draft.display_name)
    secret = passwords.new_secret() if draft.role is rules.Role.service_client else None
    account = await _add(
        session,
        region_id=principal.region_id,
        username=draft.username,
        role=draft.role,
        display_name=draft.display_name,
        password=draft.password or secret,
        institution_ids=wanted,
        now=now,
        must_change_password=must_change_password,
    )
    return Created(account, secret)


async def create_resident_account(
    session: AsyncSession, *, principal: Principal, draft: schemas.ResidentAccountCreate, now: datetime
) -> rules.AccountFacts:
    """Make an account of an elder or a family proxy; it has no password: it is bound to the client that opens it.

    Raises:
        RoleBeyondYours: the principal is no service client.
        UsernameTaken: at the flush.
    """
    rules.refuse_appointment(rules.Role(principal.role), (), draft.role, ())
    return await _add(
        session,
        region_id=principal.region_id,
        username=draft.username,
        role=draft.role,
        display_name=draft.display_name,
        now=now,
        bound_client_id=principal.account_id,
    )


async def create_first_account(
    session: AsyncSession,
    *,
    region_id: UUID,
    username: str,
    password: str,
    role: rules.Role,
    now: datetime,
    display_name: str = "管理员",
    institution_ids: Collection[UUID] = (),
) -> rules.AccountFacts:
    """Make an account that nobody is there to make: the first administrator of a platform, region or institution.

    Only at the server's console, as the schema's owner.

    Raises:
        InstitutionsDoNotFit: an administrator of a region with institutions, or of institutions without.
        PasswordTooWeak: anybody could guess it.
        UsernameTaken: at the flush.
    """
    rules.refuse_misfit(role, institution_ids)
    rules.refuse_weak(password, username=username, display_name=display_name)
    return await _add(
        session,
        region_id=region_id,
        username=username,
        role=role,
        display_name=display_name,
        password=password,
        institution_ids=institution_ids,
        now=now,
    )


async def _add(
    session: AsyncSession,
    *,
    region_id: UUID,
    username: str,
    role: rules.Role,
    display_name: str,
    now: datetime,
    password: str | None = None,
    institution_ids: Collection[UUID] = (),
    must_change_password: bool = False,
    bound_client_id: UUID | None = None,
) -> rules.AccountFacts:
    row = Account(
        region_id=region_id,
        username=username,
        role=role,
        display_name=display_name,
        password_hash=await passwords.hash_password(password) if password else None,
        created_at=now,
        must_change_password=must_change_password,
        bound_client_id=bound_client_id,
    )
    session.add(row)
    await session.flush()
    ordered = sorted(institution_ids)
    for each in ordered:
        session.add(AccountInstitution(region_id=region_id, account_id=row.id, institution_id=each))
    await session.flush()
    return facts.of_row(row, ordered)
