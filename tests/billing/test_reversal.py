"""Reversals: everything a bill used comes back, and a trip is corrected together."""

from uuid import UUID

import pytest

from service.accounts.rules import Role
from tests.billing.day import Day, parts
from tests.billing.test_settling import left_of


class TestReversal:
    async def test_it_returns_every_balance_and_the_visit_may_be_settled_again(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.price("DRESSING", "100", insurance_class="A")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 2})
        await day.programme(person_id, {"BP": 1})
        await day.insure(person_id, deductible_fen=5000)
        first = await day.bill(await day.visit(person_id, ("BP", 2), ("DRESSING", 1)))
        used = await left_of(day, person_id)
        answer = await day.reverse(first)
        assert answer.status_code == 201, answer.text
        back = answer.json()["reversal"]
        assert (back["gross_fen"], back["patient_fen"], back["reason"]) == (
            first["gross_fen"], first["patient_fen"], "更正",
        )  # fmt: skip
        assert all(left == (0, 0) for left in (await left_of(day, person_id)).values())
        visit_id = UUID(first["visit_id"])
        assert (await day.status(visit_id))["status"] == "reversed"
        told = (await day.http.get(f"/settlements/{first['id']}")).json()["reversal"]
        assert told["reason"] == "更正"
        second = (await day.settle(visit_id)).json()
        assert (second["seq"], second["lines"]) == (2, first["lines"])
        assert await left_of(day, person_id) == used

    async def test_a_bill_is_reversed_once(self, day: Day) -> None:
        await day.price("BP", "10")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        assert (await day.reverse(bill)).status_code == 201
        refused = await day.reverse(bill)
        assert (refused.status_code, refused.json()["code"]) == (409, "reversed-already")

    async def test_the_order_opens_again_and_closes_with_the_next_bill(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id, home_id = await day.world.add_patient(), await day.world.add_home()
        order_id = await day.order(person_id, [("BP", 1)], home_id=home_id)
        visit_id = await day.visit(person_id, home_id=home_id, order_id=order_id)
        dispatcher = await day.world.as_role(Role.dispatcher)

        async def state() -> str:
            return str((await dispatcher.get(f"/orders/{order_id}")).json()["state"])

        bill = (await day.settle(visit_id)).json()
        assert await state() == "closed"
        await day.reverse(bill)
        assert await state() == "done"
        await day.settle(visit_id)
        assert await state() == "closed"

    async def test_the_worker_settles_a_reversed_visit_again_only_when_told(self, day: Day) -> None:
        await day.price("BP", "10")
        visit_id = await day.visit(await day.world.add_patient())
        bill = await day.bill(visit_id)
        await day.reverse(bill)
        assert (await day.bill(visit_id))["seq"] == 2

    async def test_what_is_reversed_no_longer_counts_as_used_by_the_next_visit(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 1})
        first, second = await day.visit(person_id), await day.visit(person_id)
        bill = await day.bill(first)
        await day.reverse(bill)
        assert parts(await day.bill(second), "BP") == [("contract", 1, 1000)]
        assert parts(await day.bill(first), "BP") == [("self_pay", None, 1000)]


class TestTrip:
    async def test_none_is_corrected_while_another_of_the_trip_is_settled(self, day: Day) -> None:
        first, second = await self._trip(day)
        bills = [await day.bill(first), await day.bill(second)]
        await day.reverse(bills[0])
        refused = await day.settle(first)
        assert (refused.status_code, refused.json()["code"]) == (409, "trip-settled")
        await day.work(first)
        assert (await day.status(first))["refusal"]["code"] == "trip-settled"
        await day.reverse(bills[1])
        again = [(await day.settle(each)).json() for each in (first, second)]
        assert [bill["visit_fee_fen"] for bill in again] == [3900, 3900]
        assert [bill["seq"] for bill in again] == [2, 2]

    async def test_a_corrected_trip_may_have_another_fee(self, day: Day) -> None:
        first, second = await self._trip(day)
        for each in (first, second):
            await day.reverse(await day.bill(each))
        async with day.world.owner.begin() as connection:
            await connection.exec_driver_sql(
                'update visit_fee_tariffs set tiers = \'[{"up_to_km": "5", "price": "50"}]\' where institution_id = $1',
                (day.world.institution_id,),
            )
        again = [(await day.settle(each)).json() for each in (first, second)]
        assert [bill["visit_fee_fen"] for bill in again] == [2500, 2500]

    async def test_who_was_not_counted_when_the_fee_was_split_waits_until_all_are_reversed(self, day: Day) -> None:
        first, second = await self._trip(day, late_code="LATE")
        alone = await day.bill(first)
        assert alone["visit_fee_fen"] == 7800
        await day.price("LATE", "20")
        refused = await day.settle(second)
        assert (refused.status_code, refused.json()["code"]) == (409, "trip-fee-fixed")
        await day.reverse(alone)
        assert [(await day.settle(each)).json()["visit_fee_fen"] for each in (first, second)] == [3900, 3900]

    async def test_also_when_the_share_of_the_others_was_waived_and_his_own_would_fit(self, day: Day) -> None:
        first, second = await self._trip(day, late_code="LATE", first_in_bed=True)
        alone = await day.bill(first)
        assert alone["visit_fee_fen"] == 0
        await day.price("LATE", "20")
        refused = await day.settle(second)
        assert (refused.status_code, refused.json()["code"]) == (409, "trip-fee-fixed")
        await day.reverse(alone)
        assert [(await day.settle(each)).json()["visit_fee_fen"] for each in (first, second)] == [0, 3900]

    async def _trip(self, day: Day, late_code: str = "BP", *, first_in_bed: bool = False) -> tuple[UUID, UUID]:
        await day.price("BP", "10")
        await day.tariff()
        home_id = await day.world.add_home()
        trip_id = await day.trip(home_id)
        people = [await day.world.add_patient(home_id=home_id) for _ in range(2)]
        if first_in_bed:
            await day.bed(people[0])
        first, second = [
            await day.visit(person_id, (code, 1), home_id=home_id, trip_id=trip_id)
            for person_id, code in zip(people, ("BP", late_code), strict=True)
        ]
        return first, second


class TestRights:
    @pytest.mark.parametrize("role", [Role.nurse, Role.dispatcher, Role.institution_admin, Role.elder])
    async def test_only_finance_settles_and_reverses(self, day: Day, role: Role) -> None:
        await day.price("BP", "10")
        visit_id = await day.visit(await day.world.add_patient())
        bill = await day.bill(visit_id)
        other = await day.world.as_role(role)
        assert (await other.post(f"/visits/{visit_id}/settlement")).status_code == 403
        answer = await other.post(f"/settlements/{bill['id']}/reversal", json={"reason": "更正"})
        assert answer.status_code == 403

    async def test_finance_of_another_institution_finds_nothing(self, day: Day) -> None:
        await day.price("BP", "10")
        visit_id = await day.visit(await day.world.add_patient())
        bill = await day.bill(visit_id)
        stranger = await day.world.as_role(Role.finance, await day.world.add_institution())
        answers = [
            await stranger.post(f"/visits/{visit_id}/settlement"),
            await stranger.get(f"/visits/{visit_id}/settlement"),
            await stranger.get(f"/settlements/{bill['id']}"),
            await stranger.get(f"/settlements/{bill['id']}/case"),
            await stranger.post(f"/settlements/{bill['id']}/reversal", json={"reason": "更正"}),
        ]
        assert [answer.status_code for answer in answers] == [404] * 5
        assert (await stranger.get("/settlements")).json()["items"] == []
