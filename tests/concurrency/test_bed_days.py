"""Bed days raced on real connections, with the application's locks and checks switched off.

The races call what posts, never what asks first: the constraints alone decide. The last ones run over HTTP.
"""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from service.beds import errors as bed_errors
from service.beds import usecases as beds
from service.beds.models import BedPause
from service.billing.bed_days import errors, facts, posting, repository, rules
from service.contracts import errors as contract_errors
from service.core import embedded
from service.core.db.engine import make_sessions
from service.core.db.refusals import constraint_of
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.core.problems import Refusal
from tests.billing.bed_days.stays import Ward, days, sums, used
from tests.billing.bed_days.test_settling import relate
from tests.world import World

RACERS = 12
WON = "won"
_BILLED_AT = "select distinct institution_id from bed_days where region_id = :region"
FIRST, UNTIL = date(2026, 3, 1), date(2026, 3, 11)


@pytest.fixture
async def ward(world: World, server: embedded.EmbeddedServer, database: str) -> AsyncIterator[Ward]:
    """A ward, and enough connections for every racer to have its own."""
    engine = create_async_engine(server.url(embedded.APP_ROLE, database), pool_size=RACERS, max_overflow=4)
    world.house = dataclasses.replace(world.house, sessions=make_sessions(engine))
    opened = await Ward.open(world)
    async with opened.doctor, opened.finance:
        yield opened
    await engine.dispose()


async def gather(ward: Ward, bed_id: str, first: date = FIRST, until: date = UNTIL) -> facts.Facts:
    """Return the facts of a bill as they are before anybody posts."""
    region_id = ward.world.region_id
    async with transaction(ward.world.house.sessions, _fence(ward), ward.world.clock.now()) as session:
        stay = await beds.stay(session, region_id=region_id, bed_id=UUID(bed_id))
        return await facts.gather(session, region_id=region_id, stay=stay, first=first, until=until)


async def post(session: AsyncSession, ward: Ward, known: facts.Facts) -> UUID:
    """Post a bill as it was made before; ask nothing, lock nothing."""
    lines = rules.lines_of(known.settle(), known.agreement.institution_share, known.stay.bed.kind)
    row = await posting.post(
        session, region_id=ward.world.region_id, known=known, lines=lines, account_id=new_id(),
        now=ward.world.clock.now(),
    )  # fmt: skip
    return row.id


async def race(*acts: tuple[Ward, Callable[[AsyncSession], Awaitable[object]]]) -> Counter[str]:
    """Let every act begin at the same moment on its own connection; count what came of them."""
    start = asyncio.Barrier(len(acts))

    async def run(ward: Ward, act: Callable[[AsyncSession], Awaitable[object]]) -> str:
        try:
            async with transaction(ward.world.house.sessions, _fence(ward), ward.world.clock.now()) as session:
                await session.execute(text("select 1"))
                await start.wait()
                await act(session)
        except Refusal as refusal:
            return refusal.code()
        except DBAPIError as error:
            return str(constraint_of(error))
        return WON

    return Counter(await asyncio.gather(*(run(*each) for each in acts)))


def _fence(ward: Ward) -> Fence:
    return Fence(ward.world.region_id, (ward.at,))


async def live(world: World) -> list[date]:
    """Return the days that stand in a bill, each as often as it does."""
    rows = await sums(
        world,
        "select d.service_on from bed_days d where d.region_id = :region and not exists (select 1"
        " from bed_day_reversals r where r.region_id = d.region_id and r.person_id = d.person_id"
        " and r.service_on = d.service_on and r.seq = d.seq) order by 1",
    )
    return [on for (on,) in rows]


async def insured_stay(ward: Ward, *, cap_fen: int = 1_500_000) -> tuple[UUID, str]:
    await ward.world.add_agreement(rate="80", ratio="0.95", cap_fen=cap_fen)
    person_id = await ward.world.add_patient()
    await ward.insure(person_id)
    return person_id, await ward.stay(person_id)


class TestOneBillPerDay:
    @pytest.mark.requirement("R063")
    async def test_of_twelve_that_post_the_same_days_one_wins(self, ward: Ward) -> None:
        person_id, bed_id = await insured_stay(ward)
        known = await gather(ward, bed_id)
        told = await race(*[(ward, lambda session: post(session, ward, known))] * RACERS)
        assert told == {WON: 1, errors.BedDayBilled.code(): RACERS - 1}
        assert len(await live(ward.world)) == 10
        assert await used(ward.world, person_id) == {"2026": 76000}
        assert await sums(ward.world, "select count(*) from invoices where region_id = :region") == [(1,)]

    async def test_overlapping_periods_leave_each_day_once(self, ward: Ward) -> None:
        person_id, bed_id = await insured_stay(ward)
        periods = [(first, first + width) for first in range(1, 9) for width in (2, 5)][:RACERS]
        known = [await gather(ward, bed_id, date(2026, 3, first), date(2026, 3, until)) for first, until in periods]
        told = await race(*((ward, lambda session, each=each: post(session, ward, each)) for each in known))
        assert set(told) == {WON, errors.BedDayBilled.code()}
        days = await live(ward.world)
        assert len(days) == len(set(days))
        assert await used(ward.world, person_id) == {"2026": len(days) * 7600}

    async def test_after_a_reversal_one_follows(self, ward: Ward) -> None:
        _, bed_id = await insured_stay(ward)
        await ward.bill(bed_id)
        await ward.reverse(bed_id)
        known = await gather(ward, bed_id)
        told = await race(*[(ward, lambda session: post(session, ward, known))] * RACERS)
        assert told == {WON: 1, errors.BedDayBilled.code(): RACERS - 1}
        assert len(await live(ward.world)) == 10


