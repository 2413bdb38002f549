"""The seeded region of this package, and the desk that answers."""

from collections.abc import Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core import embedded
from service.core.http import House
from tests.access.scene import found
from tests.contract.desk import Desk
from tests.contract.seeds import Seeds


@pytest.fixture(scope="package")
async def seeds(owner_engine: AsyncEngine, house: House) -> Seeds:
    """Two regions with rows of every kind, and somebody of every role in every relation to them."""
    return await Seeds.sow(await found(owner_engine, house))


@pytest.fixture(scope="package")
def desk(seeds: Seeds, server: embedded.EmbeddedServer, database: str) -> Iterator[Desk]:
    """The application, each of whose answers is undone."""
    with Desk.open(seeds.scene.near.house, server.url(embedded.APP_ROLE, database)) as desk:
        yield desk
