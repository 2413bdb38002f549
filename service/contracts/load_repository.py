"""The queries of a bulk load of contracts."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.contracts import rules
from service.contracts.models import Contract, Package, PackageItem
from service.core.db import bulk
from service.core.ids import new_id

_GRANT: Final = text(
    "select count(entitlement_grant(t.id, t.person, :source, t.ref, t.code, :period, t.cap, t.counting))"
    " from unnest(cast(:ids as uuid[]), cast(:persons as uuid[]), cast(:refs as uuid[]), cast(:codes as text[]),"
    " cast(:caps as bigint[]), cast(:countings as text[])) as t (id, person, ref, code, cap, counting)"
)


async def list_contracts_of(
    session: AsyncSession, region_id: UUID, institution_ids: Collection[UUID], person_ids: Sequence[UUID]
) -> list[Contract]:
    """Return all contracts of some institutions with many people."""
    found: list[Contract] = []
    for batch in bulk.batches(person_ids):
        query = select(Contract).where(
            col(Contract.region_id) == region_id,
            col(Contract.institution_id).in_(institution_ids),
            col(Contract.person_id).in_(batch),
        )
        found.extend((await session.execute(query)).scalars())
    return found


async def find_contract_on(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, person_id: UUID, package_code: str, on: date
) -> UUID | None:
    """Return a person's contract on a package of an institution in force on a day."""
    live = col(Contract.terminated_on).is_(None) | (col(Contract.terminated_on) > on)
    query = (
        select(col(Contract.id))
        .join(
            Package,
            (col(Package.region_id) == col(Contract.region_id)) & (col(Package.id) == col(Contract.package_id)),
        )
        .where(
            col(Contract.region_id) == region_id,
            col(Contract.institution_id) == institution_id,
            col(Contract.person_id) == person_id,
            col(Package.code) == package_code,
            col(Contract.valid_from) <= on,
            col(Contract.valid_to) >= on,
            live,
        )
    )
    return (await session.execute(query)).scalars().first()


async def list_packages_of(
    session: AsyncSession, region_id: UUID, institution_ids: Collection[UUID]
) -> Sequence[Package]:
    """Return every version of the packages of some institutions."""
    query = select(Package).where(col(Package.region_id) == region_id, col(Package.institution_id).in_(institution_ids))
    return (await session.execute(query.order_by(col(Package.valid_from)))).scalars().all()


async def grant_items(session: AsyncSession, contracts: Sequence[bulk.RowValues], items: Sequence[PackageItem]) -> None:
    """Grant what the packages of many contracts hold; `items` are those of all their packages."""
    rows = [(contract, item) for contract in contracts for item in items if item.package_id == contract["package_id"]]
    for batch in bulk.batches(rows):
        await session.execute(
            _GRANT,
            {
                "source": rules.Source.contract,
                "period": rules.CONTRACT_PERIOD,
                "ids": [new_id() for _ in batch],
                "persons": [contract["person_id"] for contract, _ in batch],
                "refs": [contract["id"] for contract, _ in batch],
                "codes": [item.code for _, item in batch],
                "caps": [item.quantity for _, item in batch],
                "countings": [item.counting for _, item in batch],
            },
        )
