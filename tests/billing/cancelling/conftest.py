"""Doors of an institution that charges for crews in vain."""

import pytest

from tests.billing.day import Day
from tests.visits.conftest import Doors
from tests.world import World


@pytest.fixture
async def doors(world: World) -> Doors:
    """Doors of an institution that charges half of its fee of 78 yuan."""
    made, day = Doors(world), Day(world)
    await made.prepare()
    await day.tariff(("5", "78.00"))
    await day.setting("fee.cancellation_ratio", "0.5")
    return made
