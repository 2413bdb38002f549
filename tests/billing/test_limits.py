"""Limits on the bills of a region: once a day, a week, a bed cycle, a year, whatever the visit and the institution."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from service.accounts.rules import Role
from service.beds.models import Bed
from service.contracts import usecases as contracts
from service.contracts.rules import Source
from service.core.db.session import transaction
from service.core.principal import Fence
from tests.billing.day import MORNING, YEAR, Day, line_of, parts


async def used(day: Day, person_id: UUID) -> dict[str, int]:
    """Return what the ledger says is used of the limits, by period."""
    fence = Fence(day.world.region_id, (day.world.institution_id,))
    async with transaction(day.world.house.sessions, fence, MORNING) as session:
        found = await contracts.balances(session, region_id=day.world.region_id, person_id=person_id)
    return {each.period: each.used for each in found if each.source is Source.limit}


class TestDaily:
    async def test_a_second_consultation_of_the_day_is_on_the_bill_for_nothing(self, day: Day) -> None:
        await day.price("CONSULT", "50")
        await day.tariff()
        await day.limit("CONSULT", title="同日会诊只收一次")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"CONSULT": 5})
        first = await day.bill(await day.visit(person_id, ("CONSULT", 1)))
        later = MORNING + timedelta(hours=4)
        second = await day.bill(await day.visit(person_id, ("CONSULT", 1), start=later))
        assert (parts(first, "CONSULT"), line_of(first, "CONSULT")["status"]) == ([("contract", 1, 5000)], "charged")
        line = line_of(second, "CONSULT")
        assert (line["status"], line["gross_fen"], line["fundings"]) == ("limited", 0, [])
        assert (line["quantity"], line["charged_quantity"], line["price_from"]) == (1, 0, "2026-01-01")
        assert line["reason"] == "CONSULT×1：同日会诊只收一次，本次不收"
        assert second["gross_fen"] == 7800  # the visit fee: nothing of the visit was paid by the contract
        assert await used(day, person_id) == {"D2026-03-02": 1}
        assert (await day.settle(UUID(second["visit_id"]))).json() == second

    async def test_the_next_day_counts_anew_and_so_does_another_person(self, day: Day) -> None:
        await day.price("CONSULT", "50")
        await day.limit("CONSULT")
        person_id, other = [await day.world.add_patient() for _ in range(2)]
        tomorrow = MORNING + timedelta(days=1)
        visits = [
            await day.visit(person_id, ("CONSULT", 1)),
            await day.visit(person_id, ("CONSULT", 1), start=tomorrow),
            await day.visit(other, ("CONSULT", 1)),
        ]
        assert [(await day.bill(each))["gross_fen"] for each in visits] == [5000, 5000, 5000]

    async def test_of_what_exceeds_the_maximum_only_the_excess_is_cut(self, day: Day) -> None:
        await day.price("CARE", "10")
        await day.limit("CARE", maximum=2)
        bill = await day.bill(await day.visit(await day.world.add_patient(), ("CARE", 5)))
        assert [(each["status"], each["quantity"], each["gross_fen"]) for each in bill["lines"]] == [
            ("charged", 2, 2000),
            ("limited", 3, 0),
        ]

    async def test_levels_of_nursing_exclude_one_another_across_visits(self, day: Day) -> None:
        await day.price("NURSE1", "40")
        await day.price("NURSE2", "30")
        await day.limit("NURSE1", "NURSE2", title="护理级别互斥")
        person_id = await day.world.add_patient()
        await day.bill(await day.visit(person_id, ("NURSE2", 1)))
        bill = await day.bill(await day.visit(person_id, ("NURSE1", 1)))
        assert (bill["gross_fen"], line_of(bill, "NURSE1")["status"]) == (0, "limited")

    async def test_a_reversal_gives_the_unit_back(self, day: Day) -> None:
        await day.price("CONSULT", "50")
        await day.limit("CONSULT")
        person_id = await day.world.add_patient()
        first = await day.bill(await day.visit(person_id, ("CONSULT", 1)))
        assert (await day.reverse(first)).status_code == 201
        assert await used(day, person_id) == {"D2026-03-02": 0}
        assert (await day.bill(await day.visit(person_id, ("CONSULT", 1))))["gross_fen"] == 5000

    async def test_what_another_institution_has_charged_counts(self, day: Day) -> None:
        await day.price("CONSULT", "50")
        await day.limit("CONSULT")
        person_id = await day.world.add_patient()
        there = await day.elsewhere(person_id)
        await there.price("CONSULT", "60")
        near = await day.bill(await day.visit(person_id, ("CONSULT", 1)))
        far = await there.bill(await there.visit(person_id, ("CONSULT", 1)))
        assert (near["gross_fen"], far["gross_fen"]) == (5000, 0)


class TestOtherPeriods:
    async def test_two_visit_fees_a_week_and_none_for_the_third(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        await day.limit("VISIT_FEE", per="week", maximum=2, title="每周上门服务费最多收两次")
        person_id = await day.world.add_patient()
        bills = [
            await day.bill(await day.visit(person_id, start=MORNING + timedelta(days=days))) for days in (0, 2, 6, 7)
        ]
        assert [bill["visit_fee_fen"] for bill in bills] == [7800, 7800, 0, 7800]
        line = line_of(bills[2], "VISIT_FEE")
        assert (line["status"], line["fundings"], line["quantity"]) == ("limited", [], None)
        assert line["reason"] == "上门服务费：每周上门服务费最多收两次，本次不收"
        assert await used(day, person_id) == {"W2026-W10": 2, "W2026-W11": 1}

    async def test_housemates_share_the_fee_also_where_one_of_them_pays_none(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        await day.limit("VISIT_FEE", per="week", maximum=1)
        home_id = await day.world.add_home()
        trip_id = await day.trip(home_id)
        people = [await day.world.add_patient(home_id=home_id) for _ in range(2)]
        await day.bill(await day.visit(people[0]))
        visits = [await day.visit(each, home_id=home_id, trip_id=trip_id) for each in people]
        assert [(await day.bill(each))["visit_fee_fen"] for each in visits] == [0, 3900]

    async def test_setting_a_bed_up_is_charged_once_per_cycle(self, day: Day) -> None:
        await day.price("SETUP", "80")
        await day.limit("SETUP", per="bed_cycle", title="建床费每个建床周期只收一次")
        person_id = await day.world.add_patient()
        await day.world.add(
            *(
                Bed(
                    **day.own,
                    bed_no=f"JC{opened}",
                    person_id=person_id,
                    doctor_id=day.doctor,
                    opened_on=opened,
                    closed_on=closed,
                    payment="per_item",
                )
                for opened, closed in [(date(2026, 2, 1), date(2026, 3, 3)), (date(2026, 3, 4), None)]
            )
        )
        days = [date(2026, 2, 2), date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)]
        starts = [datetime(each.year, each.month, each.day, 1, tzinfo=UTC) for each in days]
        bills = [await day.bill(await day.visit(person_id, ("SETUP", 1), start=each)) for each in starts]
        # on the day between the two beds no bed is open: nothing is counted, and nothing is cut
        assert [bill["gross_fen"] for bill in bills] == [8000, 0, 8000, 8000]

    async def test_a_year_ends_on_its_last_day(self, day: Day) -> None:
        await day.price("EXAM", "80")
        await day.limit("EXAM", per="year")
        person_id = await day.world.add_patient()
        days = [date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1)]
        starts = [datetime(each.year, each.month, each.day, 1, tzinfo=UTC) for each in days]
        day.world.clock.shows = starts[-1]
        bills = [await day.bill(await day.visit(person_id, ("EXAM", 1), start=each)) for each in starts]
        assert [bill["gross_fen"] for bill in bills] == [8000, 0, 8000]

    async def test_a_limit_that_is_not_in_force_on_the_day_cuts_nothing(self, day: Day) -> None:
        await day.price("EXAM", "80")
        await day.limit("EXAM", per="year")
        before = datetime(YEAR.year - 1, 12, 30, 1, tzinfo=UTC)
        await day.price("EXAM", "70", valid_from=date(2025, 1, 1), valid_to=date(2025, 12, 31))
        person_id = await day.world.add_patient()
        visits = [await day.visit(person_id, ("EXAM", 1), start=before) for _ in range(2)]
        assert [(await day.bill(each))["gross_fen"] for each in visits] == [7000, 7000]


class TestQuotes:
    @pytest.mark.parametrize(("settled", "gross"), [(False, 12800), (True, 7800)])
    async def test_a_quote_says_what_would_be_cut(self, day: Day, settled: bool, gross: int) -> None:
        await day.price("CONSULT", "50")
        await day.tariff()
        await day.list_services("CONSULT")
        await day.limit("CONSULT", title="同日会诊只收一次")
        person_id = await day.world.add_patient(home_id=await day.world.add_home())
        if settled:
            await day.bill(await day.visit(person_id, ("CONSULT", 1)))
        desk = await day.world.as_role(Role.dispatcher)
        asked = await desk.post(
            "/quotes",
            json={
                "institution_id": str(day.world.institution_id),
                "person_id": str(person_id),
                "kind": "home_visit",
                "start_at": "2026-03-02T15:00:00+08:00",
                "items": [{"code": "CONSULT", "quantity": 1}],
            },
        )
        assert asked.status_code == 201, asked.text
        told = asked.json()
        assert (told["gross_fen"], line_of(told, "CONSULT")["status"]) == (gross, "limited" if settled else "charged")
        # asking for a price uses nothing
        assert await used(day, person_id) == ({"D2026-03-02": 1} if settled else {})
