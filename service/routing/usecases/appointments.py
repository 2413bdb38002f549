"""What neighbours ask about appointments, and what a member of staff sees of his own day."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import usecases as catalog
from service.core import problems
from service.core.http import House
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.orders import usecases as orders
from service.patients import usecases as patients
from service.practitioners import usecases as practitioners
from service.routing import overflow_repository, repository, repository_appointments, schemas
from service.routing.models import Appointment
from service.routing.states import CrewMember, tell_part


async def crew_of(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> list[CrewMember]:
    """Return who is promised for an order, the first to begin first; nobody when it has no appointment."""
    found = await repository_appointments.list_of_orders(session, region_id=region_id, order_ids=[order_id])
    return [_member(each) for each in found]


async def orders_of_plan(session: AsyncSession, *, region_id: UUID, plan_id: UUID) -> list[UUID]:
    """Return the orders that a published plan has appointments for, as things stand."""
    found = await repository_appointments.list_booked(session, region_id=region_id, plan_id=plan_id)
    return list(dict.fromkeys(each.order_id for each in found))


async def returned_by_plan(
    session: AsyncSession, *, region_id: UUID, plan_id: UUID, institution_ids: Sequence[UUID]
) -> list[UUID]:
    """Return the orders whose promise a plan's publication took back without giving another one."""
    plan = await repository.find_plan(session, region_id=region_id, plan_id=plan_id, institution_ids=institution_ids)
    if plan is None or plan.publication is None:
        return []
    return schemas.PublicationRead.model_validate(plan.publication).returned_order_ids


async def release_order(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> None:
    """Give back what was promised for an order that is cancelled or missed; its caller holds the order."""
    for each in await repository_appointments.list_of_orders(session, region_id=region_id, order_ids=[order_id]):
        each.state = "released"
    await session.flush()


async def my_day(
    session: AsyncSession, *, region_id: UUID, practitioner_id: UUID, on: date
) -> list[tuple[UUID, CrewMember]]:
    """Return what a member of staff has promised for a day, each with its order, in order of time."""
    found = await repository_appointments.list_of_day(
        session, region_id=region_id, practitioner_id=practitioner_id, on=on
    )
    return [(each.order_id, _member(each)) for each in found]


async def read_my_day(session: AsyncSession, *, principal: Principal, house: House, on: date) -> schemas.MyDayRead:
    """Return the principal's own appointments of a day, addresses opened.

    Raises:
        problems.NotFound: the account is no practitioner's.
    """
    region_id = principal.region_id
    me = await practitioners.find_of_account(session, region_id=region_id, account_id=principal.account_id)
    if me is None:
        raise problems.NotFound(what="与本账号关联的医护人员")
    station = await institutions.get_station(session, region_id=region_id, station_id=me.station_id)
    own = await my_day(session, region_id=region_id, practitioner_id=me.id, on=on)
    order_ids = list(dict.fromkeys(order_id for order_id, _ in own))
    together = await repository_appointments.list_of_orders(session, region_id=region_id, order_ids=order_ids)
    neighbours = await overflow_repository.names_at_doors(session, order_ids=order_ids)
    stops = [
        await _stop(
            session,
            house,
            order_id,
            member,
            # of a crew whose members come one after the other, those who are there at the same time
            crew=[
                each
                for each in together
                if (each.order_id, each.part) == (order_id, member.part)
                and repository_appointments.span_of(each)[0] == member.start
            ],
            name=neighbours.get(order_id),
            # who only drives or lends a hand learns where to go and whom to ask for, not what is done there
            shows_items=principal.may("orders:read"),
        )
        for order_id, member in own
    ]
    return schemas.MyDayRead(practitioner_id=me.id, service_on=on, station_name=station.name, stops=stops)


async def _stop(
    session: AsyncSession,
    house: House,
    order_id: UUID,
    member: CrewMember,
    *,
    crew: Sequence[Appointment],
    name: str | None,
    shows_items: bool,
) -> schemas.MyStopRead:
    """Return a stop; `name` is given of a neighbour institution's elder: who helps out reads no record."""
    region_id = crew[0].region_id
    order = await orders.get_order(session, region_id=region_id, order_id=order_id)
    if name is None:
        name = (await patients.get_person(session, region_id=region_id, person_id=order.person_id)).name
    home = await patients.get_home(session, region_id=region_id, home_id=order.home_id)
    items = await catalog.items(session, region_id=region_id, codes=[code for code, _ in order.items])
    return schemas.MyStopRead(
        order_id=order.id,
        order_no=order.order_no,
        order_state=order.state,
        person_id=order.person_id,
        person_name=name,
        address=await patients.open_address(session, house=house, region_id=region_id, home_id=home.id),
        lon=home.lon,
        lat=home.lat,
        floor=home.floor,
        has_lift=home.has_lift,
        items=[
            schemas.MyItemRead(code=code, name=items[code].name, quantity=quantity)
            for code, quantity in (order.items if shows_items else ())
        ],
        crew=[each.practitioner_name for each in crew],
        start_at=member.start,
        end_at=member.end,
        part=member.part,
        parts=member.parts,
        part_note=tell_part(member.part, member.parts),
        trip_key=member.trip_key,
        ride=member.ride,
    )


def _member(row: Appointment) -> CrewMember:
    start, end = repository_appointments.span_of(row)
    return CrewMember(
        row.practitioner_id, row.practitioner_name, start, end, row.trip_key, row.part, row.parts, row.ride
    )
