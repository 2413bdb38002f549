"""A desk at which lists are loaded, with a region of its own."""

from pathlib import Path

import pytest

from tests.interop.desk import Desk
from tests.world import World


@pytest.fixture
async def desk(world: World, tmp_path: Path) -> Desk:
    """Lists go in here."""
    directory = tmp_path / "lists"
    directory.mkdir()
    opened = Desk(world, directory)
    await opened.open()
    return opened
