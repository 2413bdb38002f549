"""Bills that meet a safety bound wait for a human: none is sent, none is lost, each is decided once."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from service.accounts.rules import Role
from service.billing.ceiling import Rise
from service.billing.parking import rules
from service.billing.parking.rules import Bounds, Hospital, Usual, Why
from service.core.ids import new_id
from tests.billing.day import MORNING, ON, Day, parts
from tests.billing.test_quotes import accept, quote

BOUNDS = Bounds(usual_multiple=Decimal(3), usual_minimum=2, daily_limit=2)


class TestReasons:
    @pytest.mark.parametrize(
        ("met", "whys"),
        [
            ({}, []),
            ({"gross_fen": 3000, "usual": Usual(1000, is_quote=True)}, []),
            ({"gross_fen": 3001, "usual": Usual(1000, is_quote=True)}, [Why.above_usual]),
            ({"gross_fen": 3001, "usual": Usual(0, is_quote=False)}, []),
            ({"settled_that_day": 1}, []),
            ({"settled_that_day": 2}, [Why.too_many_today]),
            ({"hospital": Hospital("二院", ON)}, [Why.in_hospital]),
            ({"rise": Rise(1, 0)}, [Why.balance_used]),
            ({"rise": Rise(0, 1)}, []),
            ({"rise": Rise(1, 0), "settled_that_day": 9, "hospital": Hospital("二院", ON)},
             [Why.balance_used, Why.too_many_today, Why.in_hospital]),
        ],
    )  # fmt: skip
    def test_are_all_bounds_that_a_bill_meets(self, met: dict[str, Any], whys: list[Why]) -> None:
        plain: dict[str, Any] = {
            "gross_fen": 1000, "agreed_fen": 1000, "rise": Rise(0, 0), "usual": None, "settled_that_day": 0,
            "hospital": None,
        }  # fmt: skip
        found = rules.reasons_of(**(plain | met), bounds=BOUNDS)
        assert [each.why for each in found] == whys
        assert all("{" not in each.sentence and each.sentence for each in found)

    def test_a_multiple_of_nothing_compares_nothing(self) -> None:
        assert not rules.is_above(10**9, 1, Decimal(0))
        assert rules.is_above(2, 1, Decimal("1.5"))
        assert not rules.is_above(3, 2, Decimal("1.5"))


async def decide(day: Day, parked_id: str, word: str, **body: Any) -> tuple[int, dict[str, Any]]:
    told = await day.http.post(f"/parked-settlements/{parked_id}/{word}", json={"reason": "已核实"} | body)
    return told.status_code, dict(told.json())


async def in_hospital(day: Day, person_id: UUID, first: date = ON) -> None:
    doctor = await day.world.as_role(Role.doctor)
    body = {"hospital": "第二人民医院", "admitted_on": first.isoformat()}
    assert (await doctor.post(f"/patients/{person_id}/hospital-stays", json=body)).status_code == 201


async def parked(day: Day) -> tuple[UUID, dict[str, Any]]:
    """Return a visit of somebody who lies in hospital, and its parked bill."""
    await day.price("BP", "10")
    person_id = await day.world.add_patient()
    await in_hospital(day, person_id)
    visit_id = await day.visit(person_id, ("BP", 1))
    await day.work(visit_id)
    told = await day.status(visit_id)
    assert told["status"] == "parked", told
    return visit_id, dict(told["parked"])


class TestBounds:
    async def test_who_lies_in_hospital_is_not_billed_by_itself(self, day: Day) -> None:
        _, row = await parked(day)
        (reason,) = row["reasons"]
        assert reason["sentence"] == "该居民自2026-03-02起在第二人民医院住院"
        assert (row["gross_fen"], row["patient_fen"], row["state"]) == (1000, 1000, "open")

    async def test_who_was_discharged_that_day_is(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        doctor = await day.world.as_role(Role.doctor)
        stay = {"hospital": "二院", "admitted_on": "2026-02-20", "discharged_on": ON.isoformat()}
        assert (await doctor.post(f"/patients/{person_id}/hospital-stays", json=stay)).status_code == 201
        assert (await day.bill(await day.visit(person_id)))["patient_fen"] == 1000

    async def test_one_bill_too_many_of_a_day_wherever_the_others_were_made(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.setting("bill.daily_limit", 1)
        person_id = await day.world.add_patient()
        first, second = [await day.visit(person_id) for _ in range(2)]
        next_day = await day.visit(person_id, start=MORNING + timedelta(days=1))
        await day.work(first, second, next_day)
        assert [(await day.status(each))["status"] for each in (first, second, next_day)] == [
            "settled", "parked", "settled",
        ]  # fmt: skip

    async def test_a_bill_far_above_its_quote(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.setting("bill.usual_multiple", "2")
        told = []
        for units in (2, 3):
            home_id = await day.world.add_home()
            person_id = await day.world.add_patient(home_id=home_id)
            quoted = await quote(day, person_id, home_id)
            order_id = await day.order(person_id, [("BP", 1)], home_id=home_id, metres=quoted.distance_metres)
            await accept(day, quoted.quote_id, order_id)
            visit_id = await day.visit(person_id, ("BP", units), home_id=home_id, order_id=order_id)
            await day.work(visit_id)
            told.append((await day.status(visit_id))["status"])
        assert told == ["settled", "parked"]

    async def test_a_bill_far_above_the_median_of_the_last_ones_once_there_are_enough(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.setting("bill.usual_multiple", "2")
        await day.setting("bill.usual_minimum", 2)
        told = []
        for units in (9, 1, 1, 3, 2):
            visit_id = await day.visit(await day.world.add_patient(), ("BP", units))
            await day.work(visit_id)
            told.append((await day.status(visit_id))["status"])
        assert told == ["settled", "settled", "settled", "parked", "settled"]


class TestDeciding:
    async def test_a_release_settles_in_the_name_of_whoever_looked(self, day: Day) -> None:
        visit_id, row = await parked(day)
        status, told = await decide(day, row["id"], "release")
        assert (status, told["state"], told["reason"], told["collect_rise"]) == (200, "released", "已核实", False)
        bill = (await day.status(visit_id))["settlement"]
        assert (told["settlement_id"], parts(bill, "BP")) == (bill["id"], [("self_pay", None, 1000)])

    async def test_it_is_decided_once(self, day: Day) -> None:
        _, row = await parked(day)
        assert (await decide(day, row["id"], "release"))[0] == 200
        for word in ("release", "rejection"):
            status, told = await decide(day, row["id"], word)
            assert (status, told["code"]) == (409, "parking-decided")

    async def test_a_rejected_visit_is_never_billed(self, day: Day) -> None:
        visit_id, row = await parked(day)
        status, told = await decide(day, row["id"], "rejection")
        assert (status, told["state"], told["settlement_id"]) == (200, "rejected", None)
        await day.work(visit_id)
        seen = await day.status(visit_id)
        assert (seen["status"], seen["settlement"], seen["parked"]["reason"]) == ("parked", None, "已核实")
        by_hand = await day.settle(visit_id)
        assert (by_hand.status_code, by_hand.json()["code"]) == (409, "bill-rejected")

    async def test_a_bill_made_by_hand_is_parked_as_well(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await in_hospital(day, person_id)
        visit_id = await day.visit(person_id)
        told = await day.settle(visit_id)
        assert (told.status_code, told.json()["state"]) == (202, "open")
        assert (await day.status(visit_id))["parked"]["id"] == told.json()["id"]

    @pytest.mark.parametrize("parked_first", [True, False])
    async def test_asked_again_under_its_key_it_answers_with_the_same_status(
        self, day: Day, parked_first: bool
    ) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        if parked_first:
            await in_hospital(day, person_id)
        visit_id = await day.visit(person_id)
        if not parked_first:
            await day.work(visit_id)
        path, key = f"/visits/{visit_id}/settlement", {"Idempotency-Key": new_id().hex}
        first, again = [await day.http.post(path, headers=key) for _ in range(2)]
        assert first.status_code == again.status_code == (202 if parked_first else 200)
        assert (first.json(), again.headers["Idempotency-Replayed"]) == (again.json(), "true")

    async def test_a_released_bill_that_is_taken_back_is_looked_at_again(self, day: Day) -> None:
        visit_id, row = await parked(day)
        await decide(day, row["id"], "release")
        bill = (await day.status(visit_id))["settlement"]
        assert (await day.reverse(bill)).status_code == 201
        again = await day.settle(visit_id)
        assert (again.status_code, again.json()["id"] != row["id"]) == (202, True)

    async def test_whoever_was_at_the_door_does_not_decide(self, day: Day) -> None:
        _, row = await parked(day)
        account_id = await day.world.add_account(Role.finance, day.world.institution_id)
        async with day.world.owner.begin() as connection:
            await connection.exec_driver_sql(
                "update practitioners set account_id = $1 where id = $2", (account_id, day.nurse)
            )
        day.finance = day.world.client(day.world.principal(Role.finance, account_id))
        for word in ("release", "rejection"):
            status, told = await decide(day, row["id"], word)
            assert (status, told["code"]) == (409, "own-visit")

    async def test_another_institution_s_is_not_there(self, day: Day) -> None:
        _, row = await parked(day)
        day.finance = await day.world.as_role(Role.finance, await day.world.add_institution())
        assert (await decide(day, row["id"], "release"))[0] == 404
        assert (await day.http.get("/parked-settlements")).json()["items"] == []
        assert (await decide(day, str(new_id()), "rejection"))[0] == 404

    async def test_the_list_shows_what_waits_and_what_was_decided(self, day: Day) -> None:
        _, row = await parked(day)
        desk = await day.world.as_role(Role.dispatcher)

        async def listed(**asked: str) -> list[str]:
            told = await desk.get("/parked-settlements", params=asked)
            return [each["id"] for each in told.json()["items"]]

        assert (await listed(), await listed(state="open"), await listed(state="released")) == ([row["id"]],) * 2 + (
            [],
        )
        await decide(day, row["id"], "release")
        assert (await listed(state="open"), await listed(state="released")) == ([], [row["id"]])

    async def test_the_elder_does_not_see_why_his_bill_waits(self, day: Day) -> None:
        visit_id, row = await parked(day)
        account_id = await day.world.add_account(Role.elder)
        await day.world.add_relation(UUID(row["person_id"]), account_id)
        elder = day.world.client(day.world.principal(Role.elder, account_id))
        seen = (await elder.get(f"/visits/{visit_id}/settlement")).json()
        assert (seen["status"], seen["parked"]) == ("open", None)
        assert (await elder.get("/parked-settlements")).status_code == 404
