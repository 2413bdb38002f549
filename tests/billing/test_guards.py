"""What the database itself refuses of a bill, whoever writes it: sums that do not agree, edits, a second fee."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.billing import posting, rules
from service.billing.models import Settlement, VisitFee
from service.billing.statement import FundingFacts, LineFacts
from service.core.db.refusals import constraint_of
from service.core.db.session import raise_fence, transaction
from service.core.ids import new_id
from service.core.principal import Fence
from tests.billing.day import MORNING, ON, Day


def line(gross: int, *paid: tuple[str, int], patient: int | None = None) -> LineFacts:
    own = sum(fen for source, fen in paid if source == "self_pay")
    return LineFacts(
        code="BP",
        name="血压测量",
        quantity=1,
        charged_quantity=1,
        status=rules.LineStatus.charged,
        gross_fen=gross,
        patient_fen=own if patient is None else patient,
        price_from=date(2026, 1, 1),
        reason="",
        fundings=tuple(FundingFacts(rules.Source(source), fen, None, None, "") for source, fen in paid),
    )


async def settlement(day: Day, gross: int, patient: int, **more: Any) -> Settlement:
    person_id = await day.world.add_patient()
    return Settlement(
        **day.own,
        visit_id=await day.visit(person_id),
        person_id=person_id,
        **{"trip_round": 1, "seq": 1, **more},
        service_on=ON,
        gross_fen=gross,
        patient_fen=patient,
        facts={},
        settled_at=MORNING,
    )


async def refused_by(day: Day, row: Settlement, *lines: LineFacts) -> str | None:
    """Post a bill as the application's role; return the constraint that refused it at the commit."""
    posted = False
    async with day.world.house.sessions() as session:
        try:
            async with session.begin():
                await raise_fence(session, Fence(day.world.region_id, (day.world.institution_id,)), MORNING)
                await posting.post_rows(session, row, lines)
                posted = True
        except DBAPIError as error:
            assert posted, "refused before the commit"
            return constraint_of(error)
    return None


class TestSums:
    async def test_a_bill_whose_sums_agree_is_posted(self, day: Day) -> None:
        row = await settlement(day, 1000, 300)
        assert await refused_by(day, row, line(1000, ("contract", 700), ("self_pay", 300))) is None

    @pytest.mark.parametrize(
        ("gross", "patient", "lines"),
        [
            (1000, 300, [line(1000, ("contract", 700), ("self_pay", 299), patient=300)]),
            (1000, 300, [line(1000, ("contract", 701), ("self_pay", 300))]),
            (1000, 299, [line(1000, ("contract", 700), ("self_pay", 300))]),
            (1001, 300, [line(1000, ("contract", 700), ("self_pay", 300))]),
            (1000, 0, [line(1000)]),
            (1000, 300, []),
            (1000, 700, [line(1000, ("contract", 700), ("self_pay", 300), patient=700)]),
        ],
    )
    async def test_one_whose_sums_do_not_is_refused_at_the_commit(
        self, day: Day, gross: int, patient: int, lines: list[LineFacts]
    ) -> None:
        row = await settlement(day, gross, patient)
        assert await refused_by(day, row, *lines) == "settlements_add_up"

    async def test_a_line_slipped_into_a_posted_bill_is_refused(self, day: Day) -> None:
        await day.price("BP", "10")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        with pytest.raises(DBAPIError) as refused:
            async with transaction(
                day.world.house.sessions, Fence(day.world.region_id, (day.world.institution_id,)), MORNING
            ) as session:
                await session.execute(
                    text(
                        "insert into bill_lines (region_id, institution_id, settlement_id, line_no, code, name, status,"
                        " gross_fen, patient_fen, reason)"
                        " values (:region, :institution, :bill, 99, 'X', 'X', 'charged', 100, 100, '')"
                    ),
                    {"region": day.world.region_id, "institution": day.world.institution_id, "bill": bill["id"]},
                )
        assert constraint_of(refused.value) == "settlements_add_up"


class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement",
        [
            "update settlements set gross_fen = 0",
            "delete from settlements",
            "update bill_lines set gross_fen = 0",
            "delete from bill_fundings",
            "update reversals set reason = ''",
            "update visit_fees set fee_fen = 0",
            "delete from settlement_refusals",
        ],
    )
    async def test_nothing_posted_is_edited_or_deleted(self, day: Day, statement: str) -> None:
        fence = Fence(day.world.region_id, (day.world.institution_id,))
        with pytest.raises(DBAPIError, match="permission denied"):
            async with transaction(day.world.house.sessions, fence, MORNING) as session:
                await session.execute(text(statement))


class TestChain:
    async def test_a_second_settlement_needs_the_reversal_of_the_first(self, day: Day) -> None:
        first = await settlement(day, 0, 0)
        assert await refused_by(day, first) is None
        second = await settlement(day, 0, 0, seq=2, follows_seq=1, trip_round=2)
        second.visit_id = first.visit_id
        with pytest.raises(AssertionError, match="before the commit"):
            await refused_by(day, second)


class TestRounds:
    async def test_a_second_fee_of_a_trip_is_refused_while_a_bill_of_it_stands(self, day: Day) -> None:
        trip = await self._trip(day)
        await self._begin(day, 1, trip)
        row = await settlement(day, 0, 0, **trip)
        assert await refused_by(day, row) is None
        with pytest.raises(DBAPIError) as refused:
            await self._begin(day, 2, trip)
        assert constraint_of(refused.value) == "visit_fees_begin_round"

    async def test_rounds_are_counted_without_gaps(self, day: Day) -> None:
        trip = await self._trip(day)
        with pytest.raises(DBAPIError) as refused:
            await self._begin(day, 2, trip)
        assert constraint_of(refused.value) == "visit_fees_begin_round"

    async def test_no_bill_joins_a_round_that_is_over(self, day: Day) -> None:
        trip = await self._trip(day)
        await self._begin(day, 1, trip)
        await self._begin(day, 2, trip)
        late = await settlement(day, 0, 0, **trip)
        with pytest.raises(AssertionError, match="before the commit"):
            await refused_by(day, late)

    async def _trip(self, day: Day) -> dict[str, UUID]:
        home_id = await day.world.add_home()
        return {"home_id": home_id, "trip_id": await day.trip(home_id)}

    async def _begin(self, day: Day, number: int, trip: dict[str, UUID]) -> None:
        async with day.world.house.sessions() as session, session.begin():
            await raise_fence(session, Fence(day.world.region_id, (day.world.institution_id,)), MORNING)
            session.add(VisitFee(**day.own, **trip, round=number, fee_fen=7800, shares={str(new_id()): 7800}))
