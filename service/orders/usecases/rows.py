"""How rows of orders are fetched and told: nothing here leaves the room but facts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.audit import trail
from service.orders import repository, rules
from service.orders.models import Order, OrderMove


async def get(session: AsyncSession, region_id: UUID, order_id: UUID, *, lock: bool = False) -> Order:
    """Return the row of an order, locked until the commit where asked for.

    Raises:
        problems.NotFound: the fence lets no such order through.
    """
    row = await repository.find_order(session, region_id=region_id, order_id=order_id, lock=lock)
    if row is None:
        raise problems.NotFound(what="订单")
    return row


async def standing(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> Any:
    """Return where an order stands, as `repository.STANDING` tells it.

    Raises:
        problems.NotFound: the fence lets no such order through.
    """
    row = await repository.STANDING.ask(session, region_id=region_id, order_id=order_id)
    if row is None:
        raise problems.NotFound(what="订单")
    trail.name_person(session, row.person_id)
    return row


async def facts(session: AsyncSession, row: Order) -> rules.OrderFacts:
    """Return what neighbours may know of an order."""
    items = await repository.list_items(session, region_id=row.region_id, order_ids=[row.id])
    return repository.facts_of(row, items[row.id])


async def log(
    session: AsyncSession,
    row: Order,
    *,
    before: rules.OrderState,
    now: datetime,
    account_id: UUID | None,
    because: str,
) -> None:
    """Append a move to the order's history and write both: an illegal one is refused here by the database."""
    seq = await repository.next_seq(session, region_id=row.region_id, order_id=row.id)
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
