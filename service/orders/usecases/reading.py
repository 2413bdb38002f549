"""Who reads orders: neighbours get facts, people get what they may see."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import usecases as catalog
from service.core import paging, problems
from service.core.db.questions import Asked
from service.core.principal import Principal
from service.orders import part_rules, repository, rules, schemas
from service.orders.usecases import rows
from service.patients import usecases as patients
from service.patients.rules import Right

LISTING = "orders"


async def get_order(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> rules.OrderFacts:
    """Return an order that the fence lets through.

    Raises:
        problems.NotFound: there is none.
    """
    return await rows.facts(session, await rows.get(session, region_id, order_id))


async def distance_metres(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> int | None:
    """Return how far the home of an order was by its quote, None where nobody had said.

    Raises:
        problems.NotFound: the fence lets no such order through.
    """
    row = await rows.standing(session, region_id=region_id, order_id=order_id)
    found: int | None = row.distance_metres
    return found


def asked_standing(*, region_id: UUID, order_id: UUID) -> Asked[Any]:
    """Return the question that `distance_metres` and `steps_of_move` answer, to be asked together with others."""
    return repository.STANDING.of(region_id=region_id, order_id=order_id)


async def hold_order(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> rules.OrderFacts:
    """Return an order and hold it until the commit: whoever else wants to move or change it waits.

    Raises:
        problems.NotFound: there is none.
    """
    return await rows.facts(session, await rows.get(session, region_id, order_id, lock=True))


async def list_for_day(
    session: AsyncSession,
    *,
    region_id: UUID,
    institution_ids: Collection[UUID],
    on: date,
    states: Collection[rules.OrderState],
) -> list[rules.OrderFacts]:
    """Return the orders of some institutions on a day in some states, the oldest first."""
    return await repository.list_day(
        session, region_id=region_id, institution_ids=institution_ids, on=on, states=states
    )


async def list_wishing(
    session: AsyncSession, *, region_id: UUID, practitioner_id: UUID, start: datetime, end: datetime
) -> list[rules.OrderFacts]:
    """Return the open orders that wish for a practitioner at some time of [start, end), the earliest first."""
    found = await repository.list_wishing(
        session, region_id=region_id, practitioner_id=practitioner_id, start=start, end=end
    )
    items = await repository.list_items(session, region_id=region_id, order_ids=[row.id for row in found])
    return [repository.facts_of(row, items[row.id]) for row in found]


async def has_open_order(
    session: AsyncSession,
    *,
    region_id: UUID,
    person_id: UUID,
    kind: rules.OrderKind,
    since: date,
    until: date | None = None,
) -> bool:
    """Return whether an open order of a kind, shown by the fence, stands for a person on a day of [since, until)."""
    return await repository.has_open_order(
        session, region_id=region_id, person_id=person_id, kind=kind, since=since, until=until
    )


async def read_order(
    session: AsyncSession, *, principal: Principal, order_id: UUID, now: datetime
) -> schemas.OrderRead:
    """Return an order with its items and moves, to its institution and to whoever may view the person.

    Raises:
        problems.NotFound: there is no such order, or it is not the principal's to see.
        patients.errors.RightMissing: a proxy who may not view.
    """
    found = await repository.find_whole(session, region_id=principal.region_id, order_id=order_id)
    if found is None:
        raise problems.NotFound(what="订单")
    order = found.order
    if order.institution_id not in principal.institution_ids:
        await patients.require_right(session, principal=principal, person_id=order.person_id, right=Right.view, now=now)
    return await told(session, found, region_id=principal.region_id)


async def told(session: AsyncSession, whole: rules.Told, *, region_id: UUID) -> schemas.OrderRead:
    """Return an order with everything that happened to it as people read it."""
    asked = whole.order.items
    items = await catalog.items(session, region_id=region_id, codes=[code for code, _ in asked])
    listed = [each for each in asked if each[0] in items]
    parts = part_rules.parts_of(listed, items)
    return schemas.OrderRead(
        **_shown(whole.order),
        parts=len(parts) + 1,
        parts_note=part_rules.tell(parts, rules.minutes_of(listed, items)),
        mobility_reason=whole.order.mobility_reason,
        distance_metres=whole.order.distance_metres,
        placed_by_account_id=whole.placed_by_account_id,
        placed_at=whole.placed_at,
        moves=[schemas.OrderMoveRead.model_validate(step._asdict()) for step in whole.moves],
    )


async def list_orders(
    session: AsyncSession,
    *,
    principal: Principal,
    state: rules.OrderState | None,
    service_on: date | None,
    institution_id: UUID | None,
    person_id: UUID | None,
    page: paging.PageRequest,
    cursors: paging.Cursors,
    now: datetime,
) -> paging.Page[schemas.OrderSummary]:
    """Return a page of the orders of the principal's institutions, or of the persons that he may view.

    A care home's staff see those of its residents.
    """
    people = await people_viewed(session, principal=principal, person_id=person_id, now=now)
    residents = await patients.residents(session, principal=principal)
    filters: dict[str, Any] = {
        "state": state,
        "service_on": service_on,
        "institution_id": institution_id,
        "person_ids": people,
    }
    if residents is not None:
        filters |= {"institutions": principal.institution_ids, "ours_or_of": residents}
    elif principal.institution_ids:
        filters |= {"ours": principal.institution_ids}
    found = await repository.list_page(session, region_id=principal.region_id, filters=filters, page=page)
    return paging.page_of(
        found,
        request=page,
        read=lambda each: schemas.OrderSummary(**_shown(each)),
        last=lambda each: each.id,
        cursors=cursors,
        listing=LISTING,
    )


async def people_viewed(
    session: AsyncSession, *, principal: Principal, person_id: UUID | None, now: datetime
) -> set[UUID] | None:
    """Return the persons to whom a list is narrowed: the one asked for, and for elders and proxies those they may view.

    None = no narrowing: staff see what their institutions' fence lets through.
    """
    asked = {person_id} if person_id else None
    if principal.institution_ids:
        return asked
    people = await patients.my_people(session, principal=principal, now=now)
    viewed = {each.person_id for each in people if Right.view in each.rights}
    return viewed if asked is None else viewed & asked


def _shown(order: rules.OrderFacts) -> dict[str, Any]:
    """Return what a list shows of an order; its schema checks and turns it."""
    return {
        "id": order.id,
        "order_no": order.order_no,
        "institution_id": order.institution_id,
        "kind": order.kind,
        "person_id": order.person_id,
        "home_id": order.home_id,
        "state": order.state,
        "service_on": order.service_on,
        # moments are told in UTC, however they were asked for
        "wished_start": order.wished_start.astimezone(UTC),
        "wished_end": order.wished_end.astimezone(UTC),
        "also_wished": [
            {"start": each.start.astimezone(UTC), "end": each.end.astimezone(UTC)} for each in sorted(order.also_wished)
        ],
        "staff_count": order.staff_count,
        "items": [{"code": code, "quantity": quantity} for code, quantity in order.items],
        "preferred_practitioner_id": order.preferred_practitioner_id,
        "staff_sex": order.staff_sex,
        "staff_sex_required": order.staff_sex_required,
        "preferred_only": order.preferred_only,
        "excluded_practitioner_ids": list(order.excluded_practitioner_ids),
        "same_staff": order.same_staff,
    }
