"""The migrations make the schema of the models, and can be taken back."""

import asyncio
import re
import subprocess
import uuid
from collections.abc import Iterator

import pytest
from alembic import command

from service.cli.migrate import configure, upgrade
from service.core import embedded
from service.core.embedded import binaries

NOISE = ("--", "\\", "restrict", "unrestrict")
"""Comments, psql's own commands, and the keys that pg_dump draws anew each time."""

pytestmark = pytest.mark.database


@pytest.fixture
def empty(server: embedded.EmbeddedServer) -> Iterator[str]:
    """An empty database; its name."""
    name = f"m{uuid.uuid4().hex[:12]}"
    embedded.create_database(server, name)
    yield name
    embedded.drop_database(server, name)


def _dump(server: embedded.EmbeddedServer, name: str) -> list[str]:
    """Return the schema, sorted so that the order of creation does not matter, nor that of a table's columns."""
    argv = [
        str(binaries.find() / "pg_dump"),
        "-s",
        "-h",
        str(server.socket_dir),
        "-p",
        str(server.port),
        "-U",
        "postgres",
        name,
    ]
    dumped = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    statements = re.split(r"\n--\n-- Name: |\n\\", dumped)
    return sorted("\n".join(_lines(each)) for each in statements)


def _lines(statement: str) -> list[str]:
    lines = [line for line in statement.splitlines() if line and not line.startswith(NOISE)]
    # a column that came later stands last in the migrated table, wherever the model has it
    return sorted(line.rstrip(",") for line in lines) if "CREATE TABLE" in statement else lines


async def _upgrade(server: embedded.EmbeddedServer, name: str) -> None:
    await asyncio.to_thread(upgrade, server.url(embedded.OWNER_ROLE, name))


async def test_the_migrated_schema_is_the_schema_of_the_models(
    server: embedded.EmbeddedServer, database: str, empty: str
) -> None:
    await _upgrade(server, empty)
    migrated = [each for each in _dump(server, empty) if "alembic_version" not in each]
    assert migrated == [each for each in _dump(server, database) if "alembic_version" not in each]


async def test_every_step_goes_up_down_and_up_again(server: embedded.EmbeddedServer, empty: str) -> None:
    await _upgrade(server, empty)
    first = _dump(server, empty)
    config = configure(server.url(embedded.OWNER_ROLE, empty))
    await asyncio.to_thread(command.downgrade, config, "base")
    left = "\n".join(_dump(server, empty))
    assert "CREATE TABLE public.orders" not in left
    assert "CREATE FUNCTION" not in left
    await _upgrade(server, empty)
    assert _dump(server, empty) == first
