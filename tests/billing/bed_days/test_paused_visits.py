"""A visit on a paused day is charged as if there were no bed."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from service.beds.models import BedPause
from tests.billing.day import MORNING, Day, line_of, parts, rerun

BEFORE = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
async def paused(day: Day) -> Day:
    """A day on which the bed of a person, paid by the day, is paused since that day."""
    await day.price("BP", "10")
    await day.price("DRUG", "10")
    await day.tariff()
    return day


async def pause(day: Day, bed_id: UUID, first: date, until: date | None) -> None:
    await day.world.add(BedPause(**day.own, bed_id=bed_id, first=first, until=until, reason="住院"))


class TestOnAPausedDay:
    async def test_the_bed_funds_nothing_and_waives_nothing(self, paused: Day) -> None:
        person_id, other = await paused.world.add_patient(), await paused.world.add_patient()
        bed_id = await paused.bed(person_id, "per_diem", excluded_codes=["DRUG"])
        await pause(paused, bed_id, date(2026, 3, 2), None)
        items = (("BP", 1), ("DRUG", 1))
        with_bed, without = [
            await paused.bill(await paused.visit(who, *items, kind="home_visit")) for who in (person_id, other)
        ]
        for bill in (with_bed, without):
            assert parts(bill, "BP") == [("self_pay", None, 1000)]
            assert parts(bill, "VISIT_FEE") == [("self_pay", None, 7800)]
        assert with_bed["patient_fen"] == without["patient_fen"] == 9800

    async def test_the_day_before_and_the_day_of_the_resumption_it_does(self, paused: Day) -> None:
        person_id = await paused.world.add_patient()
        bed_id = await paused.bed(person_id, "per_diem")
        await pause(paused, bed_id, date(2026, 2, 25), date(2026, 3, 1))
        await pause(paused, bed_id, date(2026, 3, 2), date(2026, 3, 3))
        open_day, paused_day = [
            await paused.bill(await paused.visit(person_id, ("BP", 1), start=start)) for start in (BEFORE, MORNING)
        ]
        assert parts(open_day, "BP") == [("bed_per_diem", 1, 1000)]
        assert line_of(open_day, "VISIT_FEE")["status"] == "waived"
        assert parts(paused_day, "BP") == [("self_pay", None, 1000)]
        assert line_of(paused_day, "VISIT_FEE")["status"] == "charged"

    async def test_the_evidence_has_the_pause_and_comes_to_the_same(self, paused: Day) -> None:
        person_id = await paused.world.add_patient()
        bed_id = await paused.bed(person_id, "per_diem")
        await pause(paused, bed_id, date(2026, 3, 2), date(2026, 3, 5))
        bill = await paused.bill(await paused.visit(person_id, ("BP", 1)))
        case = (await paused.http.get(f"/settlements/{bill['id']}/case")).json()
        assert case["beds"][0]["pauses"] == [{"from": "2026-03-02", "to": "2026-03-05"}]
        assert rerun(case)["patient_fen"] == bill["patient_fen"] == 8800
