"""Every query and lock of home beds."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, cast, func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.beds import errors, rules
from service.beds.models import Bed
from service.core.db import refusals
from service.core.paging import PageRequest

_OPEN_ON = text("select * from beds_open_on(:person, :on)")


async def find_bed(session: AsyncSession, *, region_id: UUID, bed_id: UUID, lock: bool = False) -> Bed | None:
    """Return a bed or None; `lock` holds the row until the commit, so that it is closed once."""
    query = select(Bed).where(col(Bed.region_id) == region_id, col(Bed.id) == bed_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def list_page(
    session: AsyncSession,
    *,
    region_id: UUID,
    institution_id: UUID | None,
    person_ids: Collection[UUID] | None,
    open_on: date | None,
    page: PageRequest,
) -> Sequence[Bed]:
    """Return a page of the beds that the fence lets through, one more than its limit."""
    where: list[ColumnElement[bool]] = [col(Bed.region_id) == region_id]
    if institution_id is not None:
        where.append(col(Bed.institution_id) == institution_id)
    if person_ids is not None:
        where.append(col(Bed.person_id).in_(person_ids))
    if open_on is not None:
        where.append(col(Bed.opened_on) <= open_on)
        where.append(col(Bed.closed_on).is_(None) | (col(Bed.closed_on) > open_on))
    if page.after is not None:
        where.append(col(Bed.id) > page.after)
    query = select(Bed).where(*where).order_by(col(Bed.id)).limit(page.limit + 1)
    return (await session.execute(query)).scalars().all()


async def find_open(session: AsyncSession, *, person_id: UUID, on: date) -> rules.BedFacts | None:
    """Return the bed that is open for a person on a day, whatever the institution, or None."""
    row = (await session.execute(_OPEN_ON, {"person": person_id, "on": on})).one_or_none()
    if row is None:
        return None
    return rules.BedFacts(
        bed_id=row.bed_id,
        institution_id=row.institution_id,
        opened_on=row.opened_on,
        closed_on=row.closed_on,
        payment=rules.BedPayment(row.payment),
        excluded_codes=frozenset(row.excluded_codes),
    )


async def next_no(session: AsyncSession, *, region_id: UUID, institution_id: UUID, year: int) -> str:
    """Return the institution's next bed number of a year; the numbering is locked until the commit."""
    key = f"beds.no/{region_id}/{institution_id}/{year}"
    # one at a time: whoever waits here sees the number that the one before committed
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    prefix = f"JC{year}-"
    taken = select(func.max(cast(func.split_part(col(Bed.bed_no), "-", 2), Integer))).where(
        col(Bed.region_id) == region_id,
        col(Bed.institution_id) == institution_id,
        col(Bed.bed_no).startswith(prefix, autoescape=True),
    )
    last = (await session.execute(taken)).scalar_one()
    return f"{prefix}{(last or 0) + 1:04d}"


refusals.name_constraints(
    {
        "beds_one_open": errors.BedAlreadyOpen,
        "beds_no_once": errors.BedNumberTaken,
    }
)
