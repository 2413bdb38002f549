"""The fund's yearly cap for stays paid by the day (按床日付费): one per person and year, whatever the institution."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.contracts import errors, repository, rules
from service.contracts.rules import Source
from service.contracts.usecases import ledger


async def per_diem_used(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, years: Collection[int], cap_fen: int
) -> dict[int, int]:
    """Return what the fund has paid by the day in each of some years (fen); the cap is granted where it is not yet.

    Agreements with several caps: the ledger keeps the highest, each bill stays within its own.
    """
    due = [rules.Grant(Source.per_diem, person_id, "", f"{year:04d}", cap_fen) for year in sorted(years)]
    known = await ledger.balances(session, region_id=region_id, person_id=person_id)
    missing = rules.missing_grants(due, known)
    if missing:
        await repository.grant(session, person_id=person_id, grants=missing)
    used = {balance.period: balance.used for balance in known if balance.source is Source.per_diem}
    return {year: used.get(f"{year:04d}", 0) for year in years}


async def use_bed_days(
    session: AsyncSession,
    *,
    region_id: UUID,
    person_id: UUID,
    settlement_id: UUID,
    on: date,
    claims: Sequence[rules.Claim],
) -> None:
    """Use what a bill of bed days says of the yearly caps.

    Raises:
        errors.EntitlementExhausted: too little is left, also because another bill took it just now.
        errors.EntitlementUnknown: a year's cap was not granted.
        errors.ConsumedAlready: the bill was posted before.
    """
    of = {"region_id": region_id, "person_id": person_id}
    await _post(session, "consume", **of, source_id=settlement_id, on=on, claims=claims)


async def return_bed_days(
    session: AsyncSession,
    *,
    region_id: UUID,
    person_id: UUID,
    reversal_id: UUID,
    on: date,
    claims: Sequence[rules.Claim],
) -> None:
    """Give back what days that were taken back have used; each reversal gives back once, under its own id.

    Raises:
        errors.EntitlementUnknown: a year's cap was not granted.
        errors.ConsumedAlready: the reversal was posted before.
    """
    of = {"region_id": region_id, "person_id": person_id}
    await _post(session, "reverse", **of, source_id=reversal_id, on=on, claims=claims)


async def _post(
    session: AsyncSession,
    kind: str,
    *,
    region_id: UUID,
    person_id: UUID,
    source_id: UUID,
    on: date,
    claims: Sequence[rules.Claim],
) -> None:
    standing = await ledger.balances(session, region_id=region_id, person_id=person_id)
    known = {balance.key: balance.entitlement_id for balance in standing}
    wanted = {}
    for key, units in rules.sum_claims(claims).items():
        if key not in known:
            raise errors.EntitlementUnknown(source=str(key[0]), item=key[2], period=key[3])
        wanted[known[key]] = units
    for entitlement_id in sorted(wanted):
        await repository.post(
            session,
            entitlement_id=entitlement_id,
            kind=kind,
            units=wanted[entitlement_id],
            on=on,
            settlement_id=source_id,
        )