class TestTwoInstitutions:
    async def test_each_bills_the_days_of_its_stay_and_no_cap_is_overdrawn(self, ward: Ward) -> None:
        person_id, bed_id, other, elsewhere = await self._moved(ward, cap_fen=38_000)
        known = await gather(ward, bed_id), await gather(other, elsewhere)
        # each saw the whole cap of 380 yuan, which five days use up
        assert [sum(line.funding[0].amount_fen for line in each.settle().lines) for each in known] == [38000, 38000]
        told = await race(
            (ward, lambda session: post(session, ward, known[0])),
            (other, lambda session: post(session, other, known[1])),
        )
        assert told == {WON: 1, contract_errors.EntitlementExhausted.code(): 1}
        assert await used(ward.world, person_id) == {"2026": 38000}

    async def test_over_http_both_ask_for_the_whole_month_and_each_day_is_billed_once(self, ward: Ward) -> None:
        person_id, bed_id, other, elsewhere = await self._moved(ward, cap_fen=60_000)
        answers = await asyncio.gather(
            *(ward.settle(bed_id, "2026-03-01", "2026-03-11") for _ in range(4)),
            *(other.settle(elsewhere, "2026-03-01", "2026-03-11") for _ in range(4)),
        )
        won = [answer.json() for answer in answers if answer.status_code == 201]
        assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 6}
        assert sorted(on for bill in won for on in days(bill)) == [f"2026-03-{day:02d}" for day in range(1, 11)]
        assert sum(bill["fund_fen"] for bill in won) == 60_000
        assert await used(ward.world, person_id) == {"2026": 60_000}

    async def test_a_day_of_the_other_one_s_stay_is_not_posted(self, ward: Ward) -> None:
        _, bed_id, other, elsewhere = await self._moved(ward, cap_fen=60_000)
        mine, theirs = await gather(ward, bed_id), await gather(other, elsewhere)
        stolen = dataclasses.replace(mine, bed=dataclasses.replace(mine.bed, closed_on=None))
        told = await race(
            (ward, lambda session: post(session, ward, stolen)), (other, lambda session: post(session, other, theirs))
        )
        assert told[WON] == 1
        assert sum(told[each.code()] for each in (errors.BedDayOutsideStay, errors.BedDayBilled)) == 1
        assert {(at,) for (at,) in await sums(ward.world, _BILLED_AT)} == {(other.at,)}

    async def _moved(self, ward: Ward, cap_fen: int) -> tuple[UUID, str, Ward, str]:
        """Let a person move on the sixth from one institution to another, both with the same agreement."""
        world = ward.world
        other = await Ward.open(world, await world.add_institution())
        await world.add_agreement(institution_id=other.at, cap_fen=cap_fen)
        person_id, bed_id = await insured_stay(ward, cap_fen=cap_fen)
        await other.designate("EMPLOYEE")
        await ward.close(bed_id, "2026-03-06")
        await relate(world, person_id, other.at)
        return person_id, bed_id, other, await other.stay(person_id, "2026-03-06")


class TestReversal:
    async def test_of_twelve_that_take_the_same_days_back_one_does(self, ward: Ward) -> None:
        person_id, bed_id = await insured_stay(ward)
        await ward.bill(bed_id)

        async def take_back(session: AsyncSession) -> None:
            region_id = ward.world.region_id
            rows = await repository.live_days(
                session, region_id=region_id, bed_id=UUID(bed_id), first=FIRST, until=date(2026, 3, 4)
            )
            bills = await repository.settlements(
                session, region_id=region_id, settlement_ids={row.settlement_id for row in rows}
            )
            await asyncio.sleep(0.1)  # all have read before the first one writes
            (bill,) = bills.values()
            await posting.take_back(session, bill, rows, reason="更正", account_id=new_id(), now=ward.world.clock.now())

        told = await race(*[(ward, take_back)] * RACERS)
        assert told == {WON: 1, errors.BedDayReversed.code(): RACERS - 1}
        assert await used(ward.world, person_id) == {"2026": 7 * 7600}

    async def test_billing_and_taking_back_over_http_at_once_keeps_the_sums(self, ward: Ward) -> None:
        person_id, bed_id = await insured_stay(ward)
        for _ in range(3):
            await asyncio.gather(
                *(ward.settle(bed_id) for _ in range(3)),
                *(ward.reverse(bed_id, "2026-03-03", f"2026-03-{day:02d}") for day in (6, 8)),
            )
        standing = await live(ward.world)
        assert len(standing) == len(set(standing))
        assert await used(ward.world, person_id) == {"2026": 7600 * len(standing)}


class TestTheStay:
    async def test_a_pause_and_a_bill_of_the_same_day_never_both_stand(self, ward: Ward) -> None:
        _, bed_id = await insured_stay(ward)
        known = await gather(ward, bed_id)

        async def pause(session: AsyncSession) -> None:
            own = {"region_id": ward.world.region_id, "institution_id": ward.at}
            session.add(BedPause(**own, bed_id=UUID(bed_id), first=date(2026, 3, 9), until=None, reason="住院"))
            await session.flush()

        told = await race((ward, lambda session: post(session, ward, known)), (ward, pause))
        assert told[WON] == 1
        assert sum(told[each.code()] for each in (errors.BedDayOutsideStay, bed_errors.BedDaysBilled)) == 1

    async def test_a_closing_and_a_bill_of_the_same_day_never_both_stand(self, ward: Ward) -> None:
        _, bed_id = await insured_stay(ward)
        closing, bill = await asyncio.gather(ward.close(bed_id, "2026-03-06"), ward.settle(bed_id))
        assert bill.status_code == 201
        assert len(days(bill.json())) == (5 if closing.status_code == 200 else 10)
        if closing.status_code != 200:
            assert closing.json()["code"] == "bed-days-billed"
