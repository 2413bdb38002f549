"""How a bed is opened, paused and closed, and what was agreed about it, decides what its visits and days cost."""

from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import AsyncClient, Response

from service.accounts.rules import Role
from tests.fields.town import DAY, Town, changed, fund, made

APRIL = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)


async def agree(town: Town, **more: Any) -> dict[str, Any]:
    """Agree that a treatment bed costs 10 yuan a day, of which insurances pay half."""
    body = {
        "kind": "treatment", "daily_rate": "10.00", "pay_ratio": "0.50", "year_cap": "1000.00",
        "valid_from": "2026-01-01",
    }  # fmt: skip
    return await made(town.governor, f"{town.house}/per-diem-agreements", body | more)


async def bed(town: Town, person_id: str, **more: Any) -> dict[str, Any]:
    """Open a bed the day before yesterday."""
    return await made(town.doctor, "/beds", await opening(town, person_id, **more))


async def opening(town: Town, person_id: str, **more: Any) -> dict[str, Any]:
    doctor_id = str(await town.world.add_practitioner(role="doctor"))
    return {
        "institution_id": town.at, "person_id": person_id, "opened_on": "2026-02-28", "doctor_id": doctor_id,
    } | more  # fmt: skip


async def insured(town: Town) -> str:
    """Register an elder whose insurance pays at the institution."""
    person = await town.elder()
    await town.insure(person)
    return person


async def pays_here(town: Town) -> None:
    await made(town.governor, f"{town.house}/designations", {"plan_code": "RESIDENT", "valid_from": "2026-01-01"})


async def billed(town: Town, bed_id: str, *, first: str = "2026-03-01", until: str = "2026-03-11") -> Response:
    """Let finance bill days of a bed in April."""
    town.world.clock.shows = APRIL
    finance: AsyncClient = await town.world.as_role(Role.finance)
    return await finance.post(f"/beds/{bed_id}/bed-settlements", json={"from": first, "to": until})


async def bill(town: Town, bed_id: str, **days: str) -> tuple[int, int, int, int]:
    """Return what ten days of a bed come to, and what the fund, the institution and the family pay."""
    answer = await billed(town, bed_id, **days)
    assert answer.status_code == 201, answer.text
    said = answer.json()
    return said["gross_fen"], said["fund_fen"], said["institution_fen"], said["patient_fen"]


@pytest.mark.parametrize(
    ("change", "paid"),
    [
        ({}, 0),
        ({"payment": "per_diem"}, 1000),
        ({"payment": "per_diem", "excluded_codes": []}, 2000),
        ({"payment": "per_diem", "excluded_codes": ["DRUG"]}, 1000),
    ],
)
async def test_how_it_is_paid_decides_what_the_day_rate_holds(town: Town, change: dict[str, Any], paid: int) -> None:
    for code in ("BP", "DRUG"):
        await town.offer(code)
    await agree(town, excluded_codes=["DRUG"])
    person = await town.elder()
    await bed(town, person, **change)
    assert fund(await town.quote(person, "BP", "DRUG", kind="home_bed_round"), "bed_per_diem") == paid


async def test_it_is_the_persons_from_its_opening_to_its_closing(town: Town) -> None:
    await town.offer("BP")
    await agree(town)
    person, other = await town.elder(), await town.elder()
    opened = await bed(town, person, payment="per_diem")

    async def paid(who: str, *days: str) -> list[int]:
        return [fund(await town.quote(who, "BP", on=day), "bed_per_diem") for day in days]

    assert await paid(person, "2026-02-27", "2026-02-28", DAY) == [0, 1000, 1000]
    assert await paid(other, DAY) == [0]
    wrong = {"closed_on": "2026-03-02", "reason": "死亡"}
    refused = await town.doctor.post(f"/beds/{opened['id']}/closure", json=wrong)
    assert refused.json()["code"] == "closing-reason-wrong"
    closed = await town.doctor.post(f"/beds/{opened['id']}/closure", json=wrong | {"reason": "好转"})
    assert closed.status_code == 200, closed.text
    assert await paid(person, "2026-03-01", "2026-03-02") == [1000, 0]


