"""The month of long-term care insurance raced: assessed in one district, served by two institutions of the next."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from service.contracts import repository
from service.contracts.models import Entitlement
from service.core import embedded
from service.core.db.engine import make_sessions
from service.core.db.refusals import constraint_of
from service.core.db.session import raise_fence
from service.core.ids import new_id
from service.institutions.models import District, Institution
from service.patients.ltci_models import LtciAssessment
from tests.billing.day import Day, parts
from tests.billing.test_payers import assess, ltci
from tests.contracts.forms import relate
from tests.contracts.papers import ON, fence
from tests.world import World

RACERS = 24
EACH_FEN, CAP_FEN = 3_000, 20_000


@pytest.fixture
async def racers(app_engine: AsyncEngine) -> AsyncEngine:
    """As many connections of the application's role as there are racers: no pool makes one wait for another."""
    return create_async_engine(app_engine.url, poolclass=NullPool)


async def served_by_two(world: World) -> tuple[UUID, list[UUID]]:
    """Return the month's balance of a person assessed in another district, and the two institutions that serve him."""
    far, person_id, month = new_id(), await world.add_patient(), new_id()
    servers = [await world.add_institution(), await world.add_institution()]
    await world.add(
        District(region_id=world.region_id, id=far, code="640205", name="惠农区"),
        LtciAssessment(
            region_id=world.region_id, person_id=person_id, grade=3, district_id=far, valid_from=date(2026, 1, 1)
        ),
        Entitlement(
            region_id=world.region_id, id=month, person_id=person_id, source="ltci", ref_id=person_id, code="",
            period="2026-03", cap=CAP_FEN,
        ),
    )  # fmt: skip
    async with AsyncSession(world.owner) as session:
        for each in servers:
            served = await session.get(Institution, (world.region_id, each))
            assert served is not None
            assert served.district_id != far
    for each in servers:
        await relate(world, str(person_id), each)
    return month, servers


class TestTheMonth:
    @pytest.mark.requirement("R075")
    @pytest.mark.parametrize("repeat", range(3))
    async def test_two_institutions_at_once_never_pay_more_than_the_cap(
        self, world: World, racers: AsyncEngine, repeat: int
    ) -> None:
        month, servers = await served_by_two(world)
        start = asyncio.Barrier(RACERS)

        async def settle(number: int) -> str:
            async with AsyncSession(racers) as session:
                await raise_fence(session, fence(world, servers[number % 2]), world.clock.now())
                await start.wait()
                try:
                    # what posts, never what asks what is left
                    await repository.post(
                        session, entitlement_id=month, kind="consume", units=EACH_FEN, on=ON, settlement_id=uuid4()
                    )
                    await session.commit()
                except DBAPIError as error:
                    return constraint_of(error) or str(error)
            return "posted"

        ended = Counter(await asyncio.gather(*(settle(number) for number in range(RACERS))))
        assert ended == {"posted": 6, "entitlement_entries_within_cap": RACERS - 6}
        async with world.owner.connect() as connection:
            used = await connection.scalar(
                text("select max(used_after) from entitlement_entries where entitlement_id = :id"), {"id": month}
            )
        assert used == 18_000


@pytest.fixture
async def day(world: World, server: embedded.EmbeddedServer, database: str) -> AsyncIterator[Day]:
    """A region in which visits can be billed, and enough connections for every racer to have its own."""
    engine = create_async_engine(server.url(embedded.APP_ROLE, database), pool_size=RACERS, max_overflow=4)
    world.house = dataclasses.replace(world.house, sessions=make_sessions(engine))
    yield await Day(world).start()
    await engine.dispose()


class TestSettledOverHttp:
    @pytest.mark.requirement("R075")
    @pytest.mark.parametrize("repeat", range(2))
    async def test_sixteen_bills_of_two_institutions_at_once_come_to_the_cap_and_no_fen_more(
        self, day: Day, repeat: int
    ) -> None:
        person_id = await day.world.add_patient()
        there = await day.elsewhere(person_id)
        for at in (day, there):
            await at.price("BATH", "30")
            await at.designate("LTCI")
        await ltci(day, {"3": CAP_FEN}, "BATH", designated=False)
        await assess(day, person_id, 3)
        visits = [(at, await at.visit(person_id, ("BATH", 1))) for at in [day, there] * 8]
        start = asyncio.Barrier(len(visits))

        async def settle(at: Day, visit_id: UUID) -> tuple[int, dict[str, int]]:
            await start.wait()
            answer = await at.settle(visit_id)
            paid = {source: fen for source, _, fen in parts(answer.json(), "BATH")} if answer.is_success else {}
            return answer.status_code, paid

        told = await asyncio.gather(*(settle(*each) for each in visits))
        assert {status for status, _ in told} == {201}
        # six of thirty yuan, twenty yuan of a seventh, and the families the rest of the sixteen
        assert Counter(paid.get("ltci", 0) for _, paid in told) == {EACH_FEN: 6, 2_000: 1, 0: 9}
        assert sum(paid.get("ltci", 0) for _, paid in told) == CAP_FEN
        assert sum(sum(paid.values()) for _, paid in told) == 16 * EACH_FEN
        async with day.world.owner.connect() as connection:
            used = await connection.scalar(
                text(
                    "select max(x.used_after) from entitlement_entries x join entitlements e"
                    " on e.region_id = x.region_id and e.id = x.entitlement_id"
                    " where e.source = 'ltci' and e.person_id = :person"
                ),
                {"person": person_id},
            )
        assert used == CAP_FEN
