"""Every query of absences."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core import paging
from service.core.db import fences, refusals, turns
from service.practitioners import errors
from service.practitioners.absence_models import Absence

refusals.name_constraints({"absences_one": errors.AbsenceOverlaps})

_DURING = fences.table_of(Absence).c.during


async def find_absence(
    session: AsyncSession, region_id: UUID, practitioner_id: UUID, absence_id: UUID, *, lock: bool = False
) -> Absence | None:
    """Return an absence of a practitioner; with `lock`, of two changes the second sees the first one's outcome."""
    row = await session.get(Absence, (region_id, absence_id), with_for_update=lock or None, populate_existing=lock)
    return row if row is not None and row.practitioner_id == practitioner_id else None


async def hold_absences(session: AsyncSession, region_id: UUID, practitioner_ids: Collection[UUID]) -> None:
    """Wait for whoever enters absences of some practitioners, and make the next ones wait until the commit."""
    for practitioner_id in sorted(practitioner_ids):
        await turns.wait_for(session, Absence, region_id, practitioner_id)


async def list_absences_of(
    session: AsyncSession, region_id: UUID, practitioner_ids: Collection[UUID], start: datetime, end: datetime
) -> Sequence[Absence]:
    """Return the absences of some practitioners that touch [start, end), in the order of time."""
    query = (
        select(Absence)
        .where(
            col(Absence.region_id) == region_id,
            col(Absence.practitioner_id).in_(practitioner_ids),
            _DURING.overlaps(func.tstzrange(start, end)),
        )
        .order_by(_DURING, col(Absence.id))
    )
    return (await session.execute(query)).scalars().all()


async def list_absences(
    session: AsyncSession,
    region_id: UUID,
    institution_ids: Collection[UUID],
    *,
    start: datetime,
    end: datetime,
    page: paging.PageRequest,
) -> Sequence[Absence]:
    """Return the absences of some institutions' staff that touch [start, end), one more than the page holds."""
    query = select(Absence).where(
        col(Absence.region_id) == region_id,
        col(Absence.institution_id).in_(institution_ids),
        _DURING.overlaps(func.tstzrange(start, end)),
    )
    if page.after is not None:
        query = query.where(col(Absence.id) > page.after)
    return (await session.execute(query.order_by(col(Absence.id)).limit(page.limit + 1))).scalars().all()
