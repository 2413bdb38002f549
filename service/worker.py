"""The jobs of the queue: which handler carries out which news. No logic; each handler is idempotent."""

import asyncio
import signal
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from service.billing import settling
from service.core import logs
from service.core.http import House
from service.core.jobs import runner
from service.core.settings import Settings
from service.main import build_house
from service.routing import solving
from service.routing.states import PLAN_PUBLISHED, PLAN_REQUESTED
from service.visits import preparing
from service.visits.rules import VISIT_FINAL


def handlers(house: House) -> Mapping[str, runner.Handler]:
    """Return news → handler for one process."""
    return {
        PLAN_REQUESTED: lambda job: solving.solve_plan(house, job),
        PLAN_PUBLISHED: lambda job: preparing.prepare_visits(house, job),
        VISIT_FINAL: lambda job: settling.settle_visit(house, job),
    }


def routines(house: House) -> Mapping[str, tuple[str, runner.Routine]]:
    """Return what is done at fixed times: every ten minutes, days gone by are closed."""
    return {"visits.close-days": ("*/10 * * * *", lambda: preparing.close_days(house))}


async def run_worker(settings: Settings, engine: AsyncEngine, url: str) -> None:
    """Run jobs until the process is told to stop (SIGTERM, SIGINT); `url` is for the connection that listens.

    Raises:
        keyring.KeyringMissing: no keys yet.
    """
    logs.configure(settings.log_level)
    house = build_house(settings, engine)
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    await runner.run_jobs(url, house.sessions, handlers(house), stop, routines=routines(house))
