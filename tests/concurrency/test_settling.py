"""Settling and reversing raced on real connections, with the application's locks and checks switched off.

The races below call what posts, never what asks first: the constraints alone decide.
"""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from service.billing import errors, journaling, making, posting, rules, settling, statement, visit_facts
from service.billing.facts import Facts
from service.billing.models import Reversal, VisitFee
from service.contracts import errors as contract_errors
from service.contracts import usecases as contracts
from service.contracts.rules import Claim, Source
from service.core import embedded
from service.core.db.engine import make_sessions
from service.core.db.refusals import constraint_of
from service.core.db.session import transaction
from service.core.db.steps import take_together
from service.core.http import House
from service.core.ids import new_id
from service.core.principal import Fence
from service.core.problems import Refusal
from service.visits import usecases as visits
from service.visits.rules import VisitProof
from tests.billing.day import MORNING, ON, Day, parts
from tests.world import World

RACERS = 16
WON = "won"


@pytest.fixture
async def day(world: World, server: embedded.EmbeddedServer, database: str) -> AsyncIterator[Day]:
    """A region in which visits can be billed, and enough connections for every racer to have its own."""
    engine = create_async_engine(server.url(embedded.APP_ROLE, database), pool_size=RACERS, max_overflow=4)
    world.house = dataclasses.replace(world.house, sessions=make_sessions(engine))
    yield await Day(world).start()
    await engine.dispose()


@dataclass(frozen=True)
class Made:
    """A bill that is ready to be posted, as the kernel made it before anybody else did."""

    proof: VisitProof
    facts: Facts
    made: making.Made

    @property
    def settlement(self) -> rules.Settlement:
        return self.made.settlement


def fence(day: Day) -> Fence:
    return Fence(day.world.region_id, (day.own["institution_id"],))


def house(day: Day) -> House:
    return day.world.house


async def make(day: Day, visit_id: UUID) -> Made:
    async with transaction(house(day).sessions, fence(day), MORNING) as session:
        proof = await visits.proof(session, region_id=day.world.region_id, visit_id=visit_id)
        trip = await visits.trip_of(session, region_id=day.world.region_id, visit_id=visit_id)
        facts = await visit_facts.of_visit(
            session, region_id=day.world.region_id, proof=proof, trip=trip, service_on=ON
        )
    return Made(proof, facts, facts.make())


async def post(session: AsyncSession, made: Made, *, trip_round: int = 1) -> UUID:
    """Post a bill and what it uses; ask nothing about it, lock nothing."""
    lines = statement.posted_lines(made.made, made.facts.labels, {}, {})
    row = posting.settlement_of(
        region_id=await _region(session),
        proof=made.proof,
        known=made.facts,
        made=made.made,
        lines=lines,
        last=None,
        trip_round=trip_round,
        service_on=ON,
        now=MORNING,
    )
    uses = await contracts.steps_of_use(
        session,
        region_id=row.region_id,
        person_id=row.person_id,
        visit_id=row.visit_id,
        order_id=None,
        settlement_id=row.id,
        on=ON,
        claims=statement.claims_of(made.made, person_id=row.person_id, plan_code=made.facts.plan_code),
        limits=statement.limit_grants(made.made),
    )
    await take_together(session, [*posting.steps_of(row, lines), *uses, *journaling.steps_of(row, lines, now=MORNING)])
    return row.id


async def _region(session: AsyncSession) -> UUID:
    region_id: UUID = (await session.execute(text("select app_region()"))).scalar_one()
    return region_id


async def race(day: Day, *acts: Callable[[AsyncSession], Awaitable[object]]) -> Counter[str]:
    """Let every act begin at the same moment, each in a transaction on its own connection; count what came of them."""
    start = asyncio.Barrier(len(acts))

    async def run(act: Callable[[AsyncSession], Awaitable[object]]) -> str:
        try:
            async with transaction(house(day).sessions, fence(day), MORNING) as session:
                await session.execute(text("select 1"))
                await start.wait()
                await act(session)
        except Refusal as refusal:
            return refusal.code()
        except DBAPIError as error:
            return str(constraint_of(error))
        return WON

    return Counter(await asyncio.gather(*(run(act) for act in acts)))


