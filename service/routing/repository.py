"""Every query and lock of dispatch areas and plans. Row-level security decides whose plans a transaction sees."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from service.core.db import fences, refusals
from service.core.db.questions import Question
from service.core.paging import PageRequest
from service.routing import errors
from service.routing.models import Appointment, DispatchArea, Plan, PlanRoute, PlanStop, PlanUnassigned
from service.routing.states import PlanState


async def find_area(
    session: AsyncSession, *, region_id: UUID, area_id: UUID, lock: bool = False
) -> DispatchArea | None:
    """Return a dispatch area or None; `lock` holds it until the commit (only the region's administration may)."""
    query = select(DispatchArea).where(col(DispatchArea.region_id) == region_id, col(DispatchArea.id) == area_id)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def list_areas(session: AsyncSession, *, region_id: UUID, page: PageRequest) -> Sequence[DispatchArea]:
    """Return a page of the region's dispatch areas, one more than its limit."""
    query = select(DispatchArea).where(col(DispatchArea.region_id) == region_id)
    if page.after is not None:
        query = query.where(col(DispatchArea.id) > page.after)
    return (await session.execute(query.order_by(col(DispatchArea.id)).limit(page.limit + 1))).scalars().all()


async def find_plan(
    session: AsyncSession,
    *,
    region_id: UUID,
    plan_id: UUID,
    institution_ids: Sequence[UUID],
    lock: bool = False,
) -> Plan | None:
    """Return a plan all of whose institutions are among `institution_ids`, or None; `lock` holds it to the commit."""
    query = select(Plan).where(col(Plan.region_id) == region_id, col(Plan.id) == plan_id, _within(institution_ids))
    if lock:
        # the identity map may hold the row as it was before the lock was granted
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def list_plans(
    session: AsyncSession,
    *,
    region_id: UUID,
    institution_ids: Sequence[UUID],
    area_id: UUID | None,
    service_on: date | None,
    state: PlanState | None,
    page: PageRequest,
) -> Sequence[Plan]:
    """Return a page of the plans all of whose institutions are among `institution_ids`, one more than its limit."""
    query = select(Plan).where(col(Plan.region_id) == region_id, _within(institution_ids))
    for column, value in ((Plan.area_id, area_id), (Plan.service_on, service_on), (Plan.state, state)):
        if value is not None:
            query = query.where(col(column) == value)
    if page.after is not None:
        query = query.where(col(Plan.id) > page.after)
    return (await session.execute(query.order_by(col(Plan.id)).limit(page.limit + 1))).scalars().all()


async def find_published(session: AsyncSession, *, region_id: UUID, area_id: UUID, on: date) -> Plan | None:
    """Return the plan in force of an area and day, if the fence lets it through."""
    query = select(Plan).where(
        col(Plan.region_id) == region_id,
        col(Plan.area_id) == area_id,
        col(Plan.service_on) == on,
        col(Plan.state) == PlanState.published,
    )
    return (await session.execute(query)).scalar_one_or_none()


async def say_progress(session: AsyncSession, *, region_id: UUID, plan_id: UUID, progress: dict[str, Any]) -> None:
    """Write how far the solver is, while it is solving."""
    await session.execute(
        update(Plan)
        .where(col(Plan.region_id) == region_id, col(Plan.id) == plan_id, col(Plan.state) == PlanState.solving)
        .values(progress=progress)
    )


async def is_cancelled(session: AsyncSession, *, region_id: UUID, plan_id: UUID) -> bool:
    """Return whether a plan is cancelled, as it is committed; none is that the fence does not let through."""
    query = select(Plan.state).where(col(Plan.region_id) == region_id, col(Plan.id) == plan_id)
    return (await session.execute(query)).scalar_one_or_none() == PlanState.cancelled


async def list_routes(session: AsyncSession, *, region_id: UUID, plan_id: UUID) -> Sequence[PlanRoute]:
    """Return a plan's routes, by name."""
    query = (
        select(PlanRoute)
        .where(col(PlanRoute.region_id) == region_id, col(PlanRoute.plan_id) == plan_id)
        .order_by(col(PlanRoute.practitioner_name), col(PlanRoute.practitioner_id))
    )
    return (await session.execute(query)).scalars().all()


async def list_stops(session: AsyncSession, *, region_id: UUID, plan_id: UUID) -> Sequence[PlanStop]:
    """Return a plan's stops, each person's in their order."""
    query = (
        select(PlanStop)
        .where(col(PlanStop.region_id) == region_id, col(PlanStop.plan_id) == plan_id)
        .order_by(col(PlanStop.practitioner_id), col(PlanStop.seq))
    )
    return (await session.execute(query)).scalars().all()


TOLD: Final[Question[Any]] = Question(
    "practitioner_id order_id start_at end_at travel_seconds kind specimen_of part",
    "plan_stops where region_id = :region_id and plan_id = :plan_id order by practitioner_id, seq",
    list,
)
"""A plan's stops, each person's in their order: as rows, not as objects that follow each change."""


async def list_begun(
    session: AsyncSession, *, region_id: UUID, plan_id: UUID, order_ids: Collection[UUID]
) -> Sequence[tuple[PlanStop, UUID, str]]:
    """Return the stops by which the plans of a plan's area and day have promised some orders, with the order and who.

    What is promised no more is not among them.
    """
    asked = aliased(Plan)
    of_visit = and_(col(PlanStop.order_id) == col(Appointment.order_id), col(PlanStop.part) == col(Appointment.part))
    of_specimen = and_(col(PlanStop.specimen_of) == col(Appointment.order_id), col(Appointment.part) == 1)
    query = (
        select(PlanStop, Appointment.order_id, Appointment.practitioner_name)
        .join(
            Appointment,
            and_(
                col(Appointment.region_id) == col(PlanStop.region_id),
                col(Appointment.plan_id) == col(PlanStop.plan_id),
                col(Appointment.practitioner_id) == col(PlanStop.practitioner_id),
                col(Appointment.state) == "booked",
                or_(of_visit, of_specimen),
            ),
        )
        .join(Plan, and_(col(Plan.region_id) == col(PlanStop.region_id), col(Plan.id) == col(PlanStop.plan_id)))
        .join(
            asked,
            and_(
                col(asked.region_id) == col(Plan.region_id),
                col(asked.area_id) == col(Plan.area_id),
                col(asked.service_on) == col(Plan.service_on),
            ),
        )
        .where(
            col(PlanStop.region_id) == region_id,
            col(Appointment.order_id).in_(order_ids),
            col(asked.id) == plan_id,
        )
        .order_by(col(PlanStop.start_at), col(PlanStop.practitioner_id))
    )
    return [(stop, order_id, name) for stop, order_id, name in await session.execute(query)]


async def list_unassigned(session: AsyncSession, *, region_id: UUID, plan_id: UUID) -> Sequence[PlanUnassigned]:
    """Return the orders that a plan leaves out, the oldest first."""
    query = (
        select(PlanUnassigned)
        .where(col(PlanUnassigned.region_id) == region_id, col(PlanUnassigned.plan_id) == plan_id)
        .order_by(col(PlanUnassigned.order_id))
    )
    return (await session.execute(query)).scalars().all()


async def hold_publications(session: AsyncSession, *, region_id: UUID, on: date) -> None:
    """Wait for every other publication of the region's day, and make the next ones wait until the commit.

    The constraints alone would do, but two publications that overlap in several people could deadlock in them.
    """
    key = f"routing.publication/{region_id}/{on}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, text("0")))))


def _within(institution_ids: Sequence[UUID]) -> ColumnElement[bool]:
    contained: ColumnElement[bool] = fences.table_of(Plan).c.institution_ids.contained_by(list(institution_ids))
    return contained


refusals.name_constraints(
    {
        "dispatch_areas_code_once": errors.AreaCodeTaken,
        "plans_one_published": errors.AnotherPlanPublished,
        "plans_state_moves": errors.PlanNotCancellable,
        "period_plans_state_moves": errors.PeriodNotCancellable,
        "appointments_staff_once": errors.StaffDoubleBooked,
        "appointments_part_once": errors.StaffDoubleBooked,
        "appointments_person_once": errors.PersonDoubleBooked,
        "appointments_not_while_absent": errors.StaffAbsent,
    }
)
