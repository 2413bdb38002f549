"""What a doctor records of a diagnosis decides whether a programme that names it pays."""

from typing import Any

import pytest

from tests.fields.town import DAY, Town, changed, fund, made, shown

PROGRAMME: dict[str, Any] = {
    "code": "DM", "name": "糖尿病健康服务", "payer": "基本公共卫生服务补助资金", "kind": "basic_public_health",
    "valid_from": "2026-01-01", "items": [{"code": "GLU", "per_year": 4}], "diagnosis_prefixes": ["E10", "E11"],
}  # fmt: skip


async def offered(town: Town, **more: Any) -> str:
    """Offer a service that a programme pays for the diagnosed; return an elder."""
    await town.offer("GLU")
    await made(town.governor, "/programmes", PROGRAMME | more)
    return await town.elder()


async def recorded(town: Town, person: str, **more: Any) -> dict[str, Any]:
    body = {"institution_id": town.at, "code": "E11.900", "name": "2型糖尿病", "valid_from": "2026-01-01"} | more
    return await made(town.doctor, f"/patients/{person}/diagnoses", body)


async def paid(town: Town, person: str, on: str = DAY) -> int:
    """Return what the programme would pay of a service on a day, in fen."""
    return fund(await town.quote(person, "GLU", on=on), "public_program")


class TestDiagnoses:
    async def test_a_recorded_one_enrols_and_an_ended_one_does_no_more_from_the_day_after(self, town: Town) -> None:
        person = await offered(town)
        before = await town.quote(person, "GLU")
        assert (fund(before, "public_program"), before["patient_fen"]) == (0, 1000)
        diagnosis = await recorded(town, person)
        after = await town.quote(person, "GLU")
        assert (fund(after, "public_program"), after["patient_fen"]) == (1000, 0)
        assert "糖尿病健康服务”（符合条件自动纳入）" in str(after["lines"])
        entitled = (await shown(town.doctor, f"/patients/{person}/entitlements"))["items"]
        assert [(each["code"], each["remaining"]) for each in entitled] == [("GLU", 4)]
        path = f"/patients/{person}/diagnoses/{diagnosis['id']}"
        for _ in range(2):  # the same again is the same
            await changed(town.doctor, path, {"valid_to": DAY})
            assert [await paid(town, person, on) for on in (DAY, "2026-03-04")] == [1000, 0]
        await changed(town.doctor, path, {"valid_to": None})
        assert await paid(town, person, "2026-03-04") == 1000

    async def test_one_that_was_withdrawn_never_enrolled_and_says_why(self, town: Town) -> None:
        person = await offered(town)
        diagnosis = await recorded(town, person)
        path = f"/patients/{person}/diagnoses/{diagnosis['id']}/withdrawal"
        answer = await town.doctor.post(path, json={"because": "登记错人"})
        assert answer.status_code == 200, answer.text
        assert [await paid(town, person, on) for on in ("2026-02-01", DAY)] == [0, 0]
        [told] = (await shown(town.doctor, f"/patients/{person}/diagnoses"))["items"]
        assert told["withdrawn_because"] == "登记错人"

    @pytest.mark.parametrize(
        ("change", "fen"),
        [
            ({}, 1000), ({"code": "E10.900"}, 1000), ({"code": "E11.900x001"}, 1000), ({"code": "I10.x00"}, 0),
            ({"valid_to": "2026-03-02"}, 0), ({"valid_to": DAY}, 1000),
        ],
    )  # fmt: skip
    async def test_code_and_days_decide_whether_the_programme_pays(
        self, town: Town, change: dict[str, Any], fen: int
    ) -> None:
        person = await offered(town)
        await recorded(town, person, **change)
        assert await paid(town, person) == fen

    async def test_it_enrols_from_its_first_day_on(self, town: Town) -> None:
        person = await offered(town)
        await recorded(town, person, valid_from="2026-03-02")
        assert [await paid(town, person, on) for on in ("2026-03-01", "2026-03-02")] == [0, 1000]

    async def test_is_read_with_its_name_source_and_institution(self, town: Town) -> None:
        person = await town.elder()
        await recorded(town, person, name="二型糖尿病", source="outside_record")
        [told] = (await shown(town.doctor, f"/patients/{person}/diagnoses"))["items"]
        assert (told["name"], told["source"]) == ("二型糖尿病", "outside_record")
        assert told["recorded_by_institution_id"] == town.at
        other = str(await town.world.add_institution())
        refused = await town.doctor.post(
            f"/patients/{person}/diagnoses",
            json={"institution_id": other, "code": "I10.x00", "name": "高血压", "valid_from": "2026-01-01"},
        )
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")


class TestProgrammes:
    @pytest.mark.parametrize(
        ("change", "fen"),
        [
            ({}, 1000), ({"diagnosis_prefixes": ["I10"]}, 0), ({"diagnosis_prefixes": ["E11.900"]}, 1000),
            ({"minimum_age": 81}, 0), ({"key_groups": ["dementia"]}, 0),
            ({"minimum_age": 80, "key_groups": ["disabled"]}, 1000), ({"valid_to": "2026-03-02"}, 0),
        ],
    )  # fmt: skip
    async def test_a_diagnosis_counts_beside_age_and_group(self, town: Town, change: dict[str, Any], fen: int) -> None:
        # born on 1 May 1945: 80 years old; disabled
        person = await offered(town, **change)
        await recorded(town, person)
        assert await paid(town, person) == fen

    async def test_what_begins_no_code_is_refused(self, town: Town) -> None:
        await town.offer("GLU")
        for prefixes in (["糖尿病"], ["E11", "E11"], [""]):
            answer = await town.governor.post("/programmes", json=PROGRAMME | {"diagnosis_prefixes": prefixes})
            assert answer.status_code == 422, prefixes
