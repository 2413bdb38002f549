"""Every query and lock of beds and their pauses."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, cast, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.beds import errors, rules
from service.beds.models import Bed, BedPause
from service.catalog.per_diem_rules import StayKind
from service.core.db import refusals
from service.core.db.questions import Question
from service.core.paging import PageRequest


def _bed(row: Any) -> rules.BedFacts:
    return rules.BedFacts(
        bed_id=row.bed_id,
        institution_id=row.institution_id,
        opened_on=row.opened_on,
        closed_on=row.closed_on,
        payment=rules.BedPayment(row.payment),
        excluded_codes=frozenset(row.excluded_codes),
        kind=StayKind(row.kind),
        pauses=tuple(
            rules.PauseFacts(date.fromisoformat(first), date.fromisoformat(until) if until else None)
            for first, until in row.pauses
        ),
        terms=None
        if row.daily_rate is None
        else rules.DayTerms(row.daily_rate, row.pay_ratio, row.year_cap_fen, row.institution_share),
    )


# the bed that is open for a person on a day, whatever the institution
STAY_ON: Final[Question[rules.BedFacts | None]] = Question(
    "bed_id institution_id opened_on closed_on payment excluded_codes kind pauses daily_rate pay_ratio year_cap_fen"
    " institution_share",
    "beds_stay_on(:person_id, :on)",
    lambda rows: next(map(_bed, rows), None),
)


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


async def pauses_of(
    session: AsyncSession, *, region_id: UUID, bed_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[BedPause]]:
    """Return the pauses of beds that the fence lets through, the earliest first."""
    query = select(BedPause).where(col(BedPause.region_id) == region_id, col(BedPause.bed_id).in_(bed_ids))
    found: defaultdict[UUID, list[BedPause]] = defaultdict(list)
    for row in (await session.execute(query.order_by(col(BedPause.first), col(BedPause.id)))).scalars():
        found[row.bed_id].append(row)
    return found


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
        "bed_pauses_one": errors.PausesOverlap,
        "bed_pauses_inside": errors.PauseOutsideStay,
        # said by the tables of bed days, which stand above: a billed day stays a day of its stay
        "bed_days_of_open_days": errors.BedDaysBilled,
    }
)
