"""What all tests share: one embedded PostgreSQL, a template with the whole schema, one database per test run."""

import dataclasses
import os
import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.core import embedded, heap, keyring, logs
from service.core.http import House
from service.core.settings import Settings
from service.main import build_app, build_house
from service.schema import create_all
from tests import canaries, remarks
from tests.world import NOW, TestClock, World

FIRST = (
    "faults/test_storm.py", "contract/test_conformance.py", "visits/test_routes.py", "contracts/test_lapsing.py",
    "billing/test_cancelling.py", "billing/test_given_back.py", "notices/test_sending.py",
    "demo/test_demo.py", "access/test_verdicts.py",
    "upgrades/test_side_by_side.py", "house/test_first_day.py", "cli/test_key_fields.py", "core/test_graceful_stop.py",
    "faults/test_settling_storm.py", "cli/test_backup.py", "upgrades/test_earlier_bills.py", "cli/test_doctor.py",
)  # fmt: skip
"""Files of minutes, in the order in which two processes share them best: begun last, one would run alone at the end.
What looks through all regions goes before those that leave many behind.
"""


def pytest_configure() -> None:
    """Have Ctrl-C reach the commands that tests start: a shell lets what runs in the background, and all that this
    starts, ignore it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the database, so that the fast part can leave it out; begin with the longest."""
    for item in items:
        if _asks_for_postgresql(item):
            item.add_marker(pytest.mark.database)
    places = {Path(__file__).parent / first: at for at, first in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.path, len(FIRST)))


def _asks_for_postgresql(item: pytest.Item) -> bool:
    """Tell whether the `server` of a test is this file's: stand-ins for the servers of others are called so, too."""
    found = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {}).get("server")
    return bool(found) and found[-1].func.__module__ == __name__


def pytest_collection_finish() -> None:
    """Look through what was collected no more: full collections in between took seconds."""
    heap.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over what the tests of a worker of xdist want said: its own last lines nobody sees."""
    if hasattr(session.config, "workeroutput"):
        remarks.send(session.config.workeroutput)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of xdist wants said."""
    remarks.receive(getattr(node, "workeroutput", None) or {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests want said: which OSRM they have asked."""
    for line in remarks.lines():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def logs_as_in_production() -> None:
    """Log like the service does: one line, no local variables of a traceback."""
    logs.configure("ERROR")


@pytest.fixture(autouse=True)
def nothing_that_names_a_person_is_told() -> Iterator[None]:
    """Fail a test in which a canary was heard: in a log, in a refusal."""
    canaries.listen()
    canaries.leaks.clear()
    yield
    assert canaries.leaks == [], "what names a person was told"


@pytest.fixture(scope="session", autouse=True)
def the_metrics_name_nobody() -> Iterator[None]:
    """Listen to the metrics once, when all tests have counted: they only grow, and to write them out takes long."""
    yield
    assert canaries.in_metrics() == [], "the metrics name a person"


@pytest.fixture(scope="session", autouse=True)
def the_logs_of_processes_name_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Read at the end what servers and workers have written into the tests' folders."""
    yield
    assert list(canaries.in_files(tmp_path_factory.getbasetemp())) == [], "a log names a person"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.EmbeddedServer]:
    """The test run's PostgreSQL; never a mock."""
    directory = Path(os.environ.get("XUNZHEN_TEST_DATA_DIR") or tmp_path_factory.mktemp("pg"))
    with embedded.running(directory, fast=True) as running:
        yield running


@pytest.fixture(scope="session")
async def pattern(server: embedded.EmbeddedServer) -> str:
    """A database with the schema and nothing else in it, which nobody uses: what others are copied from; the name."""
    name = f"p{uuid.uuid4().hex[:12]}"
    embedded.create_database(server, name)
    engine = create_async_engine(server.url(embedded.OWNER_ROLE, name))
    async with engine.begin() as connection:
        await connection.run_sync(create_all)
    await engine.dispose()
    return name


@pytest.fixture
def own_database(server: embedded.EmbeddedServer, pattern: str) -> Iterator[str]:
    """A database with the schema and nothing else in it, for one test alone; the name."""
    name = f"o{uuid.uuid4().hex[:12]}"
    embedded.create_database(server, name, pattern)
    yield name
    embedded.drop_database(server, name)


@pytest.fixture(scope="session")
async def database(server: embedded.EmbeddedServer, pattern: str) -> AsyncIterator[str]:
    """The database of the run, with the schema and what its tests put in; the name."""
    name = f"t{uuid.uuid4().hex[:12]}"
    embedded.create_database(server, name, pattern)
    yield name
    # all that the tests of this run have put in, as a thief of a backup would find it
    try:
        canaries.assert_nobody_is_named(server.url(embedded.OWNER_ROLE, name))
    finally:
        embedded.drop_database(server, name)


@pytest.fixture(scope="session")
async def app_engine(server: embedded.EmbeddedServer, database: str) -> AsyncIterator[AsyncEngine]:
    """Connections as the application's ordinary role."""
    engine = create_async_engine(server.url(embedded.APP_ROLE, database))
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
async def owner_engine(server: embedded.EmbeddedServer, database: str) -> AsyncIterator[AsyncEngine]:
    """Connections as the schema's owner: to put in what stands below the room that a test is about."""
    engine = create_async_engine(server.url(embedded.OWNER_ROLE, database))
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
def clock() -> TestClock:
    """The domain's clock of the run; the `world` fixture winds it back for each test."""
    return TestClock()


@pytest.fixture(scope="session")
def house(app_engine: AsyncEngine, clock: TestClock, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A process's house with fresh keys, on the test database, as the application's ordinary role."""
    path = tmp_path_factory.mktemp("keys") / "keyring.json"
    keyring.create(path)
    # storms are no clients: whoever tests the limits sets them
    rates = {"rate_account_per_second": 0, "rate_client_per_second": 0, "rate_address_per_second": 0}
    return dataclasses.replace(
        build_house(Settings(keyring=path, files_dir=path.parent / "files", **rates), app_engine), clock=clock
    )


@pytest.fixture(scope="session")
def app(house: House) -> FastAPI:
    """The whole application."""
    return build_app(house)


@pytest.fixture
async def world(owner_engine: AsyncEngine, house: House, clock: TestClock, app: FastAPI) -> AsyncIterator[World]:
    """A region of this test's own, with one institution; what its requests changed or showed left audit rows."""
    clock.shows = NOW
    fresh = World(owner_engine, house, clock, app)
    await fresh.start()
    yield fresh
    assert await fresh.witness.faults(owner_engine, fresh.region_id) == []
