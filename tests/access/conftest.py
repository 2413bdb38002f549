"""The walk through the seeded region: made once, for nothing that it does lasts."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core.http import House
from tests.access.scene import Scene, found
from tests.access.walk import Walk


@pytest.fixture(scope="package")
async def scene(owner_engine: AsyncEngine, house: House) -> Scene:
    """The rows that are asked for and everybody who asks, in two regions."""
    return await found(owner_engine, house)


@pytest.fixture(scope="package")
async def walk(scene: Scene, app_engine: AsyncEngine) -> AsyncIterator[Walk]:
    """The application on connections of its own, as the application's role."""
    async with Walk.over(scene, app_engine) as walk:
        yield walk
