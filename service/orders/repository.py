"""Every query and lock of orders. Row-level security decides whose orders a transaction sees."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, insert, or_, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core import dates
from service.core.audit import trail
from service.core.audit.statements import Change
from service.core.clock import local_date
from service.core.db import asked_once, fences, refusals
from service.core.db.questions import Question
from service.core.db.steps import Step
from service.core.paging import PageRequest
from service.orders import errors, rules
from service.orders.models import Order, OrderItem, OrderMove
from service.patients.rules import Sex


async def find_order(session: AsyncSession, *, region_id: UUID, order_id: UUID, lock: bool = False) -> Order | None:
    """Return an order or None; `lock` holds the row until the commit, so that two moves come one after the other."""
    query = select(Order).where(col(Order.region_id) == region_id, col(Order.id) == order_id)
    if lock:
        # the identity map may hold the row as it was before the lock was granted
        query = query.with_for_update().execution_options(populate_existing=True)
        # whoever has waited reads what was done meanwhile
        asked_once.forget(session)
    return (await session.execute(query)).scalar_one_or_none()


_ITEMS: Final = {
    "items": "array(select row(i.code, i.quantity) from order_items i"
    " where i.region_id = o.region_id and i.order_id = o.id order by i.code)"
}
_MOVES: Final = {
    "moves": "array(select row(m.seq, m.from_state, m.to_state, m.moved_at, m.moved_by_account_id, m.because)"
    " from order_moves m where m.region_id = o.region_id and m.order_id = o.id order by m.seq)"
}
_FACTS: Final = (
    "id order_no institution_id kind person_id home_id state service_on wished staff_count mobility_reason"
    " preferred_practitioner_id distance_metres staff_sex preferred_only excluded_practitioner_ids same_staff"
    " also_wished staff_sex_required"
)
# hundreds of a day: as rows, not as objects that follow each change
_DAY: Final[Question[list[rules.OrderFacts]]] = Question(
    _FACTS,
    "orders o where o.region_id = :region_id and o.institution_id = any(:institution_ids) and o.service_on = :on"
    " and o.state = any(:states) order by o.id",
    lambda rows: [facts_of(row, row.items) for row in rows],
    also=_ITEMS,
)
_WHOLE: Final[Question[Any]] = Question(
    Order,
    "orders o where o.region_id = :region_id and o.id = :order_id",
    lambda rows: next(iter(rows), None),
    also=_ITEMS | _MOVES,
)


def facts_of(row: Any, items: Iterable[tuple[str, int]]) -> rules.OrderFacts:
    """Return what neighbours may know of an order: of its row, however it was fetched, and its items."""
    return rules.OrderFacts(
        id=row.id,
        order_no=row.order_no,
        institution_id=row.institution_id,
        kind=rules.OrderKind(row.kind),
        person_id=row.person_id,
        home_id=row.home_id,
        state=rules.OrderState(row.state),
        service_on=row.service_on,
        # both bounds of the window are always set
        wished_start=row.wished.lower,
        wished_end=row.wished.upper,
        staff_count=row.staff_count,
        items=tuple((code, quantity) for code, quantity in items),
        mobility_reason=row.mobility_reason,
        preferred_practitioner_id=row.preferred_practitioner_id,
        distance_metres=row.distance_metres,
        staff_sex=Sex(row.staff_sex) if row.staff_sex else None,
        preferred_only=row.preferred_only,
        excluded_practitioner_ids=tuple(row.excluded_practitioner_ids),
        same_staff=row.same_staff,
        also_wished=tuple(rules.Window(each.lower, each.upper) for each in row.also_wished),
        staff_sex_required=row.staff_sex_required,
    )


async def find_whole(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> rules.Told | None:
    """Return an order with its items and moves, or None."""
    row = await _WHOLE.ask(session, region_id=region_id, order_id=order_id)
    if row is None:
        return None
    trail.name_person(session, row.person_id)
    moves = tuple(
        rules.Step(seq, rules.OrderState(before) if before else None, rules.OrderState(after), *told)
        for seq, before, after, *told in row.moves
    )
    return rules.Told(facts_of(row, row.items), row.placed_by_account_id, row.placed_at, moves)


# where an order stands, with the number of its next move; of one that is held nobody else takes it
STANDING: Final[Question[Any]] = Question(
    "institution_id person_id state distance_metres",
    "orders o where o.region_id = :region_id and o.id = :order_id",
    lambda rows: next(iter(rows), None),
    also={
        "next_seq": "(select coalesce(max(m.seq), 0) + 1 from order_moves m"
        " where m.region_id = o.region_id and m.order_id = o.id)"
    },
)
_MOVE: Final = "update orders set state = :to_state where region_id = :region_id and id = :order_id returning 1"
_LOG_MOVE: Final = """
insert into order_moves
    (region_id, institution_id, order_id, seq, from_state, to_state, moved_at, moved_by_account_id, because)
