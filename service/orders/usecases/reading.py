"""Who reads orders: neighbours get facts, people get what they may see."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import paging, problems
from service.core.principal import Principal
from service.orders import repository, rules, schemas
from service.orders.models import Order
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
    found = await repository.list_day(
        session, region_id=region_id, institution_ids=institution_ids, on=on, states=states
    )
    items = await repository.list_items(session, region_id=region_id, order_ids=[row.id for row in found])
    return [rows.facts_of(row, items[row.id]) for row in found]


async def has_open_order(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, kind: rules.OrderKind, since: date
) -> bool:
    """Return whether an open order of a kind that the fence lets through stands for a person on or after a day."""
    return await repository.has_open_order(session, region_id=region_id, person_id=person_id, kind=kind, since=since)


async def read_order(
    session: AsyncSession, *, principal: Principal, order_id: UUID, now: datetime
) -> schemas.OrderRead:
    """Return an order with its items and moves, to its institution and to whoever may view the person.

    Raises:
        problems.NotFound: there is no such order, or it is not the principal's to see.
    """
    found = await repository.find_whole(session, region_id=principal.region_id, order_id=order_id)
    if found is None:
        raise problems.NotFound(what="订单")
    row = found.row
    if row.institution_id not in principal.institution_ids:
        await patients.require_right(session, principal=principal, person_id=row.person_id, right=Right.view, now=now)
    return schemas.OrderRead(
        **_shown(row, found.items),
        mobility_reason=row.mobility_reason,
        distance_metres=row.distance_metres,
        placed_by_account_id=row.placed_by_account_id,
        placed_at=row.placed_at,
        moves=[schemas.OrderMoveRead.model_validate(move._asdict()) for move in found.moves],
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
    where = repository.narrowed(state=state, service_on=service_on, institution_id=institution_id, person_ids=people)
    residents = await patients.residents(session, principal=principal)
    if residents is not None:
        where.append(repository.ours_or_of(principal.institution_ids, residents))
    elif principal.institution_ids:
        where.append(repository.ours(principal.institution_ids))
    found = await repository.list_page(session, region_id=principal.region_id, where=where, page=page)
    return paging.page_of(
        found,
        request=page,
        read=lambda each: schemas.OrderSummary(**_shown(*each)),
        last=lambda each: each[0].id,
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


def _shown(row: Order, items: repository.Items) -> dict[str, Any]:
    """Return what a list shows of an order; its schema checks and turns it."""
    window = rows.window_of(row)
    return {
        "id": row.id,
        "order_no": row.order_no,
        "institution_id": row.institution_id,
        "kind": row.kind,
        "person_id": row.person_id,
        "home_id": row.home_id,
        "state": row.state,
        "service_on": row.service_on,
        "wished_start": window.start,
        "wished_end": window.end,
        "staff_count": row.staff_count,
        "items": [{"code": code, "quantity": quantity} for code, quantity in items],
        "preferred_practitioner_id": row.preferred_practitioner_id,
        "staff_sex": row.staff_sex,
    }
