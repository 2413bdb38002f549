"""Which visits a dispatcher may pin, and what a plan that pins them keeps."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.orders import usecases as orders
from service.orders.rules import OrderState
from service.routing import building, errors, repository, repository_appointments
from service.routing.building import Promise
from service.routing.models import Plan
from service.routing.usecases import standing


async def refuse_unpromised(session: AsyncSession, row: Plan) -> None:
    """Refuse a plan's pins on what the plan in force of its area and day does not promise, or what has begun.

    Raises:
        errors.PinWithoutPromise: names the orders; those of other days and institutions by their ids.
    """
    if not row.pinned_order_ids:
        return
    known = {
        each.id: each
        for each in await orders.list_for_day(
            session,
            region_id=row.region_id,
            institution_ids=row.institution_ids,
            on=row.service_on,
            states=frozenset(OrderState),
        )
    }
    promised = await kept(session, row)
    wrong = [
        each
        for each in dict.fromkeys(row.pinned_order_ids)
        if promised[each] is None or each not in known or known[each].state is not OrderState.scheduled
    ]
    if wrong:
        said = [known[each].order_no if each in known else str(each) for each in wrong]
        raise errors.PinWithoutPromise(order_ids=wrong, order_nos="、".join(said))


async def kept(session: AsyncSession, row: Plan) -> dict[UUID, Promise | None]:
    """Return what the plan in force promises of the visits that a plan pins; None for those of which it does nothing.

    Raises: nothing.
    """
    published = await repository.find_published(
        session, region_id=row.region_id, area_id=row.area_id, on=row.service_on
    )
    if published is None or not row.pinned_order_ids:
        return dict.fromkeys(row.pinned_order_ids)
    booked = await repository_appointments.list_promised(session, region_id=row.region_id, plan_id=published.id)
    promised = {each.order_id for each in booked}
    stops = await standing.list_told(session, region_id=row.region_id, plan_id=published.id)
    told = [each for each in stops if (each.order_id or each.specimen_of) in promised]
    return building.pins_of(row.pinned_order_ids, told)
