"""Any story of signing, booking, settling, taking back and lapsing: PostgreSQL and plain Python agree on all of it."""

import asyncio
from collections import Counter
from typing import ClassVar

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core.http import House
from tests.billing.machine.machine import Machine, Stage
from tests.world import NOW, TestClock

pytestmark = pytest.mark.database

OFTEN = (
    "sign",
    "end",
    "book",
    "cancel",
    "grade",
    "settle",
    "take back",
    "settle anew",
    "settle anew bill-unchanged",
    "lapse",
)
"""What even a few stories must have gone through."""
ALL = (
    *OFTEN, "sign family-doctor-taken", "end contract-terminated", "end termination-day-invalid", "enrol",
    "enrol already-enrolled", "settle trip-settled", "take back reversed-already", "settle anew reversed-already",
    "use contract", "use contract entitlement-exhausted", "use contract not-valid-here", "use public_program",
    "use public_program entitlement-exhausted", "use public_program entitlement-unknown", "use ltci",
    "use ltci entitlement-exhausted", "use ltci entitlement-unknown", "unuse", "unuse use-reversed", "open contract",
    "open contract opened-already", "open public_program", "open ltci", "lapse",
)  # fmt: skip


PARTS = 20
"""Together ten thousand stories."""


@pytest.fixture
async def stage(owner_engine: AsyncEngine, house: House, clock: TestClock, app: FastAPI) -> Stage:
    """Where the service runs: on this test's own loop, while the stories are told on a thread beside it."""
    clock.shows = NOW
    return Stage(asyncio.get_running_loop(), owner_engine, house, clock, app)


async def tell(stage: Stage, *, stories: int, steps: int, part: int) -> Counter[str]:
    """Tell so many stories of at most so many steps, others in every part; return what happened in them."""

    class Staged(Machine):
        heard: ClassVar[Counter[str]] = Counter()

    Staged.stage = stage
    seed(part)(Staged)
    asked = settings(
        max_examples=stories,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, Staged, settings=asked)
    return Staged.heard


@pytest.mark.requirement("R039")
async def test_every_story_leaves_what_plain_python_says(stage: Stage) -> None:
    heard = await tell(stage, stories=12, steps=25, part=0)
    assert [what for what in OFTEN if not heard[what]] == []


@pytest.mark.long
@pytest.mark.parametrize("part", range(1, PARTS + 1), ids=lambda part: f"state_machine_{part:02}")
async def test_stories(stage: Stage, part: int) -> None:
    heard = await tell(stage, stories=500, steps=50, part=part)
    print(f"state machine, part {part}: {dict(heard.most_common())}")  # noqa: T201 — the long part's word
    assert [what for what in ALL if not heard[what]] == []
    assert heard["stories"] >= 500
    assert heard["steps"] >= 30 * heard["stories"]
