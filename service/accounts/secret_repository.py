"""Every query of second factors, recovery codes and passwords that were."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from service.accounts import errors
from service.accounts.models import OldPassword, RecoveryCode, SecondFactor, SecondFactorUse
from service.core.db import refusals


async def find_second_factor(
    session: AsyncSession, region_id: UUID, account_id: UUID, *, lock: bool = False
) -> SecondFactor | None:
    """Return an account's second factor, confirmed or not."""
    return await session.get(SecondFactor, (region_id, account_id), with_for_update=lock or None)


async def remove_second_factor(session: AsyncSession, region_id: UUID, account_id: UUID) -> bool:
    """Remove an account's second factor and its recovery codes; return whether there was one.

    The steps that were used stay: a code of the old secret is good for nothing, one of a new secret is another.
    """
    await session.execute(
        delete(RecoveryCode).where(col(RecoveryCode.region_id) == region_id, col(RecoveryCode.account_id) == account_id)
    )
    removed = await session.execute(
        delete(SecondFactor)
        .where(col(SecondFactor.region_id) == region_id, col(SecondFactor.account_id) == account_id)
        .returning(col(SecondFactor.account_id))
    )
    return removed.scalar_one_or_none() is not None


async def spend_step(session: AsyncSession, region_id: UUID, account_id: UUID, step: int) -> None:
    """Note that the code of a step was used, and forget steps that no code can be of any more.

    Raises:
        SecondFactorWrong: at the flush, when it was used before.
    """
    await session.execute(
        delete(SecondFactorUse).where(
            col(SecondFactorUse.region_id) == region_id,
            col(SecondFactorUse.account_id) == account_id,
            col(SecondFactorUse.step) < step - 10,
        )
    )
    session.add(SecondFactorUse(region_id=region_id, account_id=account_id, step=step))
    await session.flush()


async def spend_recovery_code(
    session: AsyncSession, region_id: UUID, account_id: UUID, code_hash: bytes, now: datetime
) -> bool:
    """Use a recovery code up; return whether it was good."""
    used = await session.execute(
        update(RecoveryCode)
        .where(
            col(RecoveryCode.region_id) == region_id,
            col(RecoveryCode.account_id) == account_id,
            col(RecoveryCode.code_hash) == code_hash,
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=now)
        .returning(col(RecoveryCode.code_hash))
    )
    return used.scalar_one_or_none() is not None


async def count_recovery_codes(session: AsyncSession, region_id: UUID, account_id: UUID) -> int:
    """Return how many recovery codes of an account are left."""
    query = select(func.count()).where(
        col(RecoveryCode.region_id) == region_id,
        col(RecoveryCode.account_id) == account_id,
        col(RecoveryCode.used_at).is_(None),
    )
    return int((await session.execute(query)).scalar_one())


async def add_recovery_codes(
    session: AsyncSession, region_id: UUID, account_id: UUID, hashes: Collection[bytes]
) -> None:
    """Put in an account's recovery codes."""
    for each in hashes:
        session.add(RecoveryCode(region_id=region_id, account_id=account_id, code_hash=each))
    await session.flush()


async def list_old_passwords(session: AsyncSession, region_id: UUID, account_id: UUID, limit: int) -> Sequence[str]:
    """Return the hashes of the last passwords that an account had before."""
    query = (
        select(OldPassword.password_hash)
        .where(col(OldPassword.region_id) == region_id, col(OldPassword.account_id) == account_id)
        .order_by(col(OldPassword.replaced_at).desc(), col(OldPassword.id).desc())
        .limit(limit)
    )
    return (await session.execute(query)).scalars().all()


async def keep_password(session: AsyncSession, region_id: UUID, account_id: UUID, old: str, at: datetime) -> None:
    """Remember a password that an account had until now."""
    session.add(OldPassword(region_id=region_id, account_id=account_id, password_hash=old, replaced_at=at))
    await session.flush()


refusals.name_constraints({"pk_second_factor_uses": errors.SecondFactorWrong})
