"""A region in which visits can be billed."""

import pytest

from tests.billing.day import Day
from tests.world import World


@pytest.fixture
async def day(world: World) -> Day:
    return await Day(world).start()
