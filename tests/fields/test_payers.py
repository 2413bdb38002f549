"""What the region, the desk and the doctor enter about payers decides what the family still pays."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from service.accounts.rules import Role
from service.catalog.models import PriceRow
from tests.contracts.forms import relate
from tests.fields.town import DAY, Town, changed, fund, made, shown

RULE: dict[str, Any] = {
    "name": "长护险", "codes": ["BATH"], "pay_ratio": "1", "valid_from": "2026-01-01",
    "grades": [{"grade": 3, "monthly_cap": "6.00"}],
}  # fmt: skip


async def assessed(town: Town, person: str, **more: Any) -> dict[str, Any]:
    body = {"grade": 3, "district_id": str(town.world.district_id), "valid_from": "2026-01-01"} | more
    return await made(town.desk, f"/patients/{person}/ltci-assessments", body)


async def bathing(town: Town) -> str:
    """Offer a bath where LTCI pays; return an elder."""
    await town.offer("BATH")
    await town.offer("WASH")
    await town.designate("LTCI")
    return await town.elder()


class TestLtciRules:
    @pytest.mark.parametrize(
        ("change", "paid"),
        [
            ({}, 600),
            ({"codes": ["WASH"]}, 0),
            ({"pay_ratio": "0.50"}, 500),
            ({"grades": [{"grade": 4, "monthly_cap": "6.00"}]}, 0),
            ({"grades": [{"grade": 3, "monthly_cap": "7.00"}]}, 700),
            ({"valid_from": "2026-03-04"}, 0),
            ({"valid_to": "2026-03-02"}, 0),
        ],
    )
    async def test_each_figure_changes_what_it_pays(self, town: Town, change: dict[str, Any], paid: int) -> None:
        person = await bathing(town)
        await assessed(town, person)
        await made(town.governor, "/ltci-rules", RULE | change)
        assert fund(await town.quote(person, "BATH"), "ltci") == paid

    async def test_an_ended_rule_pays_nothing_the_day_after_and_its_name_is_read_by_the_elder(self, town: Town) -> None:
        person = await bathing(town)
        await assessed(town, person)
        rule = await made(town.governor, "/ltci-rules", RULE | {"name": "居家照护保险"})
        told = (await shown(town.desk, f"/patients/{person}/entitlements"))["items"]
        assert any("居家照护保险限额 6.00 元" in each["text"] for each in told)
        await changed(town.governor, f"/ltci-rules/{rule['id']}", {"valid_to": DAY})
        assert [fund(await town.quote(person, "BATH", on=on), "ltci") for on in (DAY, "2026-03-04")] == [600, 0]


class TestAssessments:
    @pytest.mark.parametrize(
        ("change", "paid"),
        [({}, 600), ({"grade": 2}, 0), ({"valid_from": "2026-03-04"}, 0), ({"valid_to": "2026-03-02"}, 0)],
    )
    async def test_each_field_changes_what_the_insurance_pays(
        self, town: Town, change: dict[str, Any], paid: int
    ) -> None:
        person = await bathing(town)
        await made(town.governor, "/ltci-rules", RULE)
        await assessed(town, person, **change)
        assert fund(await town.quote(person, "BATH"), "ltci") == paid

    async def test_an_ended_grade_pays_nothing_the_day_after(self, town: Town) -> None:
        person = await bathing(town)
        await made(town.governor, "/ltci-rules", RULE)
        grade = await assessed(town, person)
        await changed(town.desk, f"/patients/{person}/ltci-assessments/{grade['id']}", {"valid_to": DAY})
        assert [fund(await town.quote(person, "BATH", on=on), "ltci") for on in (DAY, "2026-03-04")] == [600, 0]


class TestDesignations:
    @pytest.mark.parametrize(
        ("change", "paid"),
        [({}, 500), ({"plan_code": "OTHER"}, 0), ({"valid_from": "2026-03-04"}, 0), ({"valid_to": "2026-03-02"}, 0)],
    )
    async def test_each_field_changes_whether_the_fund_pays(
        self, town: Town, change: dict[str, Any], paid: int
    ) -> None:
        person = await town.elder()
        await town.offer("BP", insurance_class="A")
        rule = {
            "plan_code": "EMPLOYEE", "name": "职工医保", "deductible": "0.00", "pay_ratio": "0.50",
            "yearly_cap": "100.00", "valid_from": "2026-01-01",
        }  # fmt: skip
        await made(town.governor, "/insurance-rules", rule)
        await town.insure(person, "EMPLOYEE")
        row = await town.designate(**({"plan_code": "EMPLOYEE"} | change))
        assert fund(await town.quote(person, "BP")) == paid
        if not change:
            await changed(town.governor, f"{town.house}/designations/{row['id']}", {"valid_to": DAY})
            assert fund(await town.quote(person, "BP", on="2026-03-04")) == 0


class TestProgrammes:
    @pytest.mark.parametrize(
        ("change", "patient"),
        [
            ({}, 6000),
            ({"minimum_age": 80}, 5000),
            ({"minimum_age": 81}, 6000),
            ({"key_groups": ["disabled"]}, 5000),
            ({"key_groups": ["dementia"]}, 6000),
            ({"minimum_age": 80, "kind": "free_clinic"}, 0),
        ],
    )
    async def test_criteria_and_kind_change_what_the_elder_pays(
        self, town: Town, change: dict[str, Any], patient: int
    ) -> None:
        # born on 1 May 1945: 80 years old; disabled
        await town.offer("BP")
        fee = {
            "unit": "visit", "tiers": [{"up_to_km": None, "price": "50"}], "distance_base": "institution",
            "distance_method": "great_circle", "valid_from": "2026-01-01",
        }  # fmt: skip
        await made(town.chief, f"{town.house}/visit-fee-tariffs", fee)
        await town.set("fee.when_fully_funded", "charge")
        body = {
            "code": "P", "name": "公卫", "payer": "财政", "valid_from": "2026-01-01",
            "items": [{"code": "BP", "per_year": 1}],
        }  # fmt: skip
        await made(town.governor, "/programmes", body | change)
        assert (await town.quote(await town.elder(), "BP"))["patient_fen"] == patient


class TestPackagePlaces:
    @pytest.mark.parametrize(("places", "patient"), [({}, 1000), ("valid_at", 0), ({"valid_region_wide": True}, 0)])
    async def test_a_package_pays_at_another_institution_where_it_says_so(
        self, town: Town, places: Any, patient: int
    ) -> None:
        await town.offer("BP")
        person, other = await town.elder(), await town.world.add_institution()
        named = {"valid_at": [str(other)]} if places == "valid_at" else places
        body = {
            "code": "BASIC", "name": "基础包", "valid_from": "2026-01-01", "items": [{"code": "BP", "quantity": 1}],
        }  # fmt: skip
        package = await made(town.chief, f"{town.house}/packages", body | named)
        term = {"signed_on": "2026-03-02", "valid_from": "2026-03-02", "valid_to": "2027-03-01"}
        doctor = str(await town.world.add_practitioner(role="doctor"))
        await made(
            town.doctor, "/contracts", {"person_id": person, "package_id": package["id"], "doctor_id": doctor} | term
        )
        await relate(town.world, person, other)
        await town.world.add(
            PriceRow(
                region_id=town.world.region_id, institution_id=UUID(str(other)), code="BP", name="BP",
                unit_price=Decimal(10), valid_from=date(2026, 1, 1),
            )
        )  # fmt: skip
        theirs = await town.world.as_role(Role.dispatcher, other)
        asked = town.asked(person, "BP", institution_id=str(other))
        answer = await theirs.post("/quotes", json=asked)
        assert answer.status_code == 201, answer.text
        assert answer.json()["patient_fen"] == patient
