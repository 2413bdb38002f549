"""Logging in: from a password, a client's secret or a refresh token to signed access tokens. All on real time.

Nobody is logged in yet, so the transaction starts without a fence and gets the account's own once it is known.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import errors, repository, rules, schemas, session_repository
from service.accounts.models import AccountSession, RefreshToken
from service.accounts.usecases import second_factors
from service.accounts.usecases.standing import find_standing
from service.core import passwords
from service.core.clock import SystemClock
from service.core.db.session import raise_fence
from service.core.http import ACCESS_AUDIENCE, House, claims_of
from service.core.ids import new_id
from service.core.principal import Fence, Principal
from service.institutions import usecases as institutions

_KEPT: timedelta = timedelta(days=30)
"""How long a log-in that is over is remembered."""


@dataclass(frozen=True, slots=True)
class _Known:
    """An account whose password or secret was right, and the hash that it was right against."""

    region_id: UUID
    standing: rules.Standing
    password_hash: str


async def log_in(
    session: AsyncSession,
    *,
    house: House,
    origin: rules.Origin,
    region_code: str,
    username: str,
    password: str,
    totp_code: str | None = None,
) -> schemas.TokenRead:
    """Log a person in with a password, and a code where a second factor is in use.

    While the password must be changed or a second factor be enrolled, the token carries only the scope for that.

    Raises:
        LogInFailed: they do not belong together; takes the same time whatever is wrong.
        SecondFactorRequired, SecondFactorWrong: only for whoever has the password.
    """
    known = await _authenticate(session, region_code, username, password, client=False)
    await _stand_behind_own_fence(session, house, known)
    standing = known.standing
    if standing.second_factor:
        await second_factors.require(
            session, house=house, region_id=known.region_id, account_id=standing.id, code=totp_code
        )
    row = await _open(session, house, known.region_id, standing.id, kind=rules.SessionKind.password, origin=origin)
    return await _with_refresh_token(session, house, row, standing)


async def log_in_client(
    session: AsyncSession, *, house: House, origin: rules.Origin, region_code: str, client_id: str, client_secret: str
) -> schemas.TokenRead:
    """Log a service client in with its secret, with which it can come back at any time: no refresh token.

    Raises:
        LogInFailed: they do not belong together; takes the same time whatever is wrong.
    """
    known = await _authenticate(session, region_code, client_id, client_secret, client=True)
    await _stand_behind_own_fence(session, house, known)
    row = await _open(session, house, known.region_id, known.standing.id, kind=rules.SessionKind.client, origin=origin)
    return _token(house, row, known.standing, refresh_token=None)


async def act_for(
    session: AsyncSession,
    *,
    house: House,
    origin: rules.Origin,
    region_code: str,
    client_id: str,
    client_secret: str,
    account_id: UUID | None = None,
    account_username: str | None = None,
) -> schemas.TokenRead:
    """Give a service client a token to act for an elder or a family proxy who is bound to it (RFC 8693).

    The token's subject is the elder's account, its actor the client's; it has no refresh token.

    Raises:
        LogInFailed: not a service client of the region.
        NotToActFor: not an active account of an elder or a proxy, or another client's; which, stays secret.
    """
    client = await _authenticate(session, region_code, client_id, client_secret, client=True)
    await _stand_behind_own_fence(session, house, client)
    if account_username is not None:
        found = await repository.find_for_login(session, client.region_id, account_username)
        account_id = found["id"] if found else None
    standing = await find_standing(session, client.region_id, account_id) if account_id else None
    if standing is None or standing.role not in rules.ACTED_FOR:
        raise errors.NotToActFor
    await raise_fence(session, Fence(client.region_id, account_id=standing.id), house.clock.now())
    if not await session_repository.holds_binding(session, client.region_id, standing.id, client.standing.id):
        raise errors.NotToActFor
    row = await _open(
        session,
        house,
        client.region_id,
        standing.id,
        kind=rules.SessionKind.exchange,
        origin=origin,
        client_id=client.standing.id,
    )
    return _token(house, row, standing, refresh_token=None)


async def refresh(session: AsyncSession, *, house: House, refresh_token: str) -> schemas.TokenRead | None:
    """Exchange a refresh token for a new pair with the account's rights of today; None when it is good no more.

    Shown a second time it ends its session. The caller must commit that before it refuses, which is why this returns
    None instead of raising.
    """
    token = await _find_token(session, house, refresh_token)
    if token is None:
        return None
    now: datetime = SystemClock().now()
    standing = await find_standing(session, token.region_id, token.account_id)
    row = await session_repository.find_session(session, token.region_id, token.family_id)
    ended = row is None or row.revoked_at is not None
    facts = rules.RefreshFacts(token.issued_at, token.expires_at, token.used_at, token.revoked_at, session_ended=ended)
    verdict = rules.judge_refresh(facts, standing, now)
    if verdict is rules.RefreshVerdict.reused:
        await session_repository.revoke_family(session, token, now)
    if verdict is not rules.RefreshVerdict.renew or standing is None or row is None:
        return None
    token.used_at = now
    row.last_used_at, row.expires_at = now, now + timedelta(seconds=house.settings.refresh_token_seconds)
    await session.flush()
    return await _with_refresh_token(session, house, row, standing)


async def revoke(session: AsyncSession, *, house: House, refresh_token: str) -> None:
    """End the session of a refresh token; one that is unknown or over already is over (RFC 7009)."""
    token = await _find_token(session, house, refresh_token)
    if token is not None:
        await session_repository.revoke_family(session, token, SystemClock().now())


async def _authenticate(
    session: AsyncSession, region_code: str, username: str, password: str, *, client: bool
) -> _Known:
    region = await institutions.find_region(session, code=region_code)
    found = await repository.find_for_login(session, region.id, username) if region else None
    # first the slow check, then the rest: how long it takes must not tell what was wrong
    fits = await passwords.password_fits(password, found["password_hash"] if found else None)
    if region is None or found is None or not fits:
        raise errors.LogInFailed
    standing = await find_standing(session, region.id, found["id"])
    if standing is None or (standing.role is rules.Role.service_client) != client:
        raise errors.LogInFailed
    return _Known(region.id, standing, found["password_hash"])


async def _stand_behind_own_fence(session: AsyncSession, house: House, known: _Known) -> None:
    """Raise the account's own fence; refuse when it was disabled or its password changed while it was checked."""
    await raise_fence(session, Fence(known.region_id, account_id=known.standing.id), house.clock.now())
    if not await session_repository.holds_password(session, known.region_id, known.standing.id, known.password_hash):
        raise errors.LogInFailed


