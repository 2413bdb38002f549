"""A ward whose stays are paid by the day."""

from collections.abc import AsyncIterator

import pytest

from tests.billing.bed_days.stays import Ward
from tests.world import World


@pytest.fixture
async def ward(world: World) -> AsyncIterator[Ward]:
    opened = await Ward.open(world)
    async with opened.doctor, opened.finance:
        yield opened
