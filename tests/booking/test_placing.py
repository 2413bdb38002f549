"""Placing an order over HTTP: what is written, quoted and reserved, and every way it is refused."""

import pytest

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.booking.scene import Scene
from tests.world import CENTRE


class TestPlaceOrder:
    async def test_an_elder_places_an_order_with_its_quote(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            answer = await scene.place(elder, items=[{"code": "REHAB", "quantity": 2}, {"code": "BLOOD"}])
        assert answer.status_code == 201, answer.text
        order, quote = answer.json()["order"], answer.json()["quote"]
        assert order["state"] == "submitted"
        assert order["order_no"] == "20260302-0001"
        assert order["service_on"] == "2026-03-03"
        assert order["home_id"] == str(scene.home_id)
        assert order["items"] == [{"code": "BLOOD", "quantity": 1}, {"code": "REHAB", "quantity": 2}]
        assert order["distance_metres"] == quote["distance_metres"] == 0
        assert order["placed_by_account_id"] == str(scene.account_id)
        assert [move["because"] for move in order["moves"]] == ["提交预约"]
        assert {line["code"]: line["gross_fen"] for line in quote["lines"]} == {"REHAB": 12000, "BLOOD": 1250}
        assert quote["patient_fen"] == quote["gross_fen"] == 13250
        assert all(line["reason"] for line in quote["lines"])
        assert quote["order_id"] == order["id"]

    async def test_numbers_go_on(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            numbers = [(await scene.placed(elder))["order_no"] for _ in range(2)]
        assert numbers == ["20260302-0001", "20260302-0002"]

    async def test_the_same_key_places_one_order(self, scene: Scene) -> None:
        await scene.add_programme(8)
        key = {"Idempotency-Key": "order-1"}
        async with scene.elder() as elder:
            first = await elder.post("/orders", json=scene.asked(), headers=key)
            again = await elder.post("/orders", json=scene.asked(), headers=key)
            other = await elder.post("/orders", json=scene.asked(kind="institution_round"), headers=key)
        assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
        assert again.json() == first.json()
        assert again.headers["Idempotency-Replayed"] == "true"
        assert await scene.count("orders") == 1
        assert await scene.held(first.json()["order"]["id"]) == 1

    async def test_the_distance_of_the_quote_is_the_orders(self, scene: Scene) -> None:
        far = await scene.world.add_home(lat=CENTRE[1] + 0.01)
        await scene.add_tariff()
        scene.person_id = await scene.add_elder("chronic", home_id=far)
        async with await scene.world.as_role(Role.dispatcher) as staff:
            answer = await scene.place(staff)
        assert 1100 < answer.json()["order"]["distance_metres"] < 1120
        assert answer.json()["order"]["distance_metres"] == answer.json()["quote"]["distance_metres"]

    async def test_reserves_exactly_the_units_of_its_quote(self, scene: Scene) -> None:
        await scene.add_programme(8)
        async with scene.elder() as elder:
            answer = (await scene.place(elder, items=[{"code": "REHAB", "quantity": 3}])).json()
        assert answer["quote"]["patient_fen"] == 0
        assert await scene.held(answer["order"]["id"]) == 3

    async def test_units_held_by_another_order_count_as_used(self, scene: Scene) -> None:
        await scene.add_programme(1)
        async with scene.elder() as elder:
            first = (await scene.place(elder)).json()
            second = (await scene.place(elder)).json()
        assert [each["quote"]["patient_fen"] for each in (first, second)] == [0, 6000]
        assert await scene.held(first["order"]["id"]) == 1
        assert await scene.held(second["order"]["id"]) == 0

    async def test_a_refused_booking_leaves_nothing(self, scene: Scene) -> None:
        await scene.add_programme(8)
        async with scene.elder() as elder:
            assert (await scene.place(elder, items=[{"code": "INFUSION"}])).status_code == 409
        assert [await scene.count(table) for table in ("orders", "quotes", "entitlement_entries")] == [0, 0, 0]

    async def test_auto_acceptance_is_a_move_of_its_own(self, scene: Scene) -> None:
        await scene.set("orders.auto_accept", True)
        async with scene.elder() as elder:
            order = await scene.placed(elder)
        assert order["state"] == "accepted"
        assert [(move["to_state"], move["moved_by_account_id"] is None) for move in order["moves"]] == [
            ("submitted", False),
            ("accepted", True),
        ]

    async def test_the_most_demanding_service_and_the_setting_decide_how_many_go(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            assert (await scene.placed(elder))["staff_count"] == 1
            assert (await scene.placed(elder, items=[{"code": "PAIR"}, {"code": "REHAB"}]))["staff_count"] == 2
            await scene.set("staff.minimum", 3)
            assert (await scene.placed(elder))["staff_count"] == 3

    async def test_two_go_and_two_are_charged(self, scene: Scene) -> None:
        await scene.add_tariff(per_staff=True)
        async with scene.elder() as elder:
            one = (await scene.place(elder)).json()["quote"]
            two = (await scene.place(elder, items=[{"code": "PAIR"}])).json()["quote"]
        fees = [next(line["gross_fen"] for line in q["lines"] if line["code"] == "VISIT_FEE") for q in (one, two)]
        assert fees == [3000, 6000]


class TestRights:
    async def test_staff_book_for_those_their_institution_cares_for(self, scene: Scene) -> None:
        for role in (Role.dispatcher, Role.doctor):
            async with await scene.world.as_role(role) as staff:
                assert (await scene.place(staff)).status_code == 201

    async def test_staff_do_not_book_at_another_institution(self, scene: Scene) -> None:
        other = await scene.world.add_institution()
        async with await scene.world.as_role(Role.dispatcher) as staff:
            assert (await scene.place(staff, institution_id=str(other))).status_code == 404
        async with await scene.world.as_role(Role.dispatcher, other) as stranger:
            assert (await scene.place(stranger, institution_id=str(other))).status_code == 404

    async def test_nurses_do_not_book(self, scene: Scene) -> None:
        async with await scene.world.as_role(Role.nurse) as nurse:
            assert (await scene.place(nurse)).status_code == 403

    @pytest.mark.requirement("R125")
    @pytest.mark.parametrize(("rights", "status"), [(["view", "book"], 201), (["view", "pay"], 403)])
    async def test_a_proxy_needs_the_right_to_book(self, scene: Scene, rights: list[str], status: int) -> None:
        account_id = await scene.world.add_account(Role.family_proxy)
        await scene.world.add_relation(scene.person_id, account_id, kind="proxy", rights=rights)
        async with scene.world.client(scene.world.principal(Role.family_proxy, account_id)) as proxy:
            assert (await scene.place(proxy)).status_code == status

    async def test_an_elder_does_not_book_for_another(self, scene: Scene) -> None:
        stranger = await scene.add_elder("disabled")
        async with scene.elder() as elder:
            assert (await scene.place(elder, person_id=str(stranger))).status_code == 404
            assert (await scene.place(elder, person_id=str(new_id()))).status_code == 404

    async def test_an_elder_chooses_an_institution_that_did_not_know_him(self, scene: Scene) -> None:
        other = await scene.world.add_institution()
        await scene.add_prices(other)
        async with await scene.world.as_role(Role.dispatcher, other) as staff:
            assert (await staff.get(f"/patients/{scene.person_id}")).status_code == 404
            async with scene.elder() as elder:
                order = await scene.placed(elder, institution_id=str(other))
            assert (await staff.get(f"/patients/{scene.person_id}")).status_code == 200
            assert (await staff.get(f"/orders/{order['id']}")).status_code == 200

    async def test_a_draft_shows_the_elder_to_nobody_new(self, scene: Scene) -> None:
        other = await scene.world.add_institution()
        async with scene.elder() as elder:
            await scene.placed(elder, institution_id=str(other), draft=True)
        async with await scene.world.as_role(Role.dispatcher, other) as staff:
            assert (await staff.get(f"/patients/{scene.person_id}")).status_code == 404

    async def test_an_unknown_institution_is_404(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            assert (await scene.place(elder, institution_id=str(new_id()))).status_code == 404
