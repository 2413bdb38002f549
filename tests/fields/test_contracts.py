"""What a package promises and a contract binds decides what the elder still pays."""

from typing import Any

import pytest

from service.accounts.rules import Role
from tests.fields.town import DAY, Town, changed, fund, made, shown

BASIC = {
    "code": "BASIC", "name": "老年人基础服务包", "valid_from": "2026-01-01", "items": [{"code": "BP", "quantity": 1}],
}  # fmt: skip
FEE = {
    "unit": "visit", "tiers": [{"up_to_km": None, "price": "50"}], "distance_base": "institution",
    "distance_method": "great_circle", "valid_from": "2026-01-01",
}  # fmt: skip
TERM = {"signed_on": "2026-03-02", "valid_from": "2026-03-02", "valid_to": "2027-03-01"}


async def offered(town: Town, **changes: Any) -> str:
    """Offer a package; return its id."""
    return str((await made(town.chief, f"{town.house}/packages", BASIC | changes))["id"])


async def signed(town: Town, person_id: str, package_id: str, **changes: Any) -> dict[str, Any]:
    """Sign a contract with a new family doctor."""
    doctor_id = str(await town.world.add_practitioner(role="doctor"))
    body = {"person_id": person_id, "package_id": package_id, "doctor_id": doctor_id} | TERM | changes
    return await made(town.doctor, "/contracts", body)


class TestPackages:
    @pytest.mark.parametrize(
        ("change", "patient"),
        [
            ({}, 8000),
            ({"items": [{"code": "BP", "quantity": 2}]}, 7000),
            ({"items": [{"code": "BP", "quantity": 1, "counting": "visit"}]}, 6000),
            ({"items": [{"code": "SUGAR", "quantity": 1}]}, 8000),
            ({"items": [], "capitated_codes": ["BP"]}, 6000),
            ({"covers_visit_fee": True}, 3000),
        ],
    )
    async def test_each_promise_changes_what_three_checks_and_one_other_cost(
        self, town: Town, change: dict[str, Any], patient: int
    ) -> None:
        for code in ("BP", "SUGAR"):
            await town.offer(code)
        await made(town.chief, f"{town.house}/visit-fee-tariffs", FEE)
        person = await town.elder()
        await signed(town, person, await offered(town, **change))
        asked = [{"code": "BP", "quantity": 3}, {"code": "SUGAR"}]
        assert (await town.quote(person, items=asked))["patient_fen"] == patient

    async def test_a_version_is_signed_on_its_days_and_its_name_stands_on_the_contract(self, town: Town) -> None:
        await town.offer("BP")
        package_id = await offered(town, valid_from="2026-03-01", valid_to="2026-03-02")
        person = await town.elder()
        doctor_id = str(await town.world.add_practitioner(role="doctor"))
        asked = {"person_id": person, "package_id": package_id, "doctor_id": doctor_id} | TERM
        early = await town.doctor.post("/contracts", json=asked | {"signed_on": "2026-02-28"})
        assert early.json()["code"] == "package-not-offered"
        await changed(town.chief, f"{town.house}/packages/{package_id}", {"valid_to": "2026-03-01"})
        late = await town.doctor.post("/contracts", json=asked)
        assert late.json()["code"] == "package-not-offered"
        assert "老年人基础服务包" in late.json()["detail"]
        contract = await made(town.doctor, "/contracts", asked | {"signed_on": "2026-03-01"})
        assert contract["package_name"] == "老年人基础服务包"

    async def test_versions_of_one_code_do_not_overlap_and_those_of_two_do(self, town: Town) -> None:
        await town.offer("BP")
        await offered(town)
        refused = await town.chief.post(f"{town.house}/packages", json=BASIC)
        assert refused.json()["code"] == "packages-overlap"
        await offered(town, code="PLUS", name="增值服务包")


