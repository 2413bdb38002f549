"""What the tests of booking share."""

import pytest

from tests.booking.scene import Scene, make_scene
from tests.world import World


@pytest.fixture
async def scene(world: World) -> Scene:
    """An elder who may be served at home, and an institution that may serve him."""
    return await make_scene(world)
