"""Settling stormed: the same visit fifty times at once, the last unit by sixty-four visits; over HTTP and without it.

Over HTTP three real servers answer. `unchecked`: what posts is raced on the database itself, as the application's role.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.core import embedded
from service.core.http import House
from tests.concurrency.test_settling import WON
from tests.faults.settling import crowd, last_unit, town, unchecked, verdict
from tests.faults.settling.crowd import Told
from tests.faults.settling.servers import Servers, servers
from tests.faults.settling.town import FEE_FEN, VISITS_EACH, Crowded, Town
from tests.world import NOW, TestClock

pytestmark = pytest.mark.database

_PEOPLE_AT_A_TIME = 50
"""How many people are put in before their visits are settled."""
_AT_A_TIME = 20
"""How many trips, or rounds, are put in before they are settled."""


@pytest.fixture(scope="module")
async def running(
    server: embedded.EmbeddedServer, database: str, house: House, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Servers]:
    """Three servers on the run's database; whatever they warn of fails the tests."""
    url = server.url(embedded.APP_ROLE, database)
    directory = tmp_path_factory.mktemp("servers")
    async with servers(url, house.settings.keyring_path, directory) as found:
        yield found
    assert (dict(found.ends), found.said()) == ({}, "")


@pytest.fixture
async def place(owner_engine: AsyncEngine, house: House, clock: TestClock) -> Town:
    """A town of this test's own, at the time at which all begin."""
    clock.shows = NOW
    return await Town.found(Crowded(owner_engine, house, clock, app=None))


@pytest.fixture(scope="module")
async def racers(server: embedded.EmbeddedServer, database: str) -> AsyncIterator[AsyncEngine]:
    """As many connections of the application's role as there are racers at once."""
    engine = create_async_engine(server.url(embedded.APP_ROLE, database), pool_size=last_unit.VISITS)
    yield engine
    await engine.dispose()


async def storm_visits(place: Town, running: Servers, visits: int) -> None:
    """Settle so many visits (a multiple of `VISITS_EACH`) fifty times each, and judge."""
    told, begun, people = Told(), time.monotonic(), visits // VISITS_EACH
    for first in range(0, people, _PEOPLE_AT_A_TIME):
        insured = [await place.insured() for _ in range(min(_PEOPLE_AT_A_TIME, people - first))]
        await place.world.pour()
        visit_ids = [each for one in insured for each in one]
        await crowd.settle_all(running.urls, place.tokens, visit_ids, told)
    found = await verdict.look(place.world.owner, place.world.region_id)
    summary = (
        f"{visits} visits × {crowd.CALLS} on {len(running.urls)} servers: {told.summary()}; {_money(found, begun)}"
    )
    _say(summary)
    assert crowd.faults(told) == {}, summary
    assert found.faults() == [], summary
    counts = {"bills": visits, "visits": visits, "reversals": 0, "closed": visits, "parked": 0}
    assert {name: found.bills[name] for name in counts} == counts
    assert found.fees == {
        "fees": visits,
        "homes": visits,
        "due": visits * FEE_FEN,
        "taken": visits * FEE_FEN,
        "uneven": 0,
    }
    assert found.bills["gross"] == town.gross_fen(people)
    assert found.paid == town.paid_fen(people)
    assert Counter(found.used) == town.used(people)


async def storm_last_unit(place: Town, running: Servers, rounds: int) -> None:
    """Settle sixty-four visits of one unit, so many times, and judge."""
    told, begun, done = Told(), time.monotonic(), []
    for first in range(0, rounds, _AT_A_TIME):
        ready = await last_unit.prepare(place, range(first, min(rounds, first + _AT_A_TIME)))
        await place.world.pour()
        await last_unit.settle_rounds(running.urls, place.tokens, ready, told)
        done += ready
    found = await verdict.look(place.world.owner, place.world.region_id)
    summary = f"1 unit × {last_unit.VISITS} visits × {rounds} rounds: {told.summary()}; {_money(found, begun)}"
    _say(summary)
    assert crowd.faults(told) == {}, summary
    assert await last_unit.wrong_rounds(place.world.owner, place.world.region_id, done) == [], summary
    assert found.faults() == [], summary
    assert sum(found.used.values()) == rounds


