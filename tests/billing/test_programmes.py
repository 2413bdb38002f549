"""Programmes by criteria, and the free clinic (公益义诊): who is enrolled by himself, and who pays no fee."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.accounts.rules import Role
from service.catalog.models import Programme, ProgrammeItem
from service.contracts.models import ProgrammeEnrolment
from service.patients.models import KeyGroupRow
from tests.billing.day import YEAR, Day, as_entry, line_of, parts, rerun
from tests.billing.test_payers import proven


async def programme(day: Day, per_year: dict[str, int], **more: Any) -> UUID:
    region_id, no = day.world.region_id, day.world.number()
    said = {"name": "老年健康与医养结合服务", "payer": "财政", "valid_from": YEAR, **more}
    row = Programme(region_id=region_id, **{"code": f"PG{no}"} | said)
    await day.world.add(
        row,
        *(
            ProgrammeItem(region_id=region_id, programme_id=row.id, code=code, per_year=units)
            for code, units in per_year.items()
        ),
    )
    return row.id


async def free_clinic(day: Day, **per_year: int) -> UUID:
    return await programme(day, per_year, name="公益义诊", kind="free_clinic", minimum_age=60)


class TestAutomaticEnrolment:
    async def test_whoever_is_old_enough_on_the_day_is_paid_for_and_the_proof_shows_it(self, day: Day) -> None:
        await day.price("BP", "10")
        await programme(day, {"BP": 1}, minimum_age=65)
        person_id = await day.world.add_patient(born_on=date(1961, 3, 2))
        bill = await day.bill(await day.visit(person_id))
        assert parts(bill, "BP") == [("public_program", 1, 1000)]
        assert "“老年健康与医养结合服务”（符合条件自动纳入）支付1次" in line_of(bill, "BP")["fundings"][0]["reason"]
        assert await proven(day, bill)
        younger = await day.world.add_patient(born_on=date(1961, 3, 3))
        assert parts(await day.bill(await day.visit(younger)), "BP") == [("self_pay", None, 1000)]

    @pytest.mark.parametrize(("group", "born_on", "paid"), [
        ("disabled", date(1945, 5, 1), True), ("chronic", date(1945, 5, 1), False),
        ("disabled", date(1990, 5, 1), False),
    ])  # fmt: skip
    async def test_age_and_group_must_both_be_met(self, day: Day, group: str, born_on: date, paid: bool) -> None:
        await day.price("BP", "10")
        await programme(day, {"BP": 1}, minimum_age=60, key_groups=["disabled", "dementia"], kind="disabled_action")
        person_id = await day.world.add_patient(born_on=born_on)
        await day.world.add(
            KeyGroupRow(region_id=day.world.region_id, person_id=person_id, key_group=group, valid_from=YEAR)
        )
        source = parts(await day.bill(await day.visit(person_id)), "BP")[0][0]
        assert source == ("public_program" if paid else "self_pay")

    async def test_a_group_counts_on_its_days_only(self, day: Day) -> None:
        await day.price("BP", "10")
        await programme(day, {"BP": 4}, key_groups=["chronic"])
        person_id = await day.world.add_patient()
        ended = {"valid_from": YEAR, "valid_to": date(2026, 3, 1)}
        await day.world.add(
            KeyGroupRow(region_id=day.world.region_id, person_id=person_id, key_group="chronic", **ended)
        )
        assert parts(await day.bill(await day.visit(person_id)), "BP") == [("self_pay", None, 1000)]

    async def test_units_of_the_year_are_the_same_however_one_was_enrolled(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await programme(day, {"BP": 1}, minimum_age=60)
        bills = [await day.bill(await day.visit(person_id)) for _ in range(2)]
        assert [parts(bill, "BP")[0][0] for bill in bills] == ["public_program", "self_pay"]


class TestYears:
    async def test_the_next_year_has_other_units_under_the_same_code_and_who_is_enrolled_stays_so(
        self, day: Day
    ) -> None:
        await day.price("BP", "10")
        await day.list_services("BP")
        admin = await day.world.as_role(Role.region_admin)
        body = {"code": "BPHS", "name": "国家基本公卫", "payer": "财政", "valid_from": "2026-01-01"}
        rows = {}
        for year, units in [("2026", 1), ("2027", 2)]:
            asked = body | {"valid_from": f"{year}-01-01", "items": [{"code": "BP", "per_year": units}]}
            answer = await admin.post("/programmes", json=asked)
            assert answer.status_code == 201, answer.text
            rows[year] = answer.json()["id"]
        person_id = await day.world.add_patient()
        enrolled = ProgrammeEnrolment(
            region_id=day.world.region_id, person_id=person_id, programme_id=UUID(rows["2026"]), valid_from=YEAR
        )
        # once more by hand in the new year's row: he is enrolled once all the same
        again = ProgrammeEnrolment(
            region_id=day.world.region_id,
            person_id=person_id,
            programme_id=UUID(rows["2027"]),
            valid_from=date(2027, 1, 1),
        )
        await day.world.add(enrolled, again)
        december = datetime(2026, 12, 31, 1, 0, tzinfo=UTC)
        bills = [
            await day.bill(await day.visit(person_id, ("BP", 3), start=start))
            for start in (december, december + timedelta(days=1))
        ]
        assert [parts(bill, "BP") for bill in bills] == [
            [("public_program", 1, 1000), ("self_pay", None, 2000)],
            [("public_program", 2, 2000), ("self_pay", None, 1000)],
        ]
        assert [line_of(bill, "BP")["fundings"][0]["ref_id"] for bill in bills] == [rows["2026"], rows["2027"]]
        assert [await proven(day, bill) for bill in bills] == [True, True]
        asked = {"from": "2026-03-01", "to": "2027-02-28"}
        where = f"/institutions/{day.world.institution_id}/statements/programmes"
        told = (await day.http.get(where, params=asked)).json()
        assert [(row["payer"], row["programme"], row["code"], row["units"]) for row in told["rows"]] == [
            ("财政", "BPHS", "BP", 3)
        ]

    async def test_one_who_was_enrolled_by_hand_before_stays_enrolled_by_his_old_enrolment_alone(
        self, day: Day
    ) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        old = await programme(day, {"BP": 1}, code="BPHS", valid_to=date(2025, 12, 31), valid_from=date(2025, 1, 1))
        await programme(day, {"BP": 2}, code="BPHS")
        await programme(day, {"BP": 5}, code="OTHER")
        await day.world.add(
            ProgrammeEnrolment(
                region_id=day.world.region_id, person_id=person_id, programme_id=old, valid_from=date(2025, 6, 1)
            )
        )
        bill = await day.bill(await day.visit(person_id, ("BP", 4)))
        assert parts(bill, "BP") == [("public_program", 2, 2000), ("self_pay", None, 2000)]


class TestFreeClinic:
    @pytest.mark.parametrize("policy", ["waive", "charge"])
    @pytest.mark.parametrize("price", ["10", "0"])
    async def test_never_charges_the_fee_whatever_the_policy(self, day: Day, policy: str, price: str) -> None:
        await day.price("BP", price)
        await day.tariff()
        await day.setting("fee.when_fully_funded", policy)
        await free_clinic(day, BP=2)
        person_id = await day.world.add_patient()
        await day.contract(person_id, covers_visit_fee=True)
        bill = await day.bill(await day.visit(person_id))
        assert [line["code"] for line in bill["lines"]] == ["BP"]
        assert (bill["patient_fen"], bill["gross_fen"]) == (0, int(price) * 100)
        assert line_of(bill, "BP")["reason"].endswith("；公益义诊，不收上门服务费")
        assert await proven(day, bill)

    async def test_a_service_that_it_does_not_pay_brings_the_fee_back(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.price("CC", "20")
        await day.tariff()
        await free_clinic(day, BP=1)
        for items in ([("BP", 1), ("CC", 1)], [("BP", 2)]):
            person_id = await day.world.add_patient()
            bill = await day.bill(await day.visit(person_id, *items))
            assert parts(bill, "VISIT_FEE") == [("self_pay", None, 7800)]

    async def test_another_programme_leaves_the_fee_to_the_policy(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        await day.setting("fee.when_fully_funded", "charge")
        await programme(day, {"BP": 1}, minimum_age=60)
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        assert parts(bill, "VISIT_FEE") == [("self_pay", None, 7800)]

    @pytest.mark.parametrize("free_first", [True, False])
    async def test_a_housemate_pays_the_share_that_he_would_pay_anyway(self, day: Day, free_first: bool) -> None:
        await day.price("BP", "10")
        await day.price("CC", "20")
        await day.tariff()
        await free_clinic(day, BP=9)
        home_id = await day.world.add_home()
        trip_id = await day.trip(home_id)
        at = {"home_id": home_id, "trip_id": trip_id, "trip_key": trip_id}
        free, paying = [
            await day.visit(await day.world.add_patient(home_id=home_id), (code, 1), **at) for code in ("BP", "CC")
        ]
        bills = {}
        for each in (free, paying) if free_first else (paying, free):
            bills[each] = await day.bill(each)
        assert [line["code"] for line in bills[free]["lines"]] == ["BP"]
        assert line_of(bills[paying], "VISIT_FEE")["gross_fen"] == 3900
        case = (await day.http.get(f"/settlements/{bills[free]['id']}/case")).json()
        assert rerun(case) == as_entry(bills[free], free)
