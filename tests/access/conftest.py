"""The seeded region, and the walk through it: made once, for nothing that the walk does lasts."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core.http import House
from service.main import build_app
from tests.access.scene import Scene
from tests.access.walk import Walk
from tests.world import TestClock, World

CALLBACK_TOKEN = "a-secret-of-forty-characters-or-so"


@pytest.fixture(scope="session")
async def scene(owner_engine: AsyncEngine, house: House) -> Scene:
    """The rows that are asked for and everybody who asks, in two regions."""
    settings = house.settings.model_copy(
        update={"metrics_token": SecretStr("m" * 40), "sms_callback_token": SecretStr(CALLBACK_TOKEN)}
    )
    clock = TestClock()
    own = replace(house, clock=clock, settings=settings)
    app = build_app(own)
    scene = await Scene.seed(World(owner_engine, own, clock, app), World(owner_engine, own, clock, app))
    scene.ids["callback_token"] = CALLBACK_TOKEN
    return scene


@pytest.fixture(scope="session")
async def walk(scene: Scene, app_engine: AsyncEngine) -> AsyncIterator[Walk]:
    """The application on a connection of its own, as the application's role."""
    async with Walk.over(scene, app_engine) as walk:
        yield walk
