"""The town of the fields' stories."""

import pytest

from tests.fields.town import Town
from tests.routing.scene import Scene
from tests.world import World


@pytest.fixture
async def town(world: World) -> Town:
    """A town whose people are logged in and which has nothing on its lists."""
    return await Town.found(world)


@pytest.fixture
async def scene(town: Town) -> Scene:
    """The town's institution as a station whose days are planned."""
    return await Scene.set_up(town.world)
