"""The jobs of the queue: which handler carries out which news. No logic; each handler is idempotent."""

import asyncio
import signal
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from service.billing import settling
from service.billing.cancelling import returning
from service.billing.cancelling import usecases as cancelling
from service.booking import telling
from service.contracts import lapsing
from service.core import idempotency, logs, metrics
from service.core.audit import seals
from service.core.http import House
from service.core.jobs import attempts, runner
from service.core.settings import Settings
from service.main import build_house
from service.notices import sending
from service.notices.rules import NOTICE_DUE
from service.orders.rules import ORDER_ACCEPTED, ORDER_CANCELLED, ORDER_REJECTED, OrderState
from service.patients import locating
from service.patients.placing_rules import HOME_PLACED
from service.patients.rules import PERSON_AWAY
from service.routing import forked, solving
from service.routing.period import working
from service.routing.period.states import PERIOD_REQUESTED
from service.routing.states import PLAN_ANNOUNCED, PLAN_PUBLISHED, PLAN_REQUESTED
from service.visits import preparing
from service.visits.rules import VISIT_DEPARTED, VISIT_FINAL, VISIT_FRUITLESS, VISIT_MISSED, VISIT_STRAYED


def handlers(house: House) -> Mapping[str, runner.Handler]:
    """Return news → handler for one process."""
    return {
        HOME_PLACED: lambda job: locating.locate_home(house, job),
        PLAN_REQUESTED: lambda job: solving.solve_plan(house, job),
        PERIOD_REQUESTED: lambda job: working.distribute(house, job),
        PLAN_PUBLISHED: lambda job: preparing.prepare_visits(house, job),
        PLAN_ANNOUNCED: lambda job: telling.tell_of_plan(house, job),
        ORDER_ACCEPTED: lambda job: telling.tell_of_order(house, job, state=OrderState.accepted),
        ORDER_REJECTED: lambda job: telling.tell_of_order(house, job, state=OrderState.rejected),
        ORDER_CANCELLED: lambda job: telling.tell_of_order(house, job, state=OrderState.cancelled),
        VISIT_DEPARTED: lambda job: telling.tell_of_departure(house, job),
        settling.BILL_READY: lambda job: telling.tell_of_bill(house, job),
        NOTICE_DUE: lambda job: sending.send_notice(house, job),
        VISIT_FINAL: lambda job: settling.settle_visit(house, job),
        VISIT_FRUITLESS: lambda job: cancelling.charge_visit(house, job),
        PERSON_AWAY: lambda job: returning.return_charges(house, job),
        VISIT_MISSED: lambda job: preparing.give_back_missed(house, job),
        VISIT_STRAYED: lambda job: preparing.teach_place(house, job),
    }


def routines(house: House) -> Mapping[str, tuple[str, runner.Routine]]:
    """Return what is done at fixed times: days gone by are closed, waiting notices sent, the audit's heads sealed.

    Every night what has ended lapses in the ledger, and answers are forgotten that nobody asks for again.
    """
    return {
        "visits.close-days": ("*/10 * * * *", lambda: preparing.close_days(house)),
        "notices.sweep": ("* * * * *", lambda: sending.sweep(house)),
        seals.ROUTINE: (seals.EVERY_HOUR, lambda: _seal(house)),
        lapsing.ROUTINE: (lapsing.EVERY_NIGHT, lambda: lapsing.lapse(house)),
        idempotency.ROUTINE: (idempotency.EVERY_NIGHT, lambda: _forget(house)),
    }


async def _forget(house: House) -> None:
    await idempotency.forget_old(house.sessions, now=house.clock.now)
    # attempts are counted by real time, whatever the demo's clock shows
    await attempts.forget_orphans(house.sessions, now=datetime.now(UTC))


async def _seal(house: House) -> None:
    # a seal says when by real time, whatever the demo's clock shows
    await seals.seal_heads(house.sessions, house.signer, now=datetime.now(UTC), world_now=house.clock.now())


async def run_worker(settings: Settings, engine: AsyncEngine, url: str) -> None:
    """Run jobs until the process is told to stop (SIGTERM, SIGINT); `url` is for the connection that listens.

    Raises:
        keyring.KeyringMissing: no keys yet.
    """
    logs.configure(settings.log_level)
    house = build_house(settings, engine)
    metrics.serve(settings.worker_metrics_port)
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    warming = asyncio.create_task(forked.warm_up(settings.solver_warm_seconds))
    try:
        await runner.run_jobs(url, house.sessions, handlers(house), stop, routines=routines(house))
    finally:
        warming.cancel()
        await asyncio.wait([warming])