async def storm_unchecked_visits(place: Town, racers: AsyncEngine, trips: int) -> None:
    """Post the bills of so many trips fifty times each with the checks off, and judge."""
    begun, ended = time.monotonic(), Counter[str]()
    with unchecked.connected(place, racers):
        for first in range(0, trips, _AT_A_TIME):
            ended += await unchecked.settle_trips(place, min(_AT_A_TIME, trips - first))
    found = await verdict.look(place.world.owner, place.world.region_id)
    summary = f"{trips} visits × {unchecked.RACERS} unchecked: {dict(ended)}; {_money(found, begun)}"
    _say(summary)
    assert not any(what.startswith("wrong") for what in ended), summary
    assert found.faults() == [], summary
    assert (found.bills["bills"], ended[WON]) == (trips, trips)
    assert found.fees == {"fees": trips, "homes": trips, "due": trips * FEE_FEN, "taken": trips * FEE_FEN, "uneven": 0}
    assert found.used == {"contract": trips}


async def storm_unchecked_last_unit(place: Town, racers: AsyncEngine, rounds: int) -> None:
    """Post sixty-four bills that each saw the last unit, so many times with the checks off, and judge."""
    begun = time.monotonic()
    with unchecked.connected(place, racers):
        ended = await unchecked.settle_last_units(place, rounds)
    found = await verdict.look(place.world.owner, place.world.region_id)
    summary = f"1 unit × {last_unit.VISITS} × {rounds} unchecked: {dict(ended)}; {_money(found, begun)}"
    _say(summary)
    assert not any(what.startswith("wrong") for what in ended), summary
    assert found.faults() == [], summary
    assert (found.bills["bills"], found.used) == (rounds, {"contract": rounds})


def _money(found: verdict.Found, begun: float) -> str:
    return (
        f"{found.bills['bills']} bills, {found.fees['fees']} fees, {found.bills['parked']} parked,"
        f" {found.bills['gross']} fen = {dict(sorted(found.paid.items()))}, used {dict(sorted(found.used.items()))},"
        f" debits {found.journal['debits']} = credits {found.journal['credits']}; {time.monotonic() - begun:.0f} s"
    )


def _say(summary: str) -> None:
    print(f"settling storm: {summary}")  # noqa: T201 — what the long part says of itself


class TestSettling:
    @pytest.mark.processes
    @pytest.mark.requirement("R040")
    async def test_fifty_at_once_for_one_visit_make_one_bill_and_one_fee(self, place: Town, running: Servers) -> None:
        await storm_visits(place, running, 20)

    @pytest.mark.processes
    @pytest.mark.requirement("R039")
    async def test_of_sixty_four_visits_at_once_one_has_the_last_unit(self, place: Town, running: Servers) -> None:
        await storm_last_unit(place, running, 2)

    async def test_the_constraints_alone_leave_one_bill_and_one_fee(self, place: Town, racers: AsyncEngine) -> None:
        await storm_unchecked_visits(place, racers, 20)

    async def test_the_constraints_alone_give_the_last_unit_once(self, place: Town, racers: AsyncEngine) -> None:
        await storm_unchecked_last_unit(place, racers, 2)


@pytest.mark.long
async def test_settling_storm_visits(place: Town, running: Servers) -> None:
    await storm_visits(place, running, 2000)


@pytest.mark.long
async def test_settling_storm_last_unit(place: Town, running: Servers) -> None:
    await storm_last_unit(place, running, 200)


@pytest.mark.long
async def test_settling_storm_unchecked_visits(place: Town, racers: AsyncEngine) -> None:
    await storm_unchecked_visits(place, racers, 2000)


@pytest.mark.long
async def test_settling_storm_unchecked_last_unit(place: Town, racers: AsyncEngine) -> None:
    await storm_unchecked_last_unit(place, racers, 200)
