"""Who pays depends on where: designation (定点), long-term care insurance of the region, packages and their places."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from service.accounts.rules import Role
from service.catalog.ltci_models import LtciRuleRow
from service.patients.ltci_models import LtciAssessment
from tests.billing.day import YEAR, Day, as_entry, line_of, parts, rerun
from tests.contracts.forms import relate

APRIL = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)


async def elsewhere(day: Day) -> Day:
    """Return the same region seen from another institution."""
    other = await day.world.add_institution()
    return await Day(replace(day.world, institution_id=other, _count=5000)).start()


async def cared_for_at(day: Day, person_id: UUID) -> None:
    await relate(day.world, str(person_id), day.world.institution_id)


async def ltci(day: Day, caps: dict[str, int], *codes: str, ratio: str = "1", designated: bool = True) -> None:
    await day.world.add(
        LtciRuleRow(
            region_id=day.world.region_id, name="长护险", codes=list(codes), pay_ratio=Decimal(ratio),
            monthly_caps=caps, valid_from=YEAR,
        )
    )  # fmt: skip
    if designated:
        await day.designate("LTCI")


async def assess(day: Day, person_id: UUID, grade: int, **more: Any) -> None:
    said = {"valid_from": YEAR, "district_id": day.world.district_id, **more}
    await day.world.add(LtciAssessment(region_id=day.world.region_id, person_id=person_id, grade=grade, **said))


async def proven(day: Day, bill: dict[str, Any]) -> bool:
    """Return whether the evidence of a bill settles to the same bill offline."""
    case = (await day.http.get(f"/settlements/{bill['id']}/case")).json()
    return rerun(case) == as_entry(bill, UUID(bill["visit_id"]))


class TestDesignation:
    async def test_medical_insurance_pays_nothing_where_it_is_not_designated_and_the_line_says_so(
        self, day: Day
    ) -> None:
        await day.price("BP", "10", insurance_class="A")
        await day.price("CC", "20", insurance_class="C")
        await day.tariff(insurance_class="A")
        person_id = await day.world.add_patient()
        await day.insure(person_id, designated=False)
        bill = await day.bill(await day.visit(person_id, ("BP", 1), ("CC", 1)))
        assert bill["patient_fen"] == bill["gross_fen"] == 10800
        said = [line_of(bill, code)["fundings"][0]["reason"] for code in ("BP", "CC", "VISIT_FEE")]
        why = "本机构当日不是“居民医保”定点机构，医保不支付，您自付"
        assert said == [f"BP：{why}10.00元", "CC是医保丙类（目录外），您自付20.00元", f"上门服务费：{why}78.00元"]
        assert await proven(day, bill)

    async def test_whoever_has_no_insurance_is_not_told_of_designations(self, day: Day) -> None:
        await day.price("BP", "10", insurance_class="A")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        assert line_of(bill, "BP")["fundings"][0]["reason"] == "BP没有可用的经费来源，您自付10.00元"

    async def test_it_pays_on_the_days_of_the_designation_of_its_plan_at_this_institution(self, day: Day) -> None:
        await day.price("BP", "10", insurance_class="A")
        other, person_id = await elsewhere(day), await day.world.add_patient()
        await other.price("BP", "10", insurance_class="A")
        await cared_for_at(other, person_id)
        await day.insure(person_id, designated=False)
        governor = await day.world.as_role(Role.region_admin)
        [covered] = (await (await day.world.as_role(Role.dispatcher)).get(f"/patients/{person_id}/coverages")).json()[
            "items"
        ]
        body = {"plan_code": covered["plan_code"], "valid_from": "2026-03-02", "valid_to": "2026-03-31"}
        place = f"/institutions/{day.world.institution_id}/designations"
        for asked in (body, body | {"plan_code": "OTHER", "valid_to": None}):
            assert (await governor.post(place, json=asked)).status_code == 201
        february = datetime(2026, 2, 27, 1, 0, tzinfo=UTC)
        visits = [
            await day.visit(person_id, start=february),
            await day.visit(person_id),
            await day.visit(person_id, start=APRIL),
        ]
        paid = [sum(part[2] for part in parts(await day.bill(each), "BP") if part[0] != "self_pay") for each in visits]
        assert paid == [0, 800, 0]
        assert parts(await other.bill(await other.visit(person_id)), "BP") == [("self_pay", None, 1000)]


class TestLongTermCare:
    @pytest.mark.requirement("R075")
    async def test_pays_up_to_the_cap_of_the_grade_and_the_month_and_a_reversal_gives_it_back(self, day: Day) -> None:
        await day.price("BATH", "50", insurance_class="A")
        await ltci(day, {"3": 8000, "4": 20000}, "BATH")
        person_id = await day.world.add_patient()
        await day.insure(person_id)
        await assess(day, person_id, 3)
        first, second, april = [
            await day.visit(person_id, ("BATH", 1)),
            await day.visit(person_id, ("BATH", 1)),
            await day.visit(person_id, ("BATH", 1), start=APRIL),
        ]
        bills = [await day.bill(each) for each in (first, second, april)]
        assert [parts(bill, "BATH") for bill in bills] == [
            [("ltci", None, 5000)],
            [("ltci", None, 3000), ("self_pay", None, 2000)],
            [("ltci", None, 5000)],
        ]
        assert [await proven(day, bill) for bill in bills] == [True] * 3
        assert (
            "BATH由长期护理保险支付50.00元，本月还可支付30.00元" in line_of(bills[0], "BATH")["fundings"][0]["reason"]
        )
        assert (await day.reverse(bills[0])).status_code == 201
        assert (await day.reverse(bills[1])).status_code == 201
        assert parts(await day.bill(second), "BATH") == [("ltci", None, 5000)]

    async def test_a_grade_without_a_cap_is_paid_by_medical_insurance(self, day: Day) -> None:
        await day.price("BATH", "50", insurance_class="A")
        await ltci(day, {"3": 8000}, "BATH")
        person_id = await day.world.add_patient()
        await day.insure(person_id)
        await assess(day, person_id, 2)
        bill = await day.bill(await day.visit(person_id, ("BATH", 1)))
        assert parts(bill, "BATH") == [("medical_insurance", None, 4000), ("self_pay", None, 1000)]

    async def test_a_higher_grade_of_the_month_raises_its_cap(self, day: Day) -> None:
        await day.price("BATH", "50")
        await ltci(day, {"3": 4000, "4": 9000}, "BATH")
        person_id = await day.world.add_patient()
        await assess(day, person_id, 3, valid_to=date(2026, 3, 1))
        await assess(day, person_id, 4, valid_from=date(2026, 3, 2))
        early = await day.visit(person_id, ("BATH", 1), start=datetime(2026, 3, 1, 1, 0, tzinfo=UTC))
        assert parts(await day.bill(early), "BATH")[0] == ("ltci", None, 4000)
        late = await day.visit(person_id, ("BATH", 2))
        assert parts(await day.bill(late), "BATH") == [("ltci", None, 5000), ("self_pay", None, 5000)]

    @pytest.mark.requirement("R076")
    async def test_where_it_is_not_designated_neither_insurance_pays_for_its_catalogue(self, day: Day) -> None:
        await day.price("BATH", "50", insurance_class="A")
        await ltci(day, {"3": 8000}, "BATH", designated=False)
        person_id = await day.world.add_patient()
        await day.insure(person_id)
        await assess(day, person_id, 3)
        bill = await day.bill(await day.visit(person_id, ("BATH", 1)))
        assert parts(bill, "BATH") == [("self_pay", None, 5000)]
        assert line_of(bill, "BATH")["fundings"][0]["reason"] == (
            "BATH：属于长期护理保险目录，但本机构当日不是长期护理保险定点机构，长期护理保险和医保都不支付，您自付50.00元"
        )
        assert await proven(day, bill)

    async def test_the_month_is_one_balance_wherever_the_person_is_served(self, day: Day) -> None:
        await day.price("BATH", "50")
        await ltci(day, {"3": 8000}, "BATH")
        other, person_id = await elsewhere(day), await day.world.add_patient()
        await other.price("BATH", "50")
        await other.designate("LTCI")
        await cared_for_at(other, person_id)
        await assess(day, person_id, 3)
        assert parts(await day.bill(await day.visit(person_id, ("BATH", 1))), "BATH") == [("ltci", None, 5000)]
        bill = await other.bill(await other.visit(person_id, ("BATH", 1)))
        assert parts(bill, "BATH") == [("ltci", None, 3000), ("self_pay", None, 2000)]
        told = (await (await day.world.as_role(Role.dispatcher)).get(f"/patients/{person_id}/entitlements")).json()
        [month] = [each for each in told["items"] if each["source"] == "ltci"]
        assert (month["period"], month["cap"], month["used"], month["remaining"]) == ("2026-03", 8000, 8000, 0)
        assert month["text"].startswith("2026-03 月长护险限额 80.00 元，已支付 80.00 元")


class TestPackagePlaces:
    @pytest.mark.parametrize(("named", "paid"), [("nowhere", False), ("here", True), ("everywhere", True)])
    async def test_a_package_pays_where_it_was_signed_and_where_it_says_so(
        self, day: Day, named: str, paid: bool
    ) -> None:
        other, person_id = await elsewhere(day), await day.world.add_patient()
        await cared_for_at(other, person_id)
        for each in (day, other):
            await each.price("BP", "10")
        places = {"here": {"valid_at": [other.world.institution_id]}, "everywhere": {"valid_region_wide": True}}
        await day.contract(person_id, {"BP": 5}, **places.get(named, {}))
        assert parts(await day.bill(await day.visit(person_id)), "BP") == [("contract", 1, 1000)]
        at_other = parts(await other.bill(await other.visit(person_id)), "BP")
        assert at_other == ([("contract", 1, 1000)] if paid else [("self_pay", None, 1000)])

    async def test_neither_its_fee_nor_its_capitation_reaches_further(self, day: Day) -> None:
        other, person_id = await elsewhere(day), await day.world.add_patient()
        await cared_for_at(other, person_id)
        await other.price("BP", "10")
        await other.tariff()
        await day.contract(person_id, covers_visit_fee=True, capitated_codes=["BP"])
        assert (await other.bill(await other.visit(person_id)))["patient_fen"] == 8800
