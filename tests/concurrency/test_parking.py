"""Parked bills and charges for cancelled visits, raced on real connections with the application's checks off."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import errors, journaling, posting
from service.billing.cancelling import rules as cancelling
from service.billing.models import Settlement
from service.billing.parking import errors as parking_errors
from service.billing.parking.models import ParkedSettlement
from service.core.ids import new_id
from service.patients import errors as patient_errors
from service.patients.hospital_models import HospitalStay
from tests.billing.day import MORNING, ON, Day
from tests.billing.test_cancelling import PLAIN
from tests.concurrency.test_settling import WON, count, day, house, race

__all__ = ["day"]
RACERS = 12

Act = Callable[[AsyncSession], Awaitable[object]]


def _parked(day: Day, visit_id: UUID, person_id: UUID) -> ParkedSettlement:
    return ParkedSettlement(
        **day.own, visit_id=visit_id, person_id=person_id, service_on=ON, reasons=[], gross_fen=1, patient_fen=1,
        parked_at=MORNING,
    )  # fmt: skip


class TestParkedBill:
    async def test_of_many_that_park_one_visit_one_does(self, day: Day) -> None:
        person_id = await day.world.add_patient()
        visit_id = await day.visit(person_id)

        async def park(session: AsyncSession) -> None:
            session.add(_parked(day, visit_id, person_id))
            await session.flush()

        told = await race(day, *[park] * RACERS)
        assert told == {WON: 1, parking_errors.SettlementParked.code(): RACERS - 1}

    async def test_of_many_that_release_or_reject_it_one_does(self, day: Day) -> None:
        person_id = await day.world.add_patient()
        row = _parked(day, await day.visit(person_id), person_id)
        await day.world.add(row)

        def decide(state: str) -> Act:
            async def act(session: AsyncSession) -> None:
                said = {"id": row.id, "state": state, "by": new_id(), "now": MORNING}
                await session.execute(
                    text(
                        "update parked_settlements set state = :state, reason = '已核实', decided_by_account_id = :by,"
                        " decided_at = :now where id = :id"
                    ),
                    said,
                )

            return act

        told = await race(day, *[decide("released"), decide("rejected")] * (RACERS // 2))
        assert told == {WON: 1, parking_errors.ParkingDecided.code(): RACERS - 1}

    async def test_of_many_who_release_over_http_one_settles(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.setting("bill.daily_limit", 1)
        person_id = await day.world.add_patient()
        first, second = [await day.visit(person_id) for _ in range(2)]
        await day.work(first, second)
        parked_id = (await day.status(second))["parked"]["id"]
        answers = await asyncio.gather(
            *(
                day.http.post(f"/parked-settlements/{parked_id}/release", json={"reason": "已核实"})
                for _ in range(RACERS)
            )
        )
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: RACERS - 1}
        assert await count(day, "select count(*) from settlements where region_id = :region") == 2


class TestCancellation:
    async def test_of_many_that_charge_one_visit_one_does_even_after_it_was_taken_back(self, day: Day) -> None:
        person_id = await day.world.add_patient()
        visit_id = await day.visit(person_id, state="missed")
        lines = (cancelling.line_of(PLAIN, "unified"),)

        def charge(seq: int) -> Act:
            async def act(session: AsyncSession) -> None:
                row = Settlement(
                    **day.own, id=new_id(), visit_id=visit_id, person_id=person_id, kind="cancellation",
                    trip_round=seq, seq=seq, follows_seq=seq - 1 or None, service_on=ON, gross_fen=3900,
                    patient_fen=3900, facts={}, journaled=True, settled_at=MORNING,
                )  # fmt: skip
                await posting.post_rows(session, row, lines)
                await journaling.book(session, row, lines, now=MORNING)

            return act

        told = await race(day, *[charge(1)] * RACERS)
        assert told[WON] == 1
        assert set(told) <= {WON, errors.SettledAlready.code(), errors.CancellationCharged.code()}
        async with day.world.owner.connect() as connection:
            bill = str(await connection.scalar(text("select id from settlements where visit_id = :v"), {"v": visit_id}))
        assert (await day.reverse({"id": bill})).status_code == 201
        again = await race(day, *[charge(2)] * 4)
        assert again == {errors.CancellationCharged.code(): 4}


class TestHospitalStays:
    async def test_nobody_is_put_into_two_hospitals_at_once(self, day: Day) -> None:
        person_id = await day.world.add_patient()

        async def admit(session: AsyncSession) -> None:
            session.add(
                HospitalStay(
                    region_id=day.world.region_id,
                    person_id=person_id,
                    hospital="二院",
                    admitted_on=ON,
                    noted_by_account_id=new_id(),
                    noted_at=MORNING,
                )
            )
            await session.flush()

        assert await race(day, *[admit] * RACERS) == {WON: 1, patient_errors.HospitalStaysOverlap.code(): RACERS - 1}


@pytest.mark.parametrize(
    "sql", ["delete from parked_settlements", "delete from visit_consents", "update visit_consents set amount_fen = 0"]
)
async def test_what_was_noted_is_not_removed(day: Day, sql: str) -> None:
    async with house(day).sessions() as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text(sql))
