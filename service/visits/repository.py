"""Every query and lock of visits."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core import paging
from service.core.db import refusals
from service.core.db.questions import Question
from service.visits import errors, rules
from service.visits.models import (
    Trip,
    Visit,
    VisitEvent,
    VisitEvidence,
    VisitException,
    VisitItem,
    VisitPart,
    VisitStaff,
)

_OWN: Final = "(select {column} from visits where region_id = :region_id and id = :visit_id)"


def _proof(row: Any) -> rules.VisitProof:
    return rules.VisitProof(
        visit_id=row.id,
        order_id=row.order_id,
        institution_id=row.institution_id,
        person_id=row.person_id,
        home_id=row.home_id,
        trip_id=row.trip_id,
        mode=row.mode,
        service_on=row.service_on,
        started_at=row.started_at,
        verified=row.verified,
        state=rules.VisitState(row.state),
        staff_ids=tuple(practitioner_id for (practitioner_id,) in row.begun),
        items=tuple((code, quantity) for code, quantity in row.items),
        in_vain=row.in_vain,
    )


# the proofs of the visits that were proposed as one trip with a visit, or made on one with it, itself among them, the
# oldest first; billed staff are those who began the service
TRIP: Final[Question[list[rules.VisitProof]]] = Question(
    "id order_id institution_id person_id home_id trip_id mode service_on started_at verified state in_vain",
    "visits v where v.region_id = :region_id"
    f" and (v.trip_key = {_OWN.format(column='trip_key')} or v.trip_id = {_OWN.format(column='trip_id')})"
    " order by v.id",
    lambda rows: [_proof(row) for row in rows],
    also={
        "begun": "array(select distinct row(e.practitioner_id) as who from visit_events e"
        " where e.region_id = v.region_id and e.visit_id = v.id and e.kind = 'start' order by who)",
        "items": "array(select row(i.code, i.quantity) from visit_items i"
        " where i.region_id = v.region_id and i.visit_id = v.id order by i.code)",
    },
)


async def find_of_order(session: AsyncSession, region_id: UUID, order_id: UUID, *, lock: bool = False) -> Visit | None:
    """Return the visit of an order; `lock`: two reports of one visit are handled one after the other."""
    query = select(Visit).where(col(Visit.region_id) == region_id, col(Visit.order_id) == order_id)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def find(session: AsyncSession, region_id: UUID, visit_id: UUID, *, lock: bool = False) -> Visit | None:
    """Return a visit."""
    return await session.get(Visit, (region_id, visit_id), with_for_update=lock or None)


async def crew(session: AsyncSession, region_id: UUID, visit_id: UUID) -> Sequence[VisitStaff]:
    """Return the crew of a visit, by name."""
    query = select(VisitStaff).where(col(VisitStaff.region_id) == region_id, col(VisitStaff.visit_id) == visit_id)
    return (await session.execute(query.order_by(col(VisitStaff.practitioner_name)))).scalars().all()


async def parts(session: AsyncSession, region_id: UUID, visit_id: UUID) -> Sequence[VisitPart]:
    """Return the further parts of a visit, in their order."""
    query = select(VisitPart).where(col(VisitPart.region_id) == region_id, col(VisitPart.visit_id) == visit_id)
    return (await session.execute(query.order_by(col(VisitPart.number)))).scalars().all()


async def events(session: AsyncSession, region_id: UUID, visit_id: UUID) -> Sequence[VisitEvent]:
    """Return what the phones reported, in the order of their clocks."""
    query = select(VisitEvent).where(col(VisitEvent.region_id) == region_id, col(VisitEvent.visit_id) == visit_id)
    return (await session.execute(query.order_by(col(VisitEvent.happened_at), col(VisitEvent.id)))).scalars().all()


async def items(session: AsyncSession, region_id: UUID, visit_id: UUID) -> Sequence[VisitItem]:
    """Return the services performed, by code."""
    query = select(VisitItem).where(col(VisitItem.region_id) == region_id, col(VisitItem.visit_id) == visit_id)
    return (await session.execute(query.order_by(col(VisitItem.code)))).scalars().all()


async def exceptions(session: AsyncSession, region_id: UUID, visit_id: UUID) -> Sequence[VisitException]:
    """Return the exceptions of a visit, oldest first."""
    query = select(VisitException).where(
        col(VisitException.region_id) == region_id, col(VisitException.visit_id) == visit_id
    )
    return (await session.execute(query.order_by(col(VisitException.id)))).scalars().all()


async def evidence(session: AsyncSession, region_id: UUID, visit_id: UUID) -> Sequence[VisitEvidence]:
    """Return the evidence of a visit, by kind and age."""
    query = select(VisitEvidence).where(
        col(VisitEvidence.region_id) == region_id, col(VisitEvidence.visit_id) == visit_id
    )
    ordered = query.order_by(col(VisitEvidence.kind), col(VisitEvidence.file_id))
    return (await session.execute(ordered)).scalars().all()


async def find_exception(session: AsyncSession, region_id: UUID, exception_id: UUID) -> VisitException | None:
    """Return an exception, locked: it is decided once."""
    return await session.get(VisitException, (region_id, exception_id), with_for_update=True)


async def open_trip(session: AsyncSession, region_id: UUID, crew_key: str) -> Trip | None:
    """Return the crew's open stay, locked."""
    query = select(Trip).where(
        col(Trip.region_id) == region_id, col(Trip.crew_key) == crew_key, col(Trip.left_at).is_(None)
    )
    return (await session.execute(query.with_for_update())).scalar_one_or_none()


