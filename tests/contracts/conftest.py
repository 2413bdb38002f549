"""What the tests of contracts share."""

import pytest

from tests.world import World


@pytest.fixture
async def listed(world: World) -> World:
    """A world whose region lists two services."""
    await world.add_service_item("BP", name="血压测量")
    await world.add_service_item("DRESSING", name="换药")
    return world
