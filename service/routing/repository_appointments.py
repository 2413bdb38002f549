"""Every query of appointments: what is promised, to whom, and who is free."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import ARRAY, Date, DateTime, Uuid, bindparam, func, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.audit import trail
from service.core.db import fences
from service.core.db.questions import Question
from service.routing.models import Appointment


class Promised(NamedTuple):
    """What a plan has promised of a part of an order."""

    order_id: UUID
    practitioner_id: UUID
    person_id: UUID
    part: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class BusyRow:
    """A promise of a member of staff, near a place, and the precaution of whoever is visited."""

    practitioner_id: UUID
    start: datetime
    end: datetime
    lon: float
    lat: float
    precaution: str


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """When a member of staff hands in what was taken at a visit, and where; whose it is, where one may know."""

    practitioner_id: UUID
    order_id: UUID | None
    start: datetime
    end: datetime
    travel_seconds: int
    lon: float
    lat: float
    precaution: str


_PROMISED: Final[Question[Sequence[Promised]]] = Question(
    "order_id practitioner_id person_id part",
    "appointments where region_id = :region_id and plan_id = :plan_id and state = 'booked'"
    " order by order_id, practitioner_id",
    lambda rows: [Promised(*row) for row in rows],
    also={"start_at": "lower(during)", "end_at": "upper(during)"},
)
_PARAMETERS: Final = (
    bindparam("who", type_=ARRAY(Uuid)),
    bindparam("start", type_=DateTime(timezone=True)),
    bindparam("end", type_=DateTime(timezone=True)),
    bindparam("but", type_=Uuid),
)
_BUSY: Final = text(
    "select practitioner_id, lower(busy), upper(busy), near_lon, near_lat, precaution"
    " from appointments_busy(:who, :start, :end, :but)"
).bindparams(*_PARAMETERS)
_ENGAGED: Final = text(
    "select person_id, lower(engaged), upper(engaged) from appointments_engaged(:who, :start, :end, :but)"
).bindparams(*_PARAMETERS)

_HANDOVERS: Final = text(
    "select practitioner_id, order_id, start_at, end_at, travel_seconds, lon, lat, precaution"
    " from handovers_busy(:who, :start, :end, :but)"
).bindparams(*_PARAMETERS)

# a probe of the index for each of the people: a day of hundreds, each visited for years, is asked before it is planned
_LAST: Final = text(
    "select who.person_id, came.practitioner_id from unnest(:who) as who(person_id), lateral (select a.practitioner_id"
    " from appointments a where a.region_id = :region_id and a.person_id = who.person_id and a.service_on < :before"
    " and a.state = 'booked' order by a.service_on desc, lower(a.during) desc, a.practitioner_id desc limit 1) as came"
).bindparams(bindparam("region_id", type_=Uuid), bindparam("who", type_=ARRAY(Uuid)), bindparam("before", type_=Date))


async def busy(
    session: AsyncSession, practitioner_ids: Sequence[UUID], start: datetime, end: datetime, but: UUID | None
) -> list[BusyRow]:
    """Return when staff of one's own institutions are promised to whomever; what plan `but` can take back is free."""
    rows = await session.execute(_BUSY, {"who": list(practitioner_ids), "start": start, "end": end, "but": but})
    return [BusyRow(*row) for row in rows]


async def handovers(
    session: AsyncSession, practitioner_ids: Sequence[UUID], start: datetime, end: datetime, but: UUID | None
) -> list[HandoverRow]:
    """Return when staff of one's own institutions hand in what they took; what plan `but` can take back is free."""
    rows = await session.execute(_HANDOVERS, {"who": list(practitioner_ids), "start": start, "end": end, "but": but})
    return [HandoverRow(*row) for row in rows]


async def engaged(
    session: AsyncSession, person_ids: Sequence[UUID], start: datetime, end: datetime, but: UUID | None
) -> list[tuple[UUID, datetime, datetime]]:
    """Return when people whom one cares for are visited, by whomever; what plan `but` can take back does not count."""
    rows = await session.execute(_ENGAGED, {"who": list(person_ids), "start": start, "end": end, "but": but})
    return [(person_id, begins, ends) for person_id, begins, ends in rows]


async def list_booked(session: AsyncSession, *, region_id: UUID, plan_id: UUID) -> Sequence[Appointment]:
    """Return what a plan has promised and not taken back, in the order of the orders' ids."""
    query = (
        select(Appointment)
        .where(
            col(Appointment.region_id) == region_id,
            col(Appointment.plan_id) == plan_id,
            col(Appointment.state) == "booked",
        )
        .order_by(col(Appointment.order_id), col(Appointment.practitioner_id))
    )
    return (await session.execute(query)).scalars().all()


async def list_promised(session: AsyncSession, *, region_id: UUID, plan_id: UUID) -> Sequence[Promised]:
    """Return the same as rows that nobody changes."""
    found = await _PROMISED.ask(session, region_id=region_id, plan_id=plan_id)
    trail.name_people(session, (each.person_id for each in found))
    return found


async def list_of_orders(
    session: AsyncSession, *, region_id: UUID, order_ids: Collection[UUID]
) -> Sequence[Appointment]:
    """Return what is promised for some orders, the first to begin first."""
    query = (
        select(Appointment)
        .where(
            col(Appointment.region_id) == region_id,
            col(Appointment.order_id).in_(order_ids),
            col(Appointment.state) == "booked",
        )
        .order_by(func.lower(col(Appointment.during)), col(Appointment.practitioner_id))
    )
    return (await session.execute(query)).scalars().all()


async def list_of_day(
    session: AsyncSession, *, region_id: UUID, practitioner_id: UUID, on: date
) -> Sequence[Appointment]:
    """Return what a member of staff has promised for a day, in order of time."""
    query = (
        select(Appointment)
        .where(
            col(Appointment.region_id) == region_id,
            col(Appointment.practitioner_id) == practitioner_id,
            col(Appointment.service_on) == on,
            col(Appointment.state) == "booked",
        )
        .order_by(func.lower(col(Appointment.during)))
    )
    return (await session.execute(query)).scalars().all()


async def list_within(
    session: AsyncSession, *, region_id: UUID, practitioner_id: UUID, start: datetime, end: datetime
) -> Sequence[Appointment]:
    """Return what a member of staff has promised that touches [start, end), in order of time."""
    query = (
        select(Appointment)
        .where(
            col(Appointment.region_id) == region_id,
            col(Appointment.practitioner_id) == practitioner_id,
            col(Appointment.state) == "booked",
            fences.table_of(Appointment).c.during.overlaps(func.tstzrange(start, end)),
        )
        .order_by(func.lower(col(Appointment.during)))
    )
    return (await session.execute(query)).scalars().all()


def span_of(row: Appointment) -> tuple[datetime, datetime]:
    """Return when an appointment begins and ends; both are always set."""
    during = cast("Range[datetime]", row.during)
    return cast("datetime", during.lower), cast("datetime", during.upper)


async def last_carers(
    session: AsyncSession, *, region_id: UUID, person_ids: Collection[UUID], before: date
) -> dict[UUID, UUID]:
    """Return who came to people last, as far as the fence shows it, on a day before one."""
    asked = {"region_id": region_id, "who": sorted(person_ids), "before": before}
    return {row.person_id: row.practitioner_id for row in await session.execute(_LAST, asked)}