async def count(day: Day, query: str) -> int:
    async with day.world.owner.connect() as connection:
        found = await connection.execute(text(query), {"region": day.world.region_id})
        return int(found.scalar_one())


async def used(day: Day) -> int:
    return await count(
        day,
        "select coalesce(sum(case kind when 'consume' then units when 'reverse' then -units else 0 end), 0)"
        " from entitlement_entries where region_id = :region",
    )


class TestOneLiveSettlement:
    @pytest.mark.requirement("R040")
    async def test_of_sixteen_that_post_the_same_visit_one_wins_and_consumes_once(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 100})
        made = await make(day, await day.visit(person_id, ("BP", 3)))
        told = await race(day, *[lambda session: post(session, made)] * RACERS)
        assert told == {WON: 1, errors.SettledAlready.code(): RACERS - 1}
        assert await count(day, "select count(*) from settlements where region_id = :region") == 1
        assert await used(day) == 3

    async def test_workers_and_finance_together_make_one_bill(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 100})
        visit_id = await day.visit(person_id, ("BP", 3))
        answers = await asyncio.gather(
            *(settling.settle_visit(house(day), day.job(visit_id)) for _ in range(8)),
            *(day.settle(visit_id) for _ in range(4)),
        )
        assert {answer.status_code for answer in answers[8:]} <= {200, 201}
        assert await count(day, "select count(*) from settlements where region_id = :region") == 1
        assert await used(day) == 3


class TestLastUnit:
    async def test_of_many_bills_that_each_saw_the_last_unit_one_is_posted(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 1})
        made = [await make(day, await day.visit(person_id)) for _ in range(12)]
        told = await race(day, *(lambda session, each=each: post(session, each) for each in made))
        assert told == {WON: 1, contract_errors.EntitlementExhausted.code(): 11}
        assert await used(day) == 1

    @pytest.mark.requirement("R039")
    async def test_twenty_bills_at_once_never_spend_more_than_eight_units(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 8})
        visit_ids = [await day.visit(person_id) for _ in range(20)]
        await asyncio.gather(*(settling.settle_visit(house(day), day.job(each)) for each in visit_ids))
        bills = [(await day.status(each))["settlement"] for each in visit_ids]
        paid = Counter(source for bill in bills for source, _, _ in parts(bill, "BP"))
        assert paid == {"contract": 8, "self_pay": 12}
        assert await used(day) == 8

    async def test_bookings_and_a_bill_that_want_the_last_unit_never_both_get_it(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        contract_id = await day.contract(person_id, {"BP": 1})
        visit_id, order_id = await day.visit(person_id), new_id()

        async def book(session: AsyncSession) -> None:
            claim = Claim(Source.contract, contract_id, "BP", "contract", 1)
            await contracts.reserve(
                session, region_id=day.world.region_id, order_id=order_id, person_id=person_id, on=ON, claims=[claim]
            )

        booked, _ = await asyncio.gather(race(day, *[book] * 6), settling.settle_visit(house(day), day.job(visit_id)))
        paid = parts((await day.status(visit_id))["settlement"], "BP")[0][0]
        assert paid == ("self_pay" if booked[WON] else "contract")
        assert booked[WON] + await used(day) == 1


class TestReversal:
    async def test_of_sixteen_that_take_a_bill_back_one_does_and_returns_it_once(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 100})
        bill = await day.bill(await day.visit(person_id, ("BP", 3)))

        async def take_back(session: AsyncSession) -> None:
            session.add(
                Reversal(
                    **day.own,
                    settlement_id=UUID(bill["id"]),
                    visit_id=UUID(bill["visit_id"]),
                    seq=1,
                    reason="更正",
                    gross_fen=3000,
                    patient_fen=0,
                    reversed_by_account_id=new_id(),
                    reversed_at=MORNING,
                )
            )
            await session.flush()
            await contracts.return_settlement(
                session, region_id=day.world.region_id, settlement_id=UUID(bill["id"]), on=ON
            )

        told = await race(day, *[take_back] * RACERS)
        assert told == {WON: 1, errors.ReversedAlready.code(): RACERS - 1}
        assert await used(day) == 0

    async def test_over_http_one_is_told_yes_and_the_others_no(self, day: Day) -> None:
        await day.price("BP", "10")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        answers = await asyncio.gather(*(day.reverse(bill) for _ in range(8)))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}

    async def test_settling_and_reversing_by_turns_at_once_leaves_one_chain(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 100})
        visit_id = await day.visit(person_id, ("BP", 3))
        for _ in range(3):
            bill = await day.bill(visit_id)
            await asyncio.gather(day.reverse(bill), *(day.settle(visit_id) for _ in range(3)), day.reverse(bill))
        live = (await day.status(visit_id))["status"] == "settled"
        assert await used(day) == (3 if live else 0)
        settled = await count(day, "select count(*) from settlements where region_id = :region")
        reversed_ = await count(day, "select count(*) from reversals where region_id = :region")
        assert (settled - reversed_, reversed_) == (int(live), 3)