class TestContracts:
    async def test_pays_for_its_person_from_its_first_to_its_last_day(self, town: Town) -> None:
        await town.offer("BP")
        person, other = await town.elder(), await town.elder()
        days = {"valid_from": "2026-03-03", "valid_to": "2027-03-02"}
        contract = await signed(town, person, await offered(town), **days)

        async def patient(who: str, *on: str) -> list[int]:
            return [(await town.quote(who, "BP", on=day))["patient_fen"] for day in on]

        assert await patient(person, "2026-03-02", "2026-03-03", "2027-03-02", "2027-03-03") == [1000, 0, 0, 1000]
        assert await patient(other, DAY) == [1000]
        bill = await town.quote(person, "BP", on=DAY)
        assert "（2026-03-02签）" in bill["lines"][0]["fundings"][0]["reason"]
        assert fund(bill, "contract") == 1000
        ending = {"on": "2026-03-05", "reason": "moved_away"}
        ended = await town.doctor.post(f"/contracts/{contract['id']}/termination", json=ending)
        assert ended.status_code == 200, ended.text
        assert await patient(person, "2026-03-04", "2026-03-05") == [0, 1000]
        elders = await town.world.add_account(Role.elder)
        await town.world.add_relation(person, elders)
        elder = town.world.client(town.world.principal(Role.elder, elders))
        assert (await shown(elder, f"/contracts/{contract['id']}"))["termination_reason"] == "moved_away"

    async def test_ends_by_the_reason_that_the_record_of_death_bears_out(self, town: Town) -> None:
        await town.offer("BP")
        person = await town.elder()
        contract = await signed(town, person, await offered(town))

        async def ended(reason: str) -> tuple[int, str | None]:
            path, asked = f"/contracts/{contract['id']}/termination", {"on": DAY, "reason": reason}
            answer = await town.doctor.post(path, json=asked)
            return answer.status_code, answer.json().get("code")

        assert await ended("died") == (409, "termination-reason-wrong")
        await changed(town.desk, f"/patients/{person}", {"deceased_on": "2026-03-01"})
        assert await ended("moved_away") == (409, "termination-reason-wrong")
        assert await ended("died") == (200, None)

    async def test_the_package_is_the_one_signed_and_the_family_doctor_is_a_doctor(self, town: Town) -> None:
        await town.offer("BP")
        first, second = await offered(town), await offered(town, code="TWO", items=[{"code": "BP", "quantity": 2}])
        caps = []
        for package_id in (first, second):
            person = await town.elder()
            await signed(town, person, package_id)
            told = await shown(town.desk, f"/patients/{person}/entitlements")
            caps.append([each["cap"] for each in told["items"]])
        assert caps == [[1], [2]]
        nurse = str(await town.world.add_practitioner(role="nurse"))
        body = {"person_id": await town.elder(), "package_id": first, "doctor_id": nurse} | TERM
        assert (await town.doctor.post("/contracts", json=body)).json()["code"] == "doctor-not-qualified"


class TestEnrolments:
    async def test_the_programme_pays_for_the_enrolled_on_the_days_of_his_enrolment(self, town: Town) -> None:
        for code in ("BP", "SUGAR"):
            await town.offer(code)
        programmes = []
        for code in ("BP", "SUGAR"):
            body = {
                "code": f"P-{code}", "name": "公卫", "payer": "财政", "valid_from": "2026-01-01",
                "items": [{"code": code, "per_year": 1}],
            }  # fmt: skip
            programmes.append((await made(town.governor, "/programmes", body))["id"])
        person, other = await town.elder(), await town.elder()
        body = {
            "person_id": person, "programme_id": programmes[0], "valid_from": "2026-03-03", "valid_to": "2026-03-05",
        }  # fmt: skip
        enrolment = await made(town.doctor, "/programme-enrolments", body)

        async def patient(who: str, code: str, *on: str) -> list[int]:
            return [(await town.quote(who, code, on=day))["patient_fen"] for day in on]

        days = ("2026-03-02", "2026-03-03", "2026-03-05", "2026-03-06")
        assert await patient(person, "BP", *days) == [1000, 0, 0, 1000]
        assert await patient(person, "SUGAR", DAY) == [1000]
        assert await patient(other, "BP", DAY) == [1000]
        await changed(town.doctor, f"/programme-enrolments/{enrolment['id']}", {"valid_to": "2026-03-04"})
        assert await patient(person, "BP", "2026-03-04", "2026-03-05") == [0, 1000]
