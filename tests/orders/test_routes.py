"""Reading and deciding about orders over HTTP; placing, changing and cancelling are tested with booking."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.world import NOW, World

START = NOW + timedelta(days=1)


async def an_order(
    world: World, state: str = "submitted", *, kind: str = "home_visit", institution_id: UUID | None = None
) -> tuple[UUID, UUID]:
    """Add an elder and his order; return both ids."""
    home_id = await world.add_home()
    person_id = await world.add_patient(home_id=home_id, institution_id=institution_id)
    order_id = await world.add_order(
        person_id,
        home_id,
        start=START,
        end=START + timedelta(hours=2),
        state=state,
        kind=kind,
        institution_id=institution_id,
        items={"REHAB": 2, "BLOOD": 1},
    )
    return person_id, order_id


async def holding(world: World, person_id: UUID, order_id: UUID, units: int) -> UUID:
    """Let an order hold units of a contract's entitlement; return the entitlement's id."""
    entitlement_id = new_id()
    async with world.owner.begin() as connection:
        await connection.execute(
            text(
                "insert into entitlements (region_id, id, person_id, source, ref_id, code, period, cap, counting)"
                " values (:region, :id, :person, 'contract', :ref, 'REHAB', 'contract', 8, 'quantity')"
            ),
            {"region": world.region_id, "id": entitlement_id, "person": person_id, "ref": new_id()},
        )
        await connection.execute(
            text(
                "insert into entitlement_entries (region_id, entitlement_id, seq, kind, units, used_after,"
                " reserved_after, order_id, service_on, posted_at)"
                " values (:region, :id, 1, 'reserve', :units, 0, :units, :order, :on, :now)"
            ),
            {
                "region": world.region_id, "id": entitlement_id, "units": units, "order": order_id,
                "on": START.date(), "now": NOW,
            },
        )  # fmt: skip
    return entitlement_id


async def reserved(world: World, entitlement_id: UUID) -> int:
    """Return the units of an entitlement that are held now."""
    async with world.owner.connect() as connection:
        query = text(
            "select reserved_after from entitlement_entries where entitlement_id = :id order by seq desc limit 1"
        )
        return int(await connection.scalar(query, {"id": entitlement_id}))


class TestReadOrder:
    async def test_tells_the_order_its_items_and_its_history(self, world: World) -> None:
        person_id, order_id = await an_order(world)
        async with await world.as_role(Role.dispatcher) as staff:
            answer = await staff.get(f"/orders/{order_id}")
        order = answer.json()
        assert answer.status_code == 200, order
        assert order["person_id"] == str(person_id)
        assert order["state"] == "submitted"
        assert order["service_on"] == "2026-03-03"
        assert order["items"] == [{"code": "BLOOD", "quantity": 1}, {"code": "REHAB", "quantity": 2}]
        assert [move["to_state"] for move in order["moves"]] == ["submitted"]
        assert order["mobility_reason"] == "偏瘫"

    async def test_answers_304_until_the_order_moves(self, world: World) -> None:
        _, order_id = await an_order(world)
        async with await world.as_role(Role.dispatcher) as staff:
            etag = (await staff.get(f"/orders/{order_id}")).headers["etag"]
            again = await staff.get(f"/orders/{order_id}", headers={"If-None-Match": etag})
            assert again.status_code == 304
            await staff.post(f"/orders/{order_id}/acceptance")
            moved = await staff.get(f"/orders/{order_id}", headers={"If-None-Match": etag})
        assert moved.status_code == 200
        assert moved.headers["etag"] != etag

    async def test_is_hidden_from_another_institution(self, world: World) -> None:
        _, order_id = await an_order(world)
        other = await world.add_institution()
        async with await world.as_role(Role.dispatcher, other) as stranger:
            assert (await stranger.get(f"/orders/{order_id}")).status_code == 404

    async def test_is_told_to_the_elder_and_to_a_proxy_who_may_view(self, world: World) -> None:
        person_id, order_id = await an_order(world)
        for kind, rights, status in (("self", None, 200), ("proxy", ["view"], 200), ("proxy", ["pay"], 403)):
            role = Role.elder if kind == "self" else Role.family_proxy
            account_id = await world.add_account(role)
            await world.add_relation(person_id, account_id, kind=kind, rights=rights)
            async with world.client(world.principal(role, account_id)) as client:
                assert (await client.get(f"/orders/{order_id}")).status_code == status

    async def test_is_hidden_from_another_elder(self, world: World) -> None:
        _, order_id = await an_order(world)
        async with await world.as_role(Role.elder) as stranger:
            assert (await stranger.get(f"/orders/{order_id}")).status_code == 404

    async def test_an_unknown_order_is_404_and_a_malformed_id_422(self, world: World) -> None:
        async with await world.as_role(Role.dispatcher) as staff:
            assert (await staff.get(f"/orders/{new_id()}")).status_code == 404
            assert (await staff.get("/orders/one")).status_code == 422


class TestListOrders:
    async def test_each_filter_narrows_the_list(self, world: World) -> None:
        person_id, order_id = await an_order(world)
        _, accepted = await an_order(world, "accepted")
        async with await world.as_role(Role.dispatcher) as staff:

            async def listed(**query: str) -> set[str]:
                answer = await staff.get("/orders", params=query)
                assert answer.status_code == 200, answer.text
                return {each["id"] for each in answer.json()["items"]}

            assert await listed() == {str(order_id), str(accepted)}
            assert await listed(state="accepted") == {str(accepted)}
            assert await listed(person_id=str(person_id)) == {str(order_id)}
            assert await listed(service_on="2026-03-03") == {str(order_id), str(accepted)}
            assert await listed(service_on="2026-03-02") == set()
            assert await listed(institution_id=str(world.institution_id)) == {str(order_id), str(accepted)}
            assert await listed(institution_id=str(new_id())) == set()

    async def test_pages_come_in_order_and_end(self, world: World) -> None:
        orders = [str((await an_order(world))[1]) for _ in range(3)]
        async with await world.as_role(Role.dispatcher) as staff:
            first = (await staff.get("/orders", params={"limit": 2})).json()
            rest = (await staff.get("/orders", params={"limit": 2, "cursor": first["next_cursor"]})).json()
            forged = await staff.get("/orders", params={"cursor": first["next_cursor"][:-2] + "xx"})
        assert [each["id"] for each in first["items"] + rest["items"]] == orders
        assert rest["next_cursor"] is None
        assert forged.status_code == 422

    async def test_shows_an_elders_side_only_whom_it_may_view(self, world: World) -> None:
        person_id, order_id = await an_order(world)
        blind, _ = await an_order(world)
        await an_order(world)
        account_id = await world.add_account(Role.family_proxy)
        await world.add_relation(person_id, account_id, kind="proxy", rights=["view"])
        await world.add_relation(blind, account_id, kind="proxy", rights=["pay"])
        async with world.client(world.principal(Role.family_proxy, account_id)) as proxy:
            listed = (await proxy.get("/orders")).json()["items"]
            assert [each["id"] for each in listed] == [str(order_id)]
            hidden = await proxy.get("/orders", params={"person_id": str(blind)})
        assert hidden.json()["items"] == []

    async def test_shows_another_institution_nothing(self, world: World) -> None:
        await an_order(world)
        other = await world.add_institution()
        async with await world.as_role(Role.dispatcher, other) as stranger:
            assert (await stranger.get("/orders")).json()["items"] == []


class TestAcceptOrder:
    async def test_accepts_and_writes_down_who_did(self, world: World) -> None:
        _, order_id = await an_order(world)
        account_id = await world.add_account(Role.dispatcher, world.institution_id)
        async with world.client(world.principal(Role.dispatcher, account_id)) as staff:
            answer = await staff.post(f"/orders/{order_id}/acceptance")
        order = answer.json()
        assert answer.status_code == 200, order
        assert order["state"] == "accepted"
        last = order["moves"][-1]
        assert (last["seq"], last["from_state"], last["to_state"]) == (2, "submitted", "accepted")
        assert last["moved_by_account_id"] == str(account_id)

    async def test_a_second_acceptance_is_409(self, world: World) -> None:
        _, order_id = await an_order(world, "accepted")
        async with await world.as_role(Role.dispatcher) as staff:
            answer = await staff.post(f"/orders/{order_id}/acceptance")
        assert answer.status_code == 409
        assert answer.json()["code"] == "illegal-move"
        assert answer.json()["from_state"] == "accepted"

    @pytest.mark.requirement("R005")
    @pytest.mark.parametrize(("kind", "mode"), [("home_visit", "round"), ("home_bed_round", "home_bed")])
    async def test_refuses_when_the_mode_is_not_registered_on_the_service_date(
        self, world: World, kind: str, mode: str
    ) -> None:
        registered_otherwise = {"round": "home_bed", "home_bed": "round"}[mode]
        lacks = await world.add_institution(modes=(registered_otherwise,))
        _, order_id = await an_order(world, kind=kind, institution_id=lacks)
        async with await world.as_role(Role.dispatcher, lacks) as staff:
            refused = await staff.post(f"/orders/{order_id}/acceptance")
            assert refused.status_code == 409
            assert refused.json()["code"] == "mode-not-registered"
            assert refused.json()["mode"] == mode
            assert (await staff.get(f"/orders/{order_id}")).json()["state"] == "submitted"

    @pytest.mark.requirement("R005")
    async def test_refuses_when_the_registration_ends_before_the_service_date(self, world: World) -> None:
        _, order_id = await an_order(world)
        async with world.owner.begin() as connection:
            await connection.execute(
                text("update service_modes set valid_to = :to where institution_id = :at"),
                {"to": date(2026, 3, 2), "at": world.institution_id},
            )
        async with await world.as_role(Role.dispatcher) as staff:
            refused = await staff.post(f"/orders/{order_id}/acceptance")
        assert refused.json()["code"] == "mode-not-registered"

    async def test_elders_do_not_decide(self, world: World) -> None:
        person_id, order_id = await an_order(world)
        account_id = await world.add_account(Role.elder)
        await world.add_relation(person_id, account_id)
        async with world.client(world.principal(Role.elder, account_id)) as elder:
            assert (await elder.post(f"/orders/{order_id}/acceptance")).status_code == 403

    async def test_staff_who_are_the_elders_proxy_do_not_decide_for_another_institution(self, world: World) -> None:
        person_id, order_id = await an_order(world)
        other = await world.add_institution()
        account_id = await world.add_account(Role.dispatcher, other)
        await world.add_relation(person_id, account_id, kind="proxy")
        async with world.client(world.principal(Role.dispatcher, account_id, (other,))) as daughter:
            assert (await daughter.get(f"/orders/{order_id}")).status_code == 200
            assert (await daughter.post(f"/orders/{order_id}/acceptance")).status_code == 404


class TestRejectOrder:
    async def test_says_why_and_gives_back_what_the_order_held(self, world: World) -> None:
        person_id, order_id = await an_order(world)
        entitlement_id = await holding(world, person_id, order_id, 2)
        async with await world.as_role(Role.dispatcher) as staff:
            answer = await staff.post(f"/orders/{order_id}/rejection", json={"reason": "当天无人可派，请改约周四"})
            history = (await staff.get(f"/orders/{order_id}")).json()["moves"]
        assert answer.json()["state"] == "rejected"
        assert history[-1]["because"] == "当天无人可派，请改约周四"
        assert await reserved(world, entitlement_id) == 0

    async def test_an_accepted_order_may_still_be_sent_back(self, world: World) -> None:
        _, order_id = await an_order(world, "accepted")
        async with await world.as_role(Role.dispatcher) as staff:
            answer = await staff.post(f"/orders/{order_id}/rejection", json={"reason": "人员病假"})
        assert answer.json()["state"] == "rejected"

    async def test_a_scheduled_one_may_not_and_keeps_its_units(self, world: World) -> None:
        person_id, order_id = await an_order(world, "scheduled")
        entitlement_id = await holding(world, person_id, order_id, 2)
        async with await world.as_role(Role.dispatcher) as staff:
            answer = await staff.post(f"/orders/{order_id}/rejection", json={"reason": "人员病假"})
        assert answer.status_code == 409
        assert answer.json()["code"] == "illegal-move"
        assert await reserved(world, entitlement_id) == 2

    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}, {"reason": "a\0"}, {"reason": "x", "to": 1}])
    async def test_a_reason_is_needed(self, world: World, body: dict[str, object]) -> None:
        _, order_id = await an_order(world)
        async with await world.as_role(Role.dispatcher) as staff:
            assert (await staff.post(f"/orders/{order_id}/rejection", json=body)).status_code == 422
