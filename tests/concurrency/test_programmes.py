"""Public programmes: of two rows of one code in one year only one stands, whoever writes them at the same moment."""

import asyncio
from collections import Counter
from datetime import date

import pytest
from sqlalchemy import text

from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.core.problems import Refusal
from tests.world import World

RACERS = 8
_ADD = text(
    "insert into programmes (region_id, id, code, name, payer, valid_from, valid_to)"
    " values (:region, :id, 'JBGW', '基本公卫', '区财政', :first, :last)"
)

pytestmark = pytest.mark.database


async def add(world: World, first: date, last: date, start: asyncio.Barrier) -> str:
    """Write a row by plain SQL on a connection of its own as the region's administration; return what came of it."""
    fence = Fence(world.region_id, (), region_wide=True)
    values = {"region": world.region_id, "id": new_id(), "first": first, "last": last}
    try:
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            await start.wait()
            await session.execute(_ADD, values)
    except Refusal as refused:
        return refused.code()
    return "stands"


async def test_of_rows_of_one_code_in_one_year_one_stands_whoever_is_first(world: World) -> None:
    halves = [(date(2026, 1, 1), date(2026, 6, 30)), (date(2026, 7, 1), date(2026, 12, 31))]
    start = asyncio.Barrier(RACERS)
    stood = Counter(await asyncio.gather(*(add(world, *halves[number % 2], start) for number in range(RACERS))))
    assert stood == {"stands": 1, "programme-code-taken": RACERS - 1}
    assert await add(world, date(2027, 1, 1), date(2027, 12, 31), asyncio.Barrier(1)) == "stands"
