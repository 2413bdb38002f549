"""How rows of orders are fetched and told: nothing here leaves the room but facts."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.orders import repository, rules
from service.orders.models import Order, OrderMove
from service.patients.rules import Sex


async def get(session: AsyncSession, region_id: UUID, order_id: UUID, *, lock: bool = False) -> Order:
    """Return the row of an order, locked until the commit where asked for.

    Raises:
        problems.NotFound: the fence lets no such order through.
    """
    row = await repository.find_order(session, region_id=region_id, order_id=order_id, lock=lock)
    if row is None:
        raise problems.NotFound(what="订单")
    return row


async def facts(session: AsyncSession, row: Order) -> rules.OrderFacts:
    """Return what neighbours may know of an order."""
    items = await repository.list_items(session, region_id=row.region_id, order_ids=[row.id])
    return facts_of(row, items[row.id])


def facts_of(row: Order, items: tuple[tuple[str, int], ...]) -> rules.OrderFacts:
    """Return what neighbours may know of an order whose items are known already."""
    window = window_of(row)
    return rules.OrderFacts(
        id=row.id,
        order_no=row.order_no,
        institution_id=row.institution_id,
        kind=rules.OrderKind(row.kind),
        person_id=row.person_id,
        home_id=row.home_id,
        state=rules.OrderState(row.state),
        service_on=row.service_on,
        wished_start=window.start,
        wished_end=window.end,
        staff_count=row.staff_count,
        items=items,
        mobility_reason=row.mobility_reason,
        preferred_practitioner_id=row.preferred_practitioner_id,
        distance_metres=row.distance_metres,
        staff_sex=Sex(row.staff_sex) if row.staff_sex else None,
    )


def window_of(row: Order) -> rules.Window:
    """Return the wished window of a row; both its bounds are always set."""
    wished = cast("Range[datetime]", row.wished)
    return rules.Window(cast("datetime", wished.lower), cast("datetime", wished.upper))


async def log(
    session: AsyncSession,
    row: Order,
    *,
    before: rules.OrderState | None,
    now: datetime,
    account_id: UUID | None,
    because: str,
) -> None:
    """Append a move to the order's history and write both: an illegal one is refused here by the database."""
    seq = 1 if before is None else await repository.next_seq(session, region_id=row.region_id, order_id=row.id)
    session.add(
        OrderMove(
            region_id=row.region_id,
            institution_id=row.institution_id,
            order_id=row.id,
            seq=seq,
            from_state=before,
            to_state=row.state,
            moved_at=now,
            moved_by_account_id=account_id,
            because=because,
        )
    )
    await session.flush()
