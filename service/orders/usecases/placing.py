"""What booking does with orders: writes them, changes them, counts a person's open ones."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import dates, problems
from service.core.clock import local_date
from service.core.jobs import queue
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.orders import repository, rules
from service.orders.usecases import rows


async def create(
    session: AsyncSession,
    *,
    principal: Principal,
    order_id: UUID,
    order: rules.NewOrder,
    now: datetime,
    because: str,
    accepted: bool = False,
) -> rules.Told:
    """Write a new order with the institution's next number of the day, its items and its first move.

    `accepted`: the institution takes it at once, which is its second move and news to the elder's side.

    Raises:
        errors.OrderNumberTaken: somebody wrote the number without asking for it.
        errors.TooManyOpenOrders: the person has as many open orders as allowed.
    """
    steps = [rules.Step(1, None, order.state, now, principal.account_id, because)]
    if accepted:
        rules.refuse_illegal_move(order.state, rules.OrderState.accepted)
        steps.append(rules.Step(2, order.state, rules.OrderState.accepted, now, None, rules.BY_ITSELF))
    number = await repository.add(
        session,
        region_id=principal.region_id,
        order_id=order_id,
        order=order,
        today=local_date(now),
        placed_by_account_id=principal.account_id,
        steps=steps,
    )
    if accepted:
        job = queue.Job(region_id=principal.region_id, institution_ids=(order.institution_id,), subject_id=order_id)
        await queue.enqueue(session, rules.ORDER_ACCEPTED, job)
    facts = order.numbered(order_id, number, steps[-1].to_state)
    return rules.Told(facts, principal.account_id, now, tuple(steps))


async def change(
    session: AsyncSession,
    *,
    principal: Principal,
    order_id: UUID,
    order: rules.NewOrder,
    now: datetime,
    because: str,
) -> rules.OrderFacts:
    """Write what an order now asks for, and its state; its kind, person, institution and items stay.

    The history says so, also when the state stays.

    Raises:
        problems.NotFound: there is no such order.
        errors.IllegalMove: the order cannot move to the new state.
    """
    row = await rows.get(session, principal.region_id, order_id, lock=True)
    before = rules.OrderState(row.state)
    if before is not order.state:
        rules.refuse_illegal_move(before, order.state)
    row.state = order.state
    row.home_id = order.home_id
    if row.service_on != order.window.service_on:
        # whoever moves a round by hand answers for its distance from the others
        row.service_on, row.round_apart_days = order.window.service_on, None
    row.wished = dates.moments(order.window.start, order.window.end)
    row.staff_count = order.staff_count
    row.preferred_practitioner_id = order.preferred_practitioner_id
    row.staff_sex = order.staff_sex
    row.preferred_only = order.preferred_only
    row.excluded_practitioner_ids = list(order.excluded_practitioner_ids)
    row.same_staff = order.same_staff
    row.also_wished = dates.apart((each.start, each.end) for each in order.also_wished)
    row.staff_sex_required = order.staff_sex_required
    row.distance_metres = order.distance_metres
    await rows.log(session, row, before=before, now=now, account_id=principal.account_id, because=because)
    return await rows.facts(session, row)


async def count_open(session: AsyncSession, *, person_id: UUID) -> int:
    """Return how many open orders a person has at any institution, and hold that number until the commit.

    A second order of the same person waits here for the first: without the lock both would count the same.
    """
    return await repository.count_open(session, person_id=person_id)


async def placed_by_us(session: AsyncSession, *, order_id: UUID) -> bool:
    """Return whether an order of somebody whom one acts for was placed by staff of one's own institutions."""
    return await repository.placed_by_us(session, order_id=order_id)


async def require_practitioner_at(session: AsyncSession, *, practitioner_id: UUID, institution_id: UUID) -> None:
    """Refuse a wish for a practitioner who does not work at the institution; asked for elders, who see no staff.

    Raises:
        problems.NotFound: he does not, or there is no such practitioner.
    """
    if not await repository.works_at(session, practitioner_id=practitioner_id, institution_id=institution_id):
        raise problems.NotFound(what="该机构的这位医护人员")


async def require_practitioner(session: AsyncSession, *, practitioner_id: UUID) -> None:
    """Refuse a practitioner who works at none of the region's institutions; asked for elders, who see no staff.

    Raises:
        problems.NotFound: he does not, or there is no such practitioner.
    """
    if not await repository.works_at(session, practitioner_id=practitioner_id, institution_id=None):
        raise problems.NotFound(what="这位医护人员")


async def require_mode(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, kind: rules.OrderKind, on: date
) -> None:
    """Refuse unless the institution has the mode that a kind of order needs registered on a day (R005).

    Raises:
        errors.ModeNotRegistered: it has not, or its licence is not in force.
        problems.NotFound: there is no such institution.
    """
    registered = await institutions.has_mode(
        session, region_id=region_id, institution_id=institution_id, mode=rules.MODE_NEEDED[kind], on=on
    )
    rules.refuse_unregistered(kind, registered, on)