class TestOneFeePerTrip:
    async def test_visits_of_a_trip_that_each_begin_its_fee_at_once_leave_one(self, day: Day) -> None:
        made = await self._trip(day, 4)

        async def begin_and_post(session: AsyncSession, each: Made) -> None:
            share = each.settlement.bill.fee
            assert share is not None
            session.add(self._fee(day, each, share.share.home_fen))
            await session.flush()
            await post(session, each)

        told = await race(day, *(lambda session, each=each: begin_and_post(session, each) for each in made))
        assert told[WON] == 1
        assert await count(day, "select count(*) from visit_fees where region_id = :region") == 1
        assert await count(day, "select sum(fee_fen)::bigint from visit_fees where region_id = :region") == 7800

    async def test_shares_that_exceed_the_fee_are_refused_at_the_commit(self, day: Day) -> None:
        made = await self._trip(day, 2)
        # each bill as if its visit had been alone: 78 yuan twice
        alone = [
            Made(each.proof, facts, facts.make())
            for each in made
            for facts in [dataclasses.replace(each.facts, peers=())]
        ]
        assert [each.settlement.bill.visit_fee_fen for each in alone] == [7800, 7800]
        async with transaction(house(day).sessions, fence(day), MORNING) as session:
            session.add(self._fee(day, alone[0], 7800))
        told = await race(day, *(lambda session, each=each: post(session, each) for each in alone))
        assert told == {WON: 1, errors.TripFeeFixed.code(): 1}

    async def test_workers_settle_a_whole_trip_at_once(self, day: Day) -> None:
        made = await self._trip(day, 5)
        jobs = [day.job(each.proof.visit_id) for each in made for _ in range(3)]
        await asyncio.gather(*(settling.settle_visit(house(day), job) for job in jobs))
        fees = [(await day.status(each.proof.visit_id))["settlement"]["visit_fee_fen"] for each in made]
        assert (len(fees), sum(fees)) == (5, 7800)

    async def _trip(self, day: Day, people: int) -> list[Made]:
        await day.price("BP", "10")
        await day.tariff()
        home_id = await day.world.add_home()
        trip_id = await day.trip(home_id)
        visit_ids = [
            await day.visit(await day.world.add_patient(home_id=home_id), home_id=home_id, trip_id=trip_id)
            for _ in range(people)
        ]
        return [await make(day, each) for each in visit_ids]

    def _fee(self, day: Day, made: Made, fee_fen: int) -> VisitFee:
        trip = {"trip_id": made.proof.trip_id, "home_id": made.proof.home_id, "round": 1}
        return VisitFee(**day.own, **trip, fee_fen=fee_fen, shares={})