async def test_from_its_pause_to_its_resumption_it_holds_nothing(town: Town) -> None:
    await town.offer("BP")
    await agree(town)
    person = await town.elder()
    opened = await bed(town, person, payment="per_diem")

    async def paid(*days: str) -> list[int]:
        return [fund(await town.quote(person, "BP", on=day), "bed_per_diem") for day in days]

    pause = {"from": "2026-03-01", "to": "2026-03-03", "reason": "住院"}
    told = await made(town.doctor, f"/beds/{opened['id']}/pauses", pause)
    assert told["pauses"][0]["reason"] == "住院"
    assert await paid("2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03") == [1000, 0, 0, 1000]
    resumed = await town.doctor.post(f"/beds/{opened['id']}/resumption", json={"on": "2026-03-02"})
    assert resumed.status_code == 200, resumed.text
    assert await paid("2026-03-01", "2026-03-02") == [0, 1000]


async def test_its_kind_decides_the_agreement_and_whether_rounds_go_to_the_home(town: Town) -> None:
    await town.service("BP")
    await agree(town)
    await agree(town, kind="hospice_ward", daily_rate="30.00")
    at_home, ward = await town.elder(), await town.elder()
    assert await bill(town, (await bed(town, at_home, payment="per_diem"))["id"]) == (10000, 0, 0, 10000)
    opened = await bed(town, ward, payment="per_diem", kind="hospice_ward")
    assert await bill(town, opened["id"]) == (30000, 0, 0, 30000)
    asked = {"kind": "home_bed_round", "on": "2026-04-02"}
    codes = [(await town.order(who, "BP", **asked)).json().get("code") for who in (at_home, ward)]
    assert codes[1] == "bed-missing" != codes[0]


class TestAgreements:
    @pytest.mark.parametrize(
        ("change", "parts"),
        [
            ({}, (10000, 5000, 0, 5000)),
            ({"daily_rate": "12.00"}, (12000, 6000, 0, 6000)),
            ({"pay_ratio": "0.9"}, (10000, 9000, 0, 1000)),
            ({"year_cap": "20.00"}, (10000, 2000, 0, 8000)),
            ({"institution_share": "0.4"}, (10000, 5000, 2000, 3000)),
            ({"plan_code": "RESIDENT"}, (10000, 5000, 0, 5000)),
        ],
    )
    async def test_the_figures_decide_who_pays_a_day(
        self, town: Town, change: dict[str, Any], parts: tuple[int, ...]
    ) -> None:
        await agree(town, **change)
        await pays_here(town)
        person = await insured(town)
        opened = await bed(town, person, payment="per_diem")
        assert await bill(town, opened["id"]) == parts

    @pytest.mark.parametrize(
        "change",
        [
            {"kind": "palliative"}, {"plan_code": "EMPLOYEE"}, {"valid_from": "2026-03-01"},
            {"valid_to": "2026-02-27"},
        ],
    )  # fmt: skip
    async def test_another_kind_insurance_or_day_is_not_agreed(self, town: Town, change: dict[str, Any]) -> None:
        await agree(town, **change)
        person = await insured(town)
        asked = await opening(town, person, payment="per_diem")
        assert (await town.doctor.post("/beds", json=asked)).json()["code"] == "agreement-missing"

    async def test_the_income_class_decides_the_book(self, town: Town) -> None:
        await agree(town, income_class="memorandum")
        opened = await bed(town, await town.elder(), payment="per_diem")
        answer = await billed(town, opened["id"])
        assert answer.json()["income_class"] == "memorandum"

    async def test_one_that_has_ended_is_taken_by_no_stay(self, town: Town) -> None:
        agreement = await agree(town)
        await changed(town.governor, f"{town.house}/per-diem-agreements/{agreement['id']}", {"valid_to": "2026-02-27"})
        asked = await opening(town, await town.elder(), payment="per_diem")
        assert (await town.doctor.post("/beds", json=asked)).json()["code"] == "agreement-missing"


class TestBedDays:
    async def test_from_and_to_say_which_days_are_billed_and_taken_back(self, town: Town) -> None:
        await agree(town)
        opened = await bed(town, await town.elder(), payment="per_diem")
        assert await bill(town, opened["id"], first="2026-03-02", until="2026-03-05") == (3000, 0, 0, 3000)
        assert await bill(town, opened["id"]) == (7000, 0, 0, 7000)
        finance = await town.world.as_role(Role.finance)
        asked = {"from": "2026-03-04", "to": "2026-03-06", "reason": "住院"}
        back = await made(finance, f"/beds/{opened['id']}/reversals", asked)
        assert back["days"] == ["2026-03-04", "2026-03-05"]
        shown = (await finance.get(f"/bed-settlements/{back['settlement_ids'][0]}")).json()
        assert shown["reversals"][0]["reason"] == "住院"