async def _open(
    session: AsyncSession,
    house: House,
    region_id: UUID,
    account_id: UUID,
    *,
    kind: rules.SessionKind,
    origin: rules.Origin,
    client_id: UUID | None = None,
) -> AccountSession:
    now, settings = SystemClock().now(), house.settings
    # only a person's session goes on with refresh tokens; a client's lasts as long as its one token
    lasts = settings.refresh_token_seconds if kind is rules.SessionKind.password else settings.access_token_seconds
    row = AccountSession(
        region_id=region_id,
        id=new_id(),
        account_id=account_id,
        kind=kind,
        client_id=client_id,
        device=origin.device,
        address=origin.address,
        created_at=now,
        last_used_at=now,
        expires_at=now + timedelta(seconds=lasts),
    )
    await session_repository.clear_away(session, region_id, account_id, now - _KEPT)
    session.add(row)
    await session.flush()
    return row


def _token(house: House, row: AccountSession, standing: rules.Standing, refresh_token: str | None) -> schemas.TokenRead:
    principal = Principal(
        standing.id,
        row.region_id,
        standing.role,
        standing.scopes,
        () if row.client_id else standing.institution_ids,
        client_id=row.client_id,
        session_id=row.id,
    )
    seconds = house.settings.access_token_seconds
    signed = house.signer.sign(claims_of(principal), audience=ACCESS_AUDIENCE, now=SystemClock().now(), seconds=seconds)
    return schemas.TokenRead(
        access_token=signed,
        expires_in=seconds,
        refresh_token=refresh_token,
        scope=" ".join(sorted(principal.scopes)),
        role=standing.role,
        account_id=standing.id,
        due=list(standing.due),
    )


async def _with_refresh_token(
    session: AsyncSession, house: House, row: AccountSession, standing: rules.Standing
) -> schemas.TokenRead:
    now, secret = SystemClock().now(), passwords.new_secret()
    token = RefreshToken(
        region_id=row.region_id,
        account_id=row.account_id,
        family_id=row.id,
        secret_hash=_digest(secret),
        issued_at=now,
        expires_at=now + timedelta(seconds=house.settings.refresh_token_seconds),
    )
    session.add(token)
    await session.flush()
    return _token(house, row, standing, refresh_token=f"{token.region_id}.{token.id}.{secret}")


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
    holder = await session_repository.find_token_holder(session, region_id, token_id)
    if holder is None or not hmac.compare_digest(holder["secret_hash"], _digest(secret)):
        return None
    await raise_fence(session, Fence(region_id, account_id=holder["account_id"]), house.clock.now())
    return await session_repository.lock_token(session, region_id, token_id)
