"""Settling anew: a contract signed, upgraded or ended late, with the difference for the family and the trail kept."""

from typing import Any

import pytest
from httpx import Response

from service.accounts.rules import Role
from tests.billing.day import Day, line_of, parts
from tests.billing.test_settling import left_of


async def resettle(day: Day, bill: dict[str, Any]) -> Response:
    return await day.http.post(f"/settlements/{bill['id']}/resettlement", json={"reason": "补录签约"})


async def done(day: Day, bill: dict[str, Any]) -> dict[str, Any]:
    answer = await resettle(day, bill)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


class TestOneVisit:
    async def test_a_contract_entered_late_pays_and_the_family_is_owed_the_difference(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        visit_id = await day.visit(person_id)
        old = await day.bill(visit_id)
        assert old["patient_fen"] == 1000
        await day.contract(person_id, {"BP": 8})
        told = await done(day, old)
        assert told["difference_fen"] == -1000
        [before], [after] = told["before"], told["after"]
        assert (before["id"], before["reversal"]) == (old["id"], None)
        assert (parts(after, "BP"), after["patient_fen"]) == ([("contract", 1, 1000)], 0)
        assert (await left_of(day, person_id))["BP"] == (1, 0)
        # the trail: the old bill stands with its reversal, the visit's bill is the new one
        kept = (await day.http.get(f"/settlements/{old['id']}")).json()
        assert (kept["reversal"]["reason"], kept["patient_fen"]) == ("补录签约", 1000)
        assert (await day.status(visit_id))["settlement"]["id"] == after["id"]

    async def test_a_contract_ended_late_pays_no_more_and_the_family_owes_the_difference(self, day: Day) -> None:
        await day.list_services("BP")
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        contract_id = await day.contract(person_id, {"BP": 8})
        old = await day.bill(await day.visit(person_id))
        doctor = await day.world.as_role(Role.doctor)
        ended = await doctor.post(
            f"/contracts/{contract_id}/termination", json={"on": "2026-02-28", "reason": "moved_away"}
        )
        assert ended.status_code == 200, ended.text
        assert (await left_of(day, person_id))["BP"] == (1, 0)
        told = await done(day, old)
        assert (told["difference_fen"], told["after"][0]["patient_fen"]) == (1000, 1000)
        assert (await left_of(day, person_id))["BP"] == (0, 0)

    async def test_nothing_is_taken_back_where_nothing_would_change(self, day: Day) -> None:
        await day.price("BP", "10")
        visit_id = await day.visit(await day.world.add_patient())
        old = await day.bill(visit_id)
        answer = await resettle(day, old)
        assert (answer.status_code, answer.json()["code"]) == (409, "bill-unchanged")
        assert (await day.status(visit_id))["settlement"] == old

    async def test_a_bill_that_was_taken_back_is_not_made_anew(self, day: Day) -> None:
        await day.price("BP", "10")
        old = await day.bill(await day.visit(await day.world.add_patient()))
        assert (await day.reverse(old)).status_code == 201
        answer = await resettle(day, old)
        assert (answer.status_code, answer.json()["code"]) == (409, "reversed-already")

    async def test_only_its_institution_settles_anew(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        old = await day.bill(await day.visit(person_id))
        await day.contract(person_id, {"BP": 8})
        stranger = await day.world.as_role(Role.finance, await day.world.add_institution())
        answer = await stranger.post(f"/settlements/{old['id']}/resettlement", json={"reason": "x"})
        assert answer.status_code == 404
        assert (await day.status(old["visit_id"]))["settlement"]["id"] == old["id"]


class TestATrip:
    @pytest.mark.parametrize("asked", [0, 1])
    async def test_all_bills_of_the_trip_are_made_anew_and_share_one_fee(self, day: Day, asked: int) -> None:
        await day.price("BP", "10")
        await day.tariff()
        home_id = await day.world.add_home()
        trip_id = await day.trip(home_id)
        people = [await day.world.add_patient(home_id=home_id) for _ in range(2)]
        visits = [await day.visit(each, home_id=home_id, trip_id=trip_id, trip_key=trip_id) for each in people]
        old = [await day.bill(each) for each in visits]
        assert [line_of(bill, "VISIT_FEE")["gross_fen"] for bill in old] == [3900, 3900]
        await day.contract(people[0], {"BP": 8}, covers_visit_fee=True)
        told = await done(day, old[asked])
        after = {bill["visit_id"]: bill for bill in told["after"]}
        assert told["difference_fen"] == -1000 - 3900
        assert {bill["id"] for bill in told["before"]} == {bill["id"] for bill in old}
        assert [after[str(each)]["patient_fen"] for each in visits] == [0, 4900]
        assert [line_of(after[str(each)], "VISIT_FEE")["gross_fen"] for each in visits] == [3900, 3900]
