"""Orders that accepted periods made before an order said of which due round it is."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import asyncpg
import pytest

from service.cli.migrate import upgrade
from service.core import embedded
from service.core.ids import new_id
from tests.upgrades.ledgers import Earlier, put

BEFORE, AFTER = "202611230658", "202611230954"
DUE = date(2026, 3, 3)
PLAN = {
    "kind": "home_visit", "half_day": "any", "every_days": 7, "minimum_days": 1, "weekdays": [1], "valid_from": DUE
}  # fmt: skip

pytestmark = pytest.mark.database


@pytest.fixture
async def earlier(server: embedded.EmbeddedServer) -> AsyncIterator[Earlier]:
    """A region of the revision before."""
    name = f"r{uuid.uuid4().hex[:12]}"
    embedded.create_database(server, name)
    await asyncio.to_thread(upgrade, server.url(embedded.OWNER_ROLE, name), BEFORE)
    connection = await asyncpg.connect(server.url("postgres", name).replace("+asyncpg", ""))
    made = Earlier(connection, server.url(embedded.OWNER_ROLE, name))
    await put(connection, "regions", id=made.region_id)
    yield made
    await connection.close()
    embedded.drop_database(server, name)


async def ordered(earlier: Earlier, round_plan_id: uuid.UUID, state: str, hour: int, due: date = DUE) -> uuid.UUID:
    """Put the order of a due round, made by a period of its own; return it."""
    row = await earlier.put(
        "orders", id=new_id(), institution_id=earlier.near, order_no=f"20260302-{new_id()}", kind="home_visit",
        state=state, service_on=due, placed_at=datetime(2026, 3, 2, hour, tzinfo=UTC), staff_count=1,
        wished=asyncpg.Range(datetime(2026, 3, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, 2, tzinfo=UTC)),
    )  # fmt: skip
    await earlier.put(
        "period_rounds", period_plan_id=new_id(), round_plan_id=round_plan_id, seq=1, due_on=due, planned_on=due,
        half_day="morning", order_id=row["id"],
    )  # fmt: skip
    return uuid.UUID(str(row["id"]))


async def test_of_each_due_round_the_first_order_that_stands_is_its_own(earlier: Earlier) -> None:
    one, other = [(await earlier.put("round_plans", **PLAN, id=new_id()))["id"] for _ in range(2)]
    late, early = await ordered(earlier, one, "submitted", 8), await ordered(earlier, one, "scheduled", 7)
    gone = await ordered(earlier, one, "cancelled", 6)
    next_due = await ordered(earlier, one, "accepted", 9, date(2026, 3, 10))
    alone = await ordered(earlier, other, "closed", 9)
    await asyncio.to_thread(upgrade, earlier.owner_url, AFTER)
    rows = await earlier.connection.fetch("select id, round_plan_id, round_owed_on from orders")
    assert {row[0]: (row[1], row[2]) for row in rows} == {
        early: (one, DUE),
        late: (None, None),
        gone: (one, DUE),
        next_due: (one, date(2026, 3, 10)),
        alone: (other, DUE),
    }
