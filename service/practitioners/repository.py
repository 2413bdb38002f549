"""Every query of practitioners, their qualifications and shifts."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.core import paging
from service.core.db import fences, refusals
from service.core.db.questions import Question
from service.practitioners import errors, facts, rules
from service.practitioners.models import Practitioner, Qualification, Shift

refusals.name_constraints(
    {
        "practitioners_staff_no_once": errors.StaffNoTaken,
        "practitioners_account_once": errors.AccountTaken,
        "qualifications_once": errors.QualificationOverlaps,
        "qualifications_one_holder": errors.CertificateTaken,
        "shifts_no_overlap": errors.ShiftOverlaps,
    }
)

Row = TypeVar("Row", Practitioner, Shift)

_DURING = fences.table_of(Shift).c.during


async def _page(
    session: AsyncSession, query: SelectOfScalar[Row], row_id: Any, page: paging.PageRequest
) -> Sequence[Row]:
    """Return one row more than the page holds, by id."""
    if page.after is not None:
        query = query.where(row_id > page.after)
    return (await session.execute(query.order_by(row_id).limit(page.limit + 1))).scalars().all()


async def find_practitioner(session: AsyncSession, region_id: UUID, practitioner_id: UUID) -> Practitioner | None:
    """Return a practitioner whom the fence lets through."""
    return await session.get(Practitioner, (region_id, practitioner_id))


async def find_of_account(session: AsyncSession, region_id: UUID, account_id: UUID) -> Practitioner | None:
    """Return the practitioner who logs in with an account."""
    query = select(Practitioner).where(
        col(Practitioner.region_id) == region_id, col(Practitioner.account_id) == account_id
    )
    return (await session.execute(query)).scalar_one_or_none()


async def list_practitioners(
    session: AsyncSession,
    region_id: UUID,
    institution_ids: Collection[UUID],
    *,
    role: str | None,
    active: bool | None,
    page: paging.PageRequest,
) -> Sequence[Practitioner]:
    """Return the practitioners of some institutions, one more than the page holds."""
    query = select(Practitioner).where(
        col(Practitioner.region_id) == region_id, col(Practitioner.institution_id).in_(institution_ids)
    )
    if role is not None:
        query = query.where(col(Practitioner.role) == role)
    if active is not None:
        query = query.where(col(Practitioner.active) == active)
    return await _page(session, query, col(Practitioner.id), page)


async def list_in_teams(
    session: AsyncSession, region_id: UUID, practitioner_ids: Collection[UUID]
) -> Sequence[Practitioner]:
    """Return those of some practitioners who belong to a team."""
    query = select(Practitioner).where(
        col(Practitioner.region_id) == region_id,
        col(Practitioner.id).in_(practitioner_ids),
        col(Practitioner.team).is_not(None),
    )
    return (await session.execute(query)).scalars().all()


_HELD: Final[Question[list[rules.QualificationFacts]]] = Question(
    "id practitioner_id kind code certificate_no valid_from valid_to",
    "qualifications where region_id = :region_id and practitioner_id = any(:practitioner_ids) order by valid_from, id",
    lambda rows: [facts.qualification(row) for row in rows],
)


async def list_qualifications(
    session: AsyncSession, region_id: UUID, practitioner_ids: Collection[UUID]
) -> list[rules.QualificationFacts]:
    """Return all qualifications of some practitioners, past and future ones included, the oldest first."""
    return await _HELD.ask(session, region_id=region_id, practitioner_ids=list(practitioner_ids))


async def find_qualification(
    session: AsyncSession, region_id: UUID, practitioner_id: UUID, qualification_id: UUID
) -> Qualification | None:
    """Return a qualification of a practitioner."""
    row = await session.get(Qualification, (region_id, qualification_id))
    return row if row is not None and row.practitioner_id == practitioner_id else None


async def find_shift(session: AsyncSession, region_id: UUID, shift_id: UUID) -> Shift | None:
    """Return a shift, locked: of two changes the second sees the first one's outcome."""
    return await session.get(Shift, (region_id, shift_id), with_for_update=True)


async def list_shifts_of(
    session: AsyncSession, region_id: UUID, practitioner_id: UUID, first: date, last: date
) -> Sequence[Shift]:
    """Return a practitioner's shifts whose service days lie within first … last, in their order."""
    query = (
        select(Shift)
        .where(
            col(Shift.region_id) == region_id,
            col(Shift.practitioner_id) == practitioner_id,
            col(Shift.service_on).between(first, last),
        )
        .order_by(col(Shift.service_on), _DURING)
    )
    return (await session.execute(query)).scalars().all()


async def list_shifts(
    session: AsyncSession, region_id: UUID, institution_ids: Collection[UUID], on: date, page: paging.PageRequest
) -> Sequence[Shift]:
    """Return the shifts of some institutions on a day, one more than the page holds."""
    query = select(Shift).where(
        col(Shift.region_id) == region_id,
        col(Shift.institution_id).in_(institution_ids),
        col(Shift.service_on) == on,
    )
    return await _page(session, query, col(Shift.id), page)


async def list_on_duty(
    session: AsyncSession, region_id: UUID, institution_ids: Collection[UUID], on: date
) -> Sequence[tuple[Practitioner, Shift]]:
    """Return the shifts of some institutions' active practitioners on a day, by person and in the order of time."""
    query = (
        select(Practitioner, Shift)
        .join(
            Shift,
            (col(Shift.region_id) == col(Practitioner.region_id))
            & (col(Shift.practitioner_id) == col(Practitioner.id)),
        )
        .where(
            col(Shift.region_id) == region_id,
            col(Shift.institution_id).in_(institution_ids),
            col(Shift.service_on) == on,
            col(Practitioner.active).is_(True),
        )
        .order_by(col(Practitioner.id), _DURING)
    )
    return [(practitioner, shift) for practitioner, shift in (await session.execute(query)).all()]
