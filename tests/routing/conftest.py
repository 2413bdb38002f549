"""A station and a town with nothing in them yet: each test adds what its day needs."""

import pytest

from tests.fields.town import Town
from tests.routing.scene import Scene
from tests.world import World


@pytest.fixture
async def scene(world: World) -> Scene:
    return await Scene.set_up(world)


@pytest.fixture
async def town(world: World) -> Town:
    return await Town.found(world)
