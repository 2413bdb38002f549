"""What is written about staff is what the dispatcher reads on the list of those on duty, and plans with."""

from typing import Any

from service.accounts.rules import Role
from tests.fields.town import DAY, NORTH, Town, changed, made, shown

SHIFT = {"start": f"{DAY}T08:00:00+08:00", "end": f"{DAY}T17:00:00+08:00"}


async def worker(town: Town, **more: Any) -> str:
    """Register a nurse; return the id."""
    body = {
        "institution_id": town.at, "staff_no": f"N{town.world.number()}", "name": "护士甲", "sex": "female",
        "role": "nurse", "title": "assistant", "station_id": str(town.world.station_id), "travel_mode": "ebike",
    }  # fmt: skip
    return str((await made(town.chief, "/practitioners", body | more))["id"])


async def duties(town: Town, on: str = DAY, house: str | None = None) -> dict[str, dict[str, Any]]:
    """Return who is on duty, by id, as the dispatcher reads it."""
    found = await shown(town.desk, f"{house or town.house}/duties", on=on)
    return {each["practitioner_id"]: each for each in found["items"]}


class TestPractitioners:
    async def test_two_who_differ_in_everything_differ_on_the_list_of_duties(self, town: Town) -> None:
        station = await made(town.chief, f"{town.house}/stations", {"code": "S2", "name": "北站", "place": NORTH})
        one = await worker(town)
        two = await worker(
            town,
            name="护士丙",
            sex="male",
            role="therapist",
            title="junior",
            station_id=station["id"],
            travel_mode="car",
        )
        idle = await worker(town, active=False)
        for each in (one, two, idle):
            await made(town.chief, f"/practitioners/{each}/shifts", SHIFT)
        told = await duties(town)
        assert set(told) == {one, two}
        assert [told[each]["name"] for each in (one, two)] == ["护士甲", "护士丙"]
        assert [told[each]["sex"] for each in (one, two)] == ["female", "male"]
        assert [told[each]["travel_mode"] for each in (one, two)] == ["ebike", "car"]
        assert [told[each]["lat"] < NORTH["lat"] for each in (one, two)] == [True, False]
        assert told[one]["skills"] == ["role:nurse", "title:assistant"]
        assert told[two]["skills"] == ["role:therapist", "title:assistant", "title:junior"]

    async def test_works_for_the_institution_that_registered_him_under_a_number_of_its_own(self, town: Town) -> None:
        await worker(town, staff_no="N1000")
        refused = await town.chief.post("/practitioners", json=(await _body(town)) | {"staff_no": "N1000"})
        assert refused.json()["code"] == "staff-no-taken"
        other = await town.world.add_institution()
        answer = await town.chief.post("/practitioners", json=(await _body(town)) | {"institution_id": str(other)})
        assert answer.status_code == 404

    async def test_an_account_is_his_from_the_registration_on(self, town: Town) -> None:
        account = await town.world.add_account(Role.nurse, town.world.institution_id)
        nurse = town.world.client(town.world.principal(Role.nurse, account))
        person = await worker(town, account_id=str(account))
        await made(town.chief, f"/practitioners/{person}/shifts", SHIFT)
        mine = await shown(nurse, "/my/shifts", **{"from": DAY, "to": DAY})
        assert [each["practitioner_id"] for each in mine["items"]] == [person]


class TestQualifications:
    async def test_a_licence_licenses_and_a_skill_counts_on_its_days(self, town: Town) -> None:
        person = await worker(town)
        rows = f"/practitioners/{person}/qualifications"
        for on in ("2026-03-03", "2026-03-04", "2026-03-05"):
            shift = {"start": f"{on}T08:00:00+08:00", "end": f"{on}T12:00:00+08:00"}
            await made(town.chief, f"/practitioners/{person}/shifts", shift)
        one_day = {"valid_from": "2026-03-04", "valid_to": "2026-03-04"}
        licence = {"kind": "licence", "code": "nurse", "certificate_no": "执2017", "valid_from": "2026-03-04"}
        held = await made(town.chief, rows, licence)
        await made(town.chief, rows, {"kind": "skill", "code": "wound_care", "certificate_no": "技01"} | one_day)

        async def told(on: str) -> tuple[bool, bool, list[str]]:
            duty = (await duties(town, on))[person]
            return duty["licensed"], "wound_care" in duty["skills"], duty["certificate_nos"]

        assert await told("2026-03-03") == (False, False, [])
        assert await told("2026-03-04") == (True, True, ["执2017", "技01"])
        assert await told("2026-03-05") == (True, False, ["执2017"])
        await changed(town.chief, f"{rows}/{held['id']}", {"valid_to": "2026-03-04"})
        assert await told("2026-03-05") == (False, False, [])

    async def test_a_certificate_is_one_persons_at_a_time(self, town: Town) -> None:
        one, two = [f"/practitioners/{await worker(town)}/qualifications" for _ in range(2)]
        paper = {"kind": "skill", "code": "wound_care", "certificate_no": "技01", "valid_from": "2026-03-01"}
        held = await made(town.chief, one, paper)
        # one certificate may prove several skills of its holder
        await made(town.chief, one, paper | {"code": "stoma_care", "valid_to": "2026-03-02"})
        refused = await town.chief.post(two, json=paper)
        assert (refused.status_code, refused.json()["code"]) == (409, "certificate-taken")
        await made(town.chief, two, paper | {"certificate_no": "技02", "valid_to": "2026-03-02"})
        await made(town.chief, two, paper | {"kind": "licence", "code": "nurse"})
        await changed(town.chief, f"{one}/{held['id']}", {"valid_to": "2026-03-02"})
        await made(town.chief, two, paper | {"valid_from": "2026-03-03"})
        refused = await town.chief.patch(f"{one}/{held['id']}", json={"valid_to": None})
        assert (refused.status_code, refused.json()["code"]) == (409, "certificate-taken")


class TestShifts:
    async def test_the_dispatcher_sees_the_hours_as_added_and_as_changed(self, town: Town) -> None:
        person = await worker(town)
        shift = await made(town.chief, f"/practitioners/{person}/shifts", SHIFT)

        async def hours() -> tuple[str, str]:
            duty = (await duties(town))[person]
            return duty["shift_start"], duty["shift_end"]

        assert await hours() == (f"{DAY}T00:00:00Z", f"{DAY}T09:00:00Z")
        change = {"start": f"{DAY}T09:00:00+08:00", "end": f"{DAY}T15:00:00+08:00"}
        await changed(town.chief, f"/shifts/{shift['id']}", change)
        assert await hours() == (f"{DAY}T01:00:00Z", f"{DAY}T07:00:00Z")


async def _body(town: Town) -> dict[str, Any]:
    return {
        "institution_id": town.at, "staff_no": f"N{town.world.number()}", "name": "护士甲", "sex": "female",
        "role": "nurse", "station_id": str(town.world.station_id), "travel_mode": "ebike",
    }  # fmt: skip
