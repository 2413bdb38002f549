"""Log-ins: from a password, a client's secret or a refresh token to signed access tokens. All on real time.

Nobody is logged in yet, so the transaction starts without a fence and gets the account's own once it is known.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import errors, repository, rules, schemas
from service.accounts.models import RefreshToken
from service.accounts.usecases.standing import find_standing
from service.core import passwords
from service.core.clock import SystemClock
from service.core.db.session import raise_fence
from service.core.http import ACCESS_AUDIENCE, House, claims_of
from service.core.ids import new_id
from service.core.principal import Principal
from service.institutions import usecases as institutions


async def log_in(
    session: AsyncSession, *, house: House, region_code: str, username: str, password: str, client: bool = False
) -> schemas.TokenRead:
    """Log a person in with a password, or (`client`) a service client with its secret.

    People get a refresh token too; a client can come back with its secret at any time.

    Raises:
        LogInFailed: they do not belong together; takes the same time whatever is wrong.
    """
    principal = await _authenticate(session, region_code, username, password, client=client)
    if client:
        return _token(house, principal, refresh_token=None)
    return await _open_session(session, house, principal, family_id=new_id())


async def _authenticate(
    session: AsyncSession, region_code: str, username: str, password: str, *, client: bool
) -> Principal:
    region = await institutions.find_region(session, code=region_code)
    found = await repository.find_for_login(session, region.id, username) if region else None
    # first the slow check, then the rest: how long it takes must not tell what was wrong
    fits = await passwords.password_fits(password, found["password_hash"] if found else None)
    if region is None or found is None or not fits:
        raise errors.LogInFailed
    role = rules.Role(found["role"])
    if (role is rules.Role.service_client) != client:
        raise errors.LogInFailed
    return _principal(region.id, found["id"], role, tuple(found["institution_ids"]))


def _principal(
    region_id: UUID,
    account_id: UUID,
    role: rules.Role,
    institution_ids: tuple[UUID, ...],
    client_id: UUID | None = None,
) -> Principal:
    return Principal(account_id, region_id, role, rules.ROLE_SCOPES[role], institution_ids, client_id)


def _token(house: House, principal: Principal, refresh_token: str | None) -> schemas.TokenRead:
    seconds = house.settings.access_token_seconds
    signed = house.signer.sign(claims_of(principal), audience=ACCESS_AUDIENCE, now=SystemClock().now(), seconds=seconds)
    return schemas.TokenRead(
        access_token=signed,
        expires_in=seconds,
        refresh_token=refresh_token,
        scope=" ".join(sorted(principal.scopes)),
        role=rules.Role(principal.role),
        account_id=principal.account_id,
    )


async def _open_session(
    session: AsyncSession, house: House, principal: Principal, *, family_id: UUID
) -> schemas.TokenRead:
    await raise_fence(session, principal.fence, house.clock.now())
    now, secret = SystemClock().now(), passwords.new_secret()
    row = RefreshToken(
        region_id=principal.region_id,
        account_id=principal.account_id,
        family_id=family_id,
        secret_hash=_digest(secret),
        issued_at=now,
        expires_at=now + timedelta(seconds=house.settings.refresh_token_seconds),
    )
    session.add(row)
    await session.flush()
    return _token(house, principal, refresh_token=f"{row.region_id}.{row.id}.{secret}")


def _digest(secret: str) -> bytes:
    # 256 random bits: a fast hash is enough, there is nothing to guess
    return hashlib.sha256(secret.encode()).digest()


async def _find_token(session: AsyncSession, house: House, shown: str) -> RefreshToken | None:
    """Return the refresh token that `shown` is, locked behind its account's fence, or None when it is not one."""
    try:
        region_text, token_text, secret = shown.split(".")
        region_id, token_id = UUID(region_text), UUID(token_text)
    except ValueError:
        return None
    holder = await repository.find_token_holder(session, region_id, token_id)
    if holder is None or not hmac.compare_digest(holder["secret_hash"], _digest(secret)):
        return None
    own = Principal(holder["account_id"], region_id, role="", scopes=frozenset())
    await raise_fence(session, own.fence, house.clock.now())
    return await repository.lock_token(session, region_id, token_id)


async def refresh(session: AsyncSession, *, house: House, refresh_token: str) -> schemas.TokenRead | None:
    """Exchange a refresh token for a new pair with the account's rights of today; None when it is good no more.

    Shown a second time it revokes its whole family. The caller must commit that before it refuses, which is why
    this returns None instead of raising.
    """
    token = await _find_token(session, house, refresh_token)
    if token is None:
        return None
    now: datetime = SystemClock().now()
    standing = await find_standing(session, token.region_id, token.account_id)
    facts = rules.RefreshFacts(token.issued_at, token.expires_at, token.used_at, token.revoked_at)
    verdict = rules.judge_refresh(facts, standing, now)
    if verdict is rules.RefreshVerdict.reused:
        await repository.revoke_family(session, token.region_id, token.family_id, now)
    if verdict is not rules.RefreshVerdict.renew or standing is None:
        return None
    token.used_at = now
    await session.flush()
    principal = _principal(token.region_id, standing.id, standing.role, standing.institution_ids)
    return await _open_session(session, house, principal, family_id=token.family_id)


async def revoke(session: AsyncSession, *, house: House, refresh_token: str) -> None:
    """End the session of a refresh token; one that is unknown or over already is over (RFC 7009)."""
    token = await _find_token(session, house, refresh_token)
    if token is not None:
        await repository.revoke_family(session, token.region_id, token.family_id, SystemClock().now())


async def act_for(
    session: AsyncSession,
    *,
    house: House,
    region_code: str,
    client_id: str,
    client_secret: str,
    account_id: UUID | None = None,
    account_username: str | None = None,
) -> schemas.TokenRead:
    """Give a service client a token to act for an elder or a family proxy of its region (RFC 8693).

    The token's subject is the elder's account, its actor the client's; it has no refresh token.

    Raises:
        LogInFailed: not a service client of the region.
        NotToActFor: not an active account of an elder or a proxy.
    """
    client = await _authenticate(session, region_code, client_id, client_secret, client=True)
    if account_username is not None:
        found = await repository.find_for_login(session, client.region_id, account_username)
        account_id = found["id"] if found else None
    standing = await find_standing(session, client.region_id, account_id) if account_id else None
    if standing is None or standing.status is not rules.AccountStatus.active or standing.role not in rules.ACTED_FOR:
        raise errors.NotToActFor
    principal = _principal(client.region_id, standing.id, standing.role, (), client.account_id)
    return _token(house, principal, refresh_token=None)
