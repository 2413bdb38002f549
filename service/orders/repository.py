"""Every query and lock of orders. Row-level security decides whose orders a transaction sees."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import refusals
from service.core.paging import PageRequest
from service.orders import errors, rules
from service.orders.models import Order, OrderItem, OrderMove


async def find_order(session: AsyncSession, *, region_id: UUID, order_id: UUID, lock: bool = False) -> Order | None:
    """Return an order or None; `lock` holds the row until the commit, so that two moves come one after the other."""
    query = select(Order).where(col(Order.region_id) == region_id, col(Order.id) == order_id)
    if lock:
        # the identity map may hold the row as it was before the lock was granted
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


Items: TypeAlias = tuple[tuple[str, int], ...]
"""(code, quantity) of an order, in the codes' order."""


class Step(NamedTuple):
    """A move of an order, as its row says it."""

    seq: int
    from_state: str | None
    to_state: str
    moved_at: datetime
    moved_by_account_id: UUID | None
    because: str


@dataclass(frozen=True, slots=True)
class Whole:
    """An order with everything that belongs to it."""

    row: Order
    items: Items
    moves: tuple[Step, ...]


def _all_of(query: Select[Any]) -> ColumnElement[Any]:
    """Return the rows that belong to an order as one value beside it: they come in the same round trip."""
    return func.array(query.correlate(Order).scalar_subquery())


_ITEMS = _all_of(
    select(func.row(col(OrderItem.code), col(OrderItem.quantity)))
    .where(col(OrderItem.region_id) == col(Order.region_id), col(OrderItem.order_id) == col(Order.id))
    .order_by(col(OrderItem.code))
)
_MOVES = _all_of(
    select(func.row(*(col(getattr(OrderMove, name)) for name in Step._fields)))
    .where(col(OrderMove.region_id) == col(Order.region_id), col(OrderMove.order_id) == col(Order.id))
    .order_by(col(OrderMove.seq))
)


async def find_whole(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> Whole | None:
    """Return an order with its items and moves, or None."""
    query = select(Order, _ITEMS, _MOVES).where(col(Order.region_id) == region_id, col(Order.id) == order_id)
    found = (await session.execute(query)).one_or_none()
    if found is None:
        return None
    row, items, moves = found
    return Whole(row, _items_of(items), tuple(Step(*move) for move in moves))


def _items_of(found: Sequence[Any]) -> Items:
    return tuple((code, quantity) for code, quantity in found)


async def list_items(
    session: AsyncSession, *, region_id: UUID, order_ids: Collection[UUID]
) -> dict[UUID, tuple[tuple[str, int], ...]]:
    """Return (code, quantity) of each order, in the codes' order."""
    query = (
        select(OrderItem)
        .where(col(OrderItem.region_id) == region_id, col(OrderItem.order_id).in_(order_ids))
        .order_by(col(OrderItem.code))
    )
    found: dict[UUID, tuple[tuple[str, int], ...]] = dict.fromkeys(order_ids, ())
    for row in (await session.execute(query)).scalars():
        found[row.order_id] += ((row.code, row.quantity),)
    return found


async def next_seq(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> int:
    """Return the number of the order's next move; the caller holds the order's row, so nobody else takes it."""
    query = select(func.coalesce(func.max(col(OrderMove.seq)), 0) + 1).where(
        col(OrderMove.region_id) == region_id, col(OrderMove.order_id) == order_id
    )
    return int((await session.execute(query)).scalar_one())


async def list_day(
    session: AsyncSession,
    *,
    region_id: UUID,
    institution_ids: Collection[UUID],
    on: date,
    states: Collection[rules.OrderState],
) -> Sequence[Order]:
    """Return the orders of some institutions on a day, the oldest first."""
    query = (
        select(Order)
        .where(
            col(Order.region_id) == region_id,
            col(Order.institution_id).in_(institution_ids),
            col(Order.service_on) == on,
            col(Order.state).in_(states),
        )
        .order_by(col(Order.id))
    )
    return (await session.execute(query)).scalars().all()


async def list_page(
    session: AsyncSession, *, region_id: UUID, where: Sequence[ColumnElement[bool]], page: PageRequest
) -> list[tuple[Order, Items]]:
    """Return a page of the orders that the fence lets through, with their items, one more than its limit."""
    query = select(Order, _ITEMS).where(col(Order.region_id) == region_id, *where)
    if page.after is not None:
        query = query.where(col(Order.id) > page.after)
    query = query.order_by(col(Order.id)).limit(page.limit + 1)
    return [(row, _items_of(items)) for row, items in await session.execute(query)]


def narrowed(
    *,
    state: rules.OrderState | None,
    service_on: date | None,
    institution_id: UUID | None,
    person_ids: Collection[UUID] | None,
) -> list[ColumnElement[bool]]:
    """Return the conditions of a list of orders; None leaves a filter out."""
    conditions: list[ColumnElement[bool]] = []
    if state is not None:
        conditions.append(col(Order.state) == state)
    if service_on is not None:
        conditions.append(col(Order.service_on) == service_on)
    if institution_id is not None:
        conditions.append(col(Order.institution_id) == institution_id)
    if person_ids is not None:
        conditions.append(col(Order.person_id).in_(person_ids))
    return conditions


def ours(institution_ids: Collection[UUID]) -> ColumnElement[bool]:
    """Return the condition that an order stands at some institutions.

    The fence alone would ask of every other order of the region whether the asker acts for its person.
    """
    return col(Order.institution_id).in_(institution_ids)


def ours_or_of(institution_ids: Collection[UUID], person_ids: Collection[UUID]) -> ColumnElement[bool]:
    """Return the condition that an order stands at some institutions or is for some people: the fence, by an index."""
    return col(Order.institution_id).in_(institution_ids) | col(Order.person_id).in_(person_ids)


async def has_open_order(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, kind: rules.OrderKind, since: date
) -> bool:
    """Return whether an open order of a kind stands for a person on or after a day."""
    query = (
        select(col(Order.id))
        .where(
            col(Order.region_id) == region_id,
            col(Order.person_id) == person_id,
            col(Order.kind) == kind,
            col(Order.service_on) >= since,
            col(Order.state).in_(rules.OPEN),
        )
        .limit(1)
    )
    return (await session.execute(query)).first() is not None


async def next_no(session: AsyncSession, *, institution_id: UUID, on: date) -> str:
    """Return the institution's next order number of a day; the day's numbering is locked until the commit."""
    return str(await session.scalar(select(func.orders_next_no(institution_id, on))))


async def count_open(session: AsyncSession, *, person_id: UUID) -> int:
    """Return how many open orders a person has at any institution; the person's count is locked until the commit."""
    return int(await session.scalar(select(func.orders_count_open(person_id, sorted(rules.OPEN)))) or 0)


async def placed_by_us(session: AsyncSession, *, order_id: UUID) -> bool:
    """Return whether an order of somebody whom one acts for was placed by staff of one's own institutions."""
    return bool(await session.scalar(select(func.orders_placed_by_us(order_id))))


async def works_at(session: AsyncSession, *, practitioner_id: UUID, institution_id: UUID) -> bool:
    """Return whether a practitioner works at an institution."""
    return bool(await session.scalar(select(func.orders_works_at(practitioner_id, institution_id))))


refusals.name_constraints(
    {
        "orders_state_moves": errors.IllegalMove,
        "orders_no_once": errors.OrderNumberTaken,
        "orders_max_open_per_person": errors.TooManyOpenOrders,
    }
)
