"""kill -9 of the API, the worker and PostgreSQL under load: no acknowledged write is lost, none is there twice."""

import random
from pathlib import Path

import pytest

from tests.faults.storm.conductor import Storm
from tests.faults.storm.targets import API, POSTGRES, WORKER

pytestmark = pytest.mark.database

_LONG = 100


async def _rage(directory: Path, deaths: list[str], *, seed: int, visits: int, replays: int) -> None:
    storm = Storm(directory, deaths, seed=seed, visits=visits, replays=replays)
    faults = await storm.rage()
    print(storm.summary)  # noqa: T201 — what the long part says of itself
    assert faults == {}, storm.summary


@pytest.mark.processes
async def test_nothing_acknowledged_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    deaths = [*[API] * 5, *[WORKER] * 5, *[POSTGRES] * 2]
    random.Random(20).shuffle(deaths)
    await _rage(tmp_path, deaths, seed=20, visits=24, replays=60)


@pytest.mark.long
async def test_storm_api(tmp_path: Path) -> None:
    await _rage(tmp_path, [API] * _LONG, seed=1, visits=100, replays=500)


@pytest.mark.long
async def test_storm_worker(tmp_path: Path) -> None:
    await _rage(tmp_path, [WORKER] * _LONG, seed=2, visits=100, replays=500)


@pytest.mark.long
async def test_storm_postgres(tmp_path: Path) -> None:
    await _rage(tmp_path, [POSTGRES] * _LONG, seed=3, visits=100, replays=500)