async def of_trip(session: AsyncSession, region_id: UUID, trip_key: UUID, trip_id: UUID | None) -> Sequence[Visit]:
    """Return the visits that were proposed as one trip, or made on one, oldest first."""
    same = col(Visit.trip_key) == trip_key
    query = select(Visit).where(
        col(Visit.region_id) == region_id, same if trip_id is None else or_(same, col(Visit.trip_id) == trip_id)
    )
    return (await session.execute(query.order_by(col(Visit.id)))).scalars().all()


async def unfinished(
    session: AsyncSession, region_id: UUID, institution_ids: Sequence[UUID], before: date
) -> Sequence[Visit]:
    """Return the visits of days gone by that neither ended nor are final, locked (a report may come in meanwhile)."""
    waiting = [
        rules.VisitState.prepared,
        rules.VisitState.departed,
        rules.VisitState.arrived,
        rules.VisitState.in_service,
    ]
    query = select(Visit).where(
        col(Visit.region_id) == region_id,
        col(Visit.institution_id).in_(institution_ids),
        col(Visit.service_on) < before,
        col(Visit.state).in_(waiting),
    )
    return (await session.execute(query.with_for_update(skip_locked=True))).scalars().all()


async def list_visits(
    session: AsyncSession,
    region_id: UUID,
    *,
    page: paging.PageRequest,
    service_on: date | None,
    state: rules.VisitState | None,
    person_id: UUID | None,
) -> Sequence[Visit]:
    """Return one more than a page of visits that the fence lets through."""
    query = select(Visit).where(col(Visit.region_id) == region_id)
    for column, value in ((Visit.service_on, service_on), (Visit.state, state), (Visit.person_id, person_id)):
        query = query if value is None else query.where(col(column) == value)
    if page.after is not None:
        query = query.where(col(Visit.id) > page.after)
    return (await session.execute(query.order_by(col(Visit.id)).limit(page.limit + 1))).scalars().all()


refusals.name_constraints(
    {
        "visit_events_once": errors.CrewElsewhere,
        "trips_one_open": errors.CrewElsewhere,
        "visits_one_per_order": errors.CrewElsewhere,
        "visit_exceptions_decided_for_good": errors.ExceptionDecided,
        "pk_visit_items": errors.ItemRecorded,
    }
)
