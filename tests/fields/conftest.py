"""The town of the fields' stories."""

import pytest

from tests.fields.town import Town
from tests.world import World


@pytest.fixture
async def town(world: World) -> Town:
    """A town whose people are logged in and which has nothing on its lists."""
    return await Town.found(world)