values (:region_id, :institution_id, :order_id, :seq, :from_state, :to_state, :moved_at, :moved_by_account_id, :because)
returning 1
"""


def steps_of(*, region_id: UUID, institution_id: UUID, order_id: UUID, step: rules.Step) -> list[Step]:
    """Return what moves an order that is held, and appends the move to its history."""
    row = {"region_id": region_id, "order_id": order_id}
    moved = {**row, "to_state": step.to_state}
    logged = {**row, "institution_id": institution_id, **step._asdict()}
    key = {"order_id": order_id, "seq": step.seq}
    return [
        Step(_MOVE, moved, touches=((Change("orders", "update", ("state",)), {"order_id": order_id}),)),
        Step(_LOG_MOVE, logged, touches=((Change("order_moves", "insert"), key),)),
    ]


_TABLE: Final = fences.table_of(Order)
# asked for in the row itself: from here to the commit nobody else gets a number of the institution and the day
_ADD: Final = (
    insert(_TABLE)
    .values(order_no=func.orders_next_no(bindparam("numbered_by"), bindparam("numbered_on")))
    .returning(_TABLE.c.order_no)
)
# an order begins at the beginning: that it was accepted at once is a move like any other
_ADD_PARTS: Final = text("""
with items as (
    insert into order_items (region_id, institution_id, order_id, code, quantity)
    select :region_id, :institution_id, :order_id, asked.code, asked.quantity
    from unnest(cast(:codes as text[]), cast(:quantities as int[])) as asked (code, quantity)
), moves as (
    insert into order_moves (region_id, institution_id, order_id, seq, from_state, to_state, moved_at,
                             moved_by_account_id, because)
    select :region_id, :institution_id, :order_id, step.* from unnest(
        cast(:seq as int[]), cast(:from_state as text[]), cast(:to_state as text[]), cast(:moved_at as timestamptz[]),
        cast(:moved_by_account_id as uuid[]), cast(:because as text[])) as step
)
update orders set state = :state where region_id = :region_id and id = :order_id and state <> :state
""")


async def add(
    session: AsyncSession,
    *,
    region_id: UUID,
    order_id: UUID,
    order: rules.NewOrder,
    today: date,
    placed_by_account_id: UUID,
    steps: Sequence[rules.Step],
) -> str:
    """Write a new order with its items and what has happened to it so far; return its number."""
    row = {
        "region_id": region_id,
        "id": order_id,
        "institution_id": order.institution_id,
        "kind": order.kind,
        "person_id": order.person_id,
        "home_id": order.home_id,
        "state": order.state,
        "service_on": order.window.service_on,
        "wished": dates.moments(order.window.start, order.window.end),
        "staff_count": order.staff_count,
        "mobility_reason": order.mobility_reason,
        "preferred_practitioner_id": order.preferred_practitioner_id,
        "staff_sex": order.staff_sex,
        "preferred_only": order.preferred_only,
        "excluded_practitioner_ids": list(order.excluded_practitioner_ids),
        "same_staff": order.same_staff,
        "also_wished": dates.apart((each.start, each.end) for each in order.also_wished),
        "staff_sex_required": order.staff_sex_required,
        "distance_metres": order.distance_metres,
        "round_plan_id": order.due.round_plan_id if order.due else None,
        "round_owed_on": order.due.owed_on if order.due else None,
        "round_apart_days": order.due.apart_days if order.due else None,
        "placed_by_account_id": placed_by_account_id,
        "placed_at": steps[0].moved_at,
    }
    numbered = {"numbered_by": order.institution_id, "numbered_on": today}
    number = str(await session.scalar(_ADD, row | numbered))
    parts = {
        "region_id": region_id,
        "institution_id": order.institution_id,
        "order_id": order_id,
        "codes": [code for code, _ in order.items],
        "quantities": [quantity for _, quantity in order.items],
        "state": steps[-1].to_state,
    }
    columns = {name: [getattr(step, name) for step in steps] for name in rules.Step._fields}
    with trail.untold(session):
        await session.execute(_ADD_PARTS, parts | columns)
    _note_parts(session, order_id, steps)
    return number


def _note_parts(session: AsyncSession, order_id: UUID, steps: Sequence[rules.Step]) -> None:
    touched = trail.of(session)
    trail.name_row(touched, Change("order_items", "insert"), {"order_id": order_id})
    for step in steps:
        trail.name_row(touched, Change("order_moves", "insert"), {"order_id": order_id, "seq": step.seq})
    if len(steps) > 1:
        trail.name_row(touched, Change("orders", "update", ("state",)), {"order_id": order_id})


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
) -> list[rules.OrderFacts]:
    """Return the orders of some institutions on a day, the oldest first."""
    found = await _DAY.ask(
        session, region_id=region_id, institution_ids=list(institution_ids), on=on, states=sorted(states)
    )
    trail.name_people(session, (each.person_id for each in found))
    return found


async def list_wishing(
    session: AsyncSession, *, region_id: UUID, practitioner_id: UUID, start: datetime, end: datetime
) -> Sequence[Order]:
    """Return the open orders that wish for a practitioner and with a window that touches [start, end), in order of
    time.
    """
    wished, span = _TABLE.c.wished, func.tstzrange(start, end)
    query = (
        select(Order)
        .where(
            col(Order.region_id) == region_id,
            col(Order.preferred_practitioner_id) == practitioner_id,
            # by the index of the day's orders where there is one: windows lie within a local day
            col(Order.service_on).between(local_date(start), local_date(end)),
            or_(wished.overlaps(span), _TABLE.c.also_wished.overlaps(span)),
            col(Order.state).in_(rules.OPEN),
        )
        .order_by(wished, col(Order.id))
    )
    return (await session.execute(query)).scalars().all()


_FILTERS: Final = {
    "after": "o.id > :after",
    "state": "o.state = :state",
    "service_on": "o.service_on = :service_on",
    "institution_id": "o.institution_id = :institution_id",
    "person_ids": "o.person_id = any(cast(:person_ids as uuid[]))",
    # by an index; the fence alone would ask of every other order of the region whether the asker acts for its person
    "ours": "o.institution_id = any(cast(:ours as uuid[]))",
    "ours_or_of": "(o.institution_id = any(cast(:institutions as uuid[]))"
    " or o.person_id = any(cast(:ours_or_of as uuid[])))",
}


@lru_cache(maxsize=256)
def _page(filters: frozenset[str]) -> Question[Sequence[Any]]:
    where = " and ".join(["o.region_id = :region_id", *(_FILTERS[name] for name in sorted(filters))])
    return Question(Order, f"orders o where {where} order by o.id limit :most", list, also=_ITEMS)


async def list_page(
    session: AsyncSession, *, region_id: UUID, filters: Mapping[str, Any], page: PageRequest
) -> list[rules.OrderFacts]:
    """Return a page of the orders that the fence lets through, one more than its limit.

    `filters`: names of `_FILTERS` with their values; None leaves one out.
    """
    given = {**filters, "after": page.after}
    asked = {name: list(each) if isinstance(each, set) else each for name, each in given.items() if each is not None}
    question = _page(frozenset(asked.keys() & _FILTERS.keys()))
    rows = await question.ask(session, region_id=region_id, most=page.limit + 1, **asked)
    for row in rows:
        trail.name_person(session, row.person_id)
    return [facts_of(row, row.items) for row in rows]


async def has_open_order(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, kind: rules.OrderKind, since: date, until: date | None
) -> bool:
    """Return whether an open order of a kind stands for a person on a day of [since, until)."""
    query = (
        select(col(Order.id))
        .where(
            col(Order.region_id) == region_id,
            col(Order.person_id) == person_id,
            col(Order.kind) == kind,
            col(Order.service_on) >= since,
            *([col(Order.service_on) < until] if until else []),
            col(Order.state).in_(rules.OPEN),
        )
        .limit(1)
    )
    return (await session.execute(query)).first() is not None


_OPEN: Final = sorted(rules.OPEN)
_COUNT_OPEN: Final = text("select orders_count_open(:whose, cast(:open as text[]))")


async def count_open(session: AsyncSession, *, person_id: UUID) -> int:
    """Return how many open orders a person has at any institution; the person's count is locked until the commit."""
    return int(await session.scalar(_COUNT_OPEN, {"whose": person_id, "open": _OPEN}) or 0)


async def placed_by_us(session: AsyncSession, *, order_id: UUID) -> bool:
    """Return whether an order of somebody whom one acts for was placed by staff of one's own institutions."""
    return bool(await session.scalar(select(func.orders_placed_by_us(order_id))))


async def works_at(session: AsyncSession, *, practitioner_id: UUID, institution_id: UUID | None) -> bool:
    """Return whether a practitioner works at an institution, None: at any of the region's."""
    return bool(await session.scalar(select(func.orders_works_at(practitioner_id, institution_id))))


refusals.name_constraints(
    {
        "orders_state_moves": errors.IllegalMove,
        "orders_no_once": errors.OrderNumberTaken,
        "orders_max_open_per_person": errors.TooManyOpenOrders,
        "orders_round_once": errors.RoundOrdered,
    }
)
