"""Second factors: TOTP codes from a telephone, and recovery codes for the day on which it is lost. All on real time."""

import base64
import hmac
import re
import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

import pyotp
from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import errors, repository, secret_repository, session_repository
from service.accounts.models import SecondFactor
from service.accounts.usecases.people import in_charge
from service.core import problems
from service.core.clock import SystemClock
from service.core.http import House
from service.core.principal import Principal

ISSUER: Final = "巡诊"
STEP_SECONDS: Final = 30
_WINDOW: Final = (0, -1, 1)
"""Steps around the present one whose codes are good: telephones' clocks are up to half a minute off."""
_RECOVERY_CODES: Final = 10
_SECRET: Final = "second_factors.secret"  # noqa: S105 - the context a secret is sealed in
_CODES: Final = "recovery_codes.code"
_DIGITS: Final = re.compile("[0-9]{6}")


async def begin(session: AsyncSession, *, house: House, principal: Principal) -> tuple[str, str]:
    """Give the principal a fresh TOTP secret; return it and its otpauth URI. It counts once confirmed.

    Raises:
        problems.NotFound: the account is gone.
        PasswordNotUsed: it does not log in with a password.
        SecondFactorEnrolled: one is in use.
    """
    account = await repository.find_account(session, principal.region_id, principal.account_id, lock=True)
    if account is None:
        raise problems.NotFound(what="账号")
    if account.password_hash is None or principal.client_id is not None:
        raise errors.PasswordNotUsed
    row = await _find(session, principal)
    if row is not None and row.confirmed_at is not None:
        raise errors.SecondFactorEnrolled
    secret = pyotp.random_base32()
    if row is not None:
        await secret_repository.remove_second_factor(session, row.region_id, row.account_id)
    session.add(
        SecondFactor(
            region_id=principal.region_id,
            account_id=principal.account_id,
            secret_sealed=house.cipher.seal(secret, context=_SECRET),
            begun_at=SystemClock().now(),
        )
    )
    await session.flush()
    return secret, pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=ISSUER)


async def confirm(session: AsyncSession, *, house: House, principal: Principal, code: str) -> list[str]:
    """Put the second factor in use with its first code, and return the recovery codes; every other session ends.

    Raises:
        SecondFactorMissing: none was begun.
        SecondFactorEnrolled: one is in use.
        SecondFactorWrong: it is not the code.
    """
    row = await _find(session, principal, lock=True)
    if row is None:
        raise errors.SecondFactorMissing
    if row.confirmed_at is not None:
        raise errors.SecondFactorEnrolled
    now = SystemClock().now()
    await _spend_totp(session, house, row, code, now)
    row.confirmed_at = now
    codes = [_new_recovery_code() for _ in range(_RECOVERY_CODES)]
    hashes = [house.cipher.blind(each, context=_CODES) for each in codes]
    await secret_repository.add_recovery_codes(session, row.region_id, row.account_id, hashes)
    # a session from before was opened without it: whoever holds it may be the one it is meant to keep out
    await session_repository.end_others(session, row.region_id, row.account_id, principal.session_id, now)
    return codes


async def remove(session: AsyncSession, *, house: House, principal: Principal, code: str) -> None:
    """Take one's own second factor out of use with a code of it; every session ends.

    Raises:
        SecondFactorMissing: none is in use.
        SecondFactorWrong: it is not a code of it.
    """
    await require(session, house=house, region_id=principal.region_id, account_id=principal.account_id, code=code)
    await secret_repository.remove_second_factor(session, principal.region_id, principal.account_id)
    await session_repository.end_others(session, principal.region_id, principal.account_id, None, SystemClock().now())


async def reset(session: AsyncSession, *, principal: Principal, account_id: UUID) -> None:
    """Take the second factor of an account in the principal's charge out of use; its sessions end.

    Raises:
        problems.NotFound: there is no such account in his charge.
        NotYourself: one's own is removed with a code.
        SecondFactorMissing: it has none.
    """
    row = await in_charge(session, principal, account_id)
    if account_id == principal.account_id:
        raise errors.NotYourself
    if not await secret_repository.remove_second_factor(session, principal.region_id, account_id):
        raise errors.SecondFactorMissing
    row.sessions_from = SystemClock().now()
    await session.flush()


async def clear(session: AsyncSession, *, region_id: UUID, username: str) -> bool:
    """Take the second factor of a named account out of use; its sessions end. Return whether it had one.

    Only at the server's console, as the schema's owner: for the last administrator who has lost his telephone.
    """
    found = await repository.find_for_login(session, region_id, username)
    row = await repository.find_account(session, region_id, found["id"], lock=True) if found else None
    if row is None or not await secret_repository.remove_second_factor(session, region_id, row.id):
        return False
    row.sessions_from = SystemClock().now()
    await session.flush()
    return True


async def recovery_codes_left(session: AsyncSession, *, principal: Principal) -> int | None:
    """Return how many recovery codes the principal has left, or None without a second factor in use."""
    row = await _find(session, principal)
    if row is None or row.confirmed_at is None:
        return None
    return await secret_repository.count_recovery_codes(session, principal.region_id, principal.account_id)


async def require(session: AsyncSession, *, house: House, region_id: UUID, account_id: UUID, code: str | None) -> None:
    """Use a code of an account's second factor up: a TOTP code or a recovery code.

    Raises:
        SecondFactorMissing: none is in use.
        SecondFactorRequired: no code.
        SecondFactorWrong: it is not one, or was used before.
    """
    row = await secret_repository.find_second_factor(session, region_id, account_id)
    if row is None or row.confirmed_at is None:
        raise errors.SecondFactorMissing
    if code is None:
        raise errors.SecondFactorRequired
    now = SystemClock().now()
    if _DIGITS.fullmatch(code):
        await _spend_totp(session, house, row, code, now)
        return
    hashed = house.cipher.blind(code.lower(), context=_CODES)
    if not await secret_repository.spend_recovery_code(session, region_id, account_id, hashed, now):
        raise errors.SecondFactorWrong


async def _find(session: AsyncSession, principal: Principal, *, lock: bool = False) -> SecondFactor | None:
    return await secret_repository.find_second_factor(session, principal.region_id, principal.account_id, lock=lock)


async def _spend_totp(session: AsyncSession, house: House, row: SecondFactor, code: str, now: datetime) -> None:
    totp = pyotp.TOTP(house.cipher.open(row.secret_sealed, context=_SECRET))
    present = int(now.timestamp()) // STEP_SECONDS
    good = [step for off in _WINDOW if hmac.compare_digest(totp.generate_otp(step := present + off), code)]
    if not good:
        raise errors.SecondFactorWrong
    # the database's own constraint has the last word: of two who show one code at once, one gets in
    await secret_repository.spend_step(session, row.region_id, row.account_id, good[0])


def _new_recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))
