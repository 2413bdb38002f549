"""Drafts, changes and cancellations over HTTP, with everything that an order holds in other rooms."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.dates import moments
from service.core.ids import new_id
from service.routing.models import Appointment, DispatchArea, Plan
from service.visits.models import Visit
from tests.booking.scene import Scene
from tests.world import NOW

LATER = {"wished_start": "2026-03-04T14:00:00+08:00", "wished_end": "2026-03-04T16:00:00+08:00"}
WHY = {"reason": "老人临时住院"}


class TestDraft:
    async def test_is_kept_without_a_quote_and_holds_nothing(self, scene: Scene) -> None:
        await scene.add_programme(8)
        async with scene.elder() as elder:
            answer = await scene.place(elder, draft=True)
        assert answer.status_code == 201
        assert answer.json()["quote"] is None
        assert answer.json()["order"]["state"] == "draft"
        assert answer.json()["order"]["distance_metres"] is None
        assert await scene.held(answer.json()["order"]["id"]) == 0
        assert await scene.count("quotes") == 0

    async def test_submitting_quotes_reserves_and_introduces(self, scene: Scene) -> None:
        await scene.add_programme(8)
        async with scene.elder() as elder:
            draft = await scene.placed(elder, draft=True)
            answer = await elder.post(f"/orders/{draft['id']}/submission")
        order = answer.json()["order"]
        assert answer.status_code == 200, answer.text
        assert order["state"] == "submitted"
        assert order["order_no"] == draft["order_no"]
        assert order["distance_metres"] == 0
        assert [move["to_state"] for move in order["moves"]] == ["draft", "submitted"]
        assert answer.json()["quote"]["patient_fen"] == 0
        assert await scene.held(order["id"]) == 1

    async def test_submitting_twice_is_409(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            draft = await scene.placed(elder, draft=True)
            await elder.post(f"/orders/{draft['id']}/submission")
            again = await elder.post(f"/orders/{draft['id']}/submission")
        assert (again.status_code, again.json()["code"]) == (409, "illegal-move")

    async def test_submitting_asks_everything_again(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            draft = await scene.placed(elder, draft=True, items=[{"code": "INFUSION"}])
            refused = await elder.post(f"/orders/{draft['id']}/submission")
            assert (refused.status_code, refused.json()["code"]) == (409, "item-not-at-home")
            other = await scene.placed(elder, draft=True)
            scene.world.clock.shows = NOW + timedelta(days=2)
            late = await elder.post(f"/orders/{other['id']}/submission")
            assert (late.status_code, late.json()["code"]) == (409, "window-past")
            assert (await elder.get(f"/orders/{other['id']}")).json()["state"] == "draft"

    async def test_counts_among_the_open_orders_once_submitted(self, scene: Scene) -> None:
        await scene.set("orders.max_open_per_person", 1)
        async with scene.elder() as elder:
            draft = await scene.placed(elder, draft=True)
            await scene.placed(elder)
            refused = await elder.post(f"/orders/{draft['id']}/submission")
        assert (refused.status_code, refused.json()["code"]) == (409, "too-many-open-orders")

    async def test_auto_acceptance_goes_for_submitted_drafts(self, scene: Scene) -> None:
        await scene.set("orders.auto_accept", True)
        async with scene.elder() as elder:
            draft = await scene.placed(elder, draft=True)
            assert draft["state"] == "draft"
            answer = await elder.post(f"/orders/{draft['id']}/submission")
        assert answer.json()["order"]["state"] == "accepted"

    async def test_changes_without_a_quote(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            draft = await scene.placed(elder, draft=True)
            answer = await elder.patch(f"/orders/{draft['id']}", json=LATER)
        assert answer.status_code == 200, answer.text
        assert answer.json()["quote"] is None
        assert answer.json()["order"]["service_on"] == "2026-03-04"
        assert answer.json()["order"]["state"] == "draft"

    async def test_a_stranger_neither_submits_nor_changes_nor_cancels(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            draft = await scene.placed(elder, draft=True)
        for client in (
            await scene.world.as_role(Role.elder),
            await scene.world.as_role(Role.dispatcher, await scene.world.add_institution()),
        ):
            async with client as stranger:
                assert (await stranger.post(f"/orders/{draft['id']}/submission")).status_code == 404
                assert (await stranger.patch(f"/orders/{draft['id']}", json=LATER)).status_code == 404
                assert (await stranger.post(f"/orders/{draft['id']}/cancellation", json=WHY)).status_code == 404


class TestChangeOrder:
    async def test_another_window_is_quoted_and_reserved_anew(self, scene: Scene) -> None:
        await scene.add_programme(1)
        await scene.run(
            "update price_rows set valid_to = '2026-03-03' where code = 'REHAB' and region_id = :region",
            region=scene.world.region_id,
        )
        async with scene.elder() as elder:
            order = await scene.placed(elder)
            refused = await elder.patch(f"/orders/{order['id']}", json=LATER)
            assert (refused.status_code, refused.json()["code"]) == (409, "price-missing")
            # refused as a whole: the day, the quote and the units are as before
            assert (await elder.get(f"/orders/{order['id']}")).json()["service_on"] == "2026-03-03"
            assert await scene.held(order["id"]) == 1
            await scene.run(
                "update price_rows set valid_to = null where code = 'REHAB' and region_id = :region",
                region=scene.world.region_id,
            )
            answer = await elder.patch(f"/orders/{order['id']}", json=LATER)
        changed = answer.json()
        assert answer.status_code == 200, answer.text
        assert changed["order"]["service_on"] == changed["quote"]["service_on"] == "2026-03-04"
        assert changed["order"]["wished_start"] == "2026-03-04T06:00:00Z"
        # its own unit did not stand in its way
        assert changed["quote"]["patient_fen"] == 0
        assert await scene.held(order["id"]) == 1
        assert [move["because"] for move in changed["order"]["moves"]] == ["提交预约", "改约"]

    async def test_does_not_count_itself_among_the_open_orders(self, scene: Scene) -> None:
        await scene.set("orders.max_open_per_person", 1)
        async with scene.elder() as elder:
            order = await scene.placed(elder)
            assert (await elder.patch(f"/orders/{order['id']}", json=LATER)).status_code == 200

    async def test_of_several_windows_the_quote_is_of_the_dearest(self, scene: Scene) -> None:
        await scene.add_tariff()
        await scene.run(
            "update visit_fee_tariffs set night = cast(:night as jsonb) where institution_id = :at",
            night='{"starts_at": "18:00", "ends_at": "06:00", "multiplier": "2"}',
            at=scene.world.institution_id,
        )
        night = [{"start": "2026-03-03T18:00:00+08:00", "end": "2026-03-03T20:00:00+08:00"}]
        async with scene.elder() as elder:
            day = (await scene.place(elder)).json()
            either = (await elder.patch(f"/orders/{day['order']['id']}", json={"also_wished": night})).json()
            again = (await elder.patch(f"/orders/{day['order']['id']}", json={"also_wished": []})).json()
        told = [each["quote"]["patient_fen"] for each in (day, either, again)]
        assert told[0] == told[2] < told[1]

    async def test_a_night_window_costs_what_the_tariff_says(self, scene: Scene) -> None:
        await scene.add_tariff()
        await scene.run(
            "update visit_fee_tariffs set night = cast(:night as jsonb) where institution_id = :at",
            night='{"starts_at": "18:00", "ends_at": "06:00", "multiplier": "2"}',
            at=scene.world.institution_id,
        )
        night = {"wished_start": "2026-03-03T18:00:00+08:00", "wished_end": "2026-03-03T20:00:00+08:00"}
        async with scene.elder() as elder:
            day = (await scene.place(elder)).json()
            changed = (await elder.patch(f"/orders/{day['order']['id']}", json=night)).json()
        assert (day["quote"]["gross_fen"], changed["quote"]["gross_fen"]) == (9000, 12000)

    async def test_the_wish_for_somebody_is_set_and_taken_back(self, scene: Scene) -> None:
        nurse = await scene.world.add_practitioner()
        async with scene.elder() as elder:
            order = await scene.placed(elder)
            url = f"/orders/{order['id']}"
            wished = await elder.patch(url, json={"preferred_practitioner_id": str(nurse)})
            assert wished.json()["order"]["preferred_practitioner_id"] == str(nurse)
            assert wished.json()["order"]["wished_start"] == order["wished_start"]
            moved = await elder.patch(url, json=LATER)
            assert moved.json()["order"]["preferred_practitioner_id"] == str(nurse)
            none = await elder.patch(url, json={"preferred_practitioner_id": None})
            assert none.json()["order"]["preferred_practitioner_id"] is None
            assert (await elder.patch(url, json={"preferred_practitioner_id": str(new_id())})).status_code == 404

    async def test_what_the_institution_has_answered_stays(self, scene: Scene) -> None:
        async with scene.elder() as elder, await scene.world.as_role(Role.dispatcher) as staff:
            order = await scene.placed(elder)
            await staff.post(f"/orders/{order['id']}/acceptance")
            for client in (elder, staff):
                refused = await client.patch(f"/orders/{order['id']}", json=LATER)
                assert (refused.status_code, refused.json()["code"]) == (409, "order-not-changeable")

    async def test_a_proxy_without_the_right_to_book_changes_nothing(self, scene: Scene) -> None:
        account_id = await scene.world.add_account(Role.family_proxy)
        await scene.world.add_relation(scene.person_id, account_id, kind="proxy", rights=["view"])
        async with scene.elder() as elder:
            order = await scene.placed(elder)
        async with scene.world.client(scene.world.principal(Role.family_proxy, account_id)) as proxy:
            assert (await proxy.patch(f"/orders/{order['id']}", json=LATER)).status_code == 403
            assert (await proxy.post(f"/orders/{order['id']}/cancellation", json=WHY)).status_code == 403

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"wished_start": LATER["wished_start"]},
            {"wished_end": LATER["wished_end"]},
            LATER | {"wished_end": "2026-03-04T16:00:00"},
            LATER | {"items": []},
            {"preferred_practitioner_id": "somebody"},
            {"staff_sex": "both"},
        ],
    )
    async def test_malformed_is_422(self, scene: Scene, body: dict[str, object]) -> None:
        async with scene.elder() as elder:
            order = await scene.placed(elder)
            assert (await elder.patch(f"/orders/{order['id']}", json=body)).status_code == 422


class TestCancelOrder:
    async def test_gives_back_the_units_and_says_why(self, scene: Scene) -> None:
        await scene.add_programme(1)
        async with scene.elder() as elder:
            order = await scene.placed(elder)
            answer = await elder.post(f"/orders/{order['id']}/cancellation", json=WHY)
            assert answer.status_code == 200, answer.text
            assert answer.json()["state"] == "cancelled"
            history = (await elder.get(f"/orders/{order['id']}")).json()["moves"]
            assert [each["because"] for each in history] == ["提交预约", WHY["reason"]]
            assert await scene.held(order["id"]) == 0
            # the unit pays for the next order
            assert (await scene.place(elder)).json()["quote"]["patient_fen"] == 0

    async def test_a_second_cancellation_is_409_and_gives_nothing_back_twice(self, scene: Scene) -> None:
        await scene.add_programme(1)
        async with scene.elder() as elder:
            order = await scene.placed(elder)
            await elder.post(f"/orders/{order['id']}/cancellation", json=WHY)
            again = await elder.post(f"/orders/{order['id']}/cancellation", json=WHY)
        assert (again.status_code, again.json()["code"]) == (409, "illegal-move")
        assert await scene.count("entitlement_entries") == 2

    async def test_the_elder_cancels_until_the_deadline_and_staff_after_it(self, scene: Scene) -> None:
        await scene.run(
            "update institutions set published_phone = '0952-2012345' where id = :at", at=scene.world.institution_id
        )
        start = datetime.fromisoformat("2026-03-03T08:00:00+08:00")
        async with scene.elder() as elder, await scene.world.as_role(Role.dispatcher) as staff:
            first, second = await scene.placed(elder), await scene.placed(elder)
            scene.world.clock.shows = start - timedelta(hours=4)
            assert (await elder.post(f"/orders/{first['id']}/cancellation", json=WHY)).status_code == 200
            scene.world.clock.shows = start - timedelta(hours=4) + timedelta(seconds=1)
            late = await elder.post(f"/orders/{second['id']}/cancellation", json=WHY)
            assert (late.status_code, late.json()["code"]) == (409, "cancel-too-late")
            assert "0952-2012345" in late.json()["detail"]
            assert (await staff.post(f"/orders/{second['id']}/cancellation", json=WHY)).status_code == 200

    async def test_the_deadline_is_a_setting(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            order = await scene.placed(elder)
            scene.world.clock.shows = datetime.fromisoformat("2026-03-03T05:30:00+08:00")
            assert (await elder.post(f"/orders/{order['id']}/cancellation", json=WHY)).status_code == 409
            await scene.set("orders.free_cancel_hours", 2)
            assert (await elder.post(f"/orders/{order['id']}/cancellation", json=WHY)).status_code == 200

    @pytest.mark.parametrize("state", ["in_progress", "done", "closed", "rejected", "noshow"])
    async def test_nobody_cancels_what_is_under_way_or_over(self, scene: Scene, state: str) -> None:
        start = NOW + timedelta(days=1)
        order_id = await scene.world.add_order(
            scene.person_id, scene.home_id, start=start, end=start + timedelta(hours=1), state=state
        )
        async with scene.elder() as elder, await scene.world.as_role(Role.dispatcher) as staff:
            for client in (elder, staff):
                refused = await client.post(f"/orders/{order_id}/cancellation", json=WHY)
                assert (refused.status_code, refused.json()["code"]) == (409, "illegal-move")

    @pytest.mark.parametrize("by", [Role.elder, Role.dispatcher])
    async def test_the_staff_and_the_visit_of_a_scheduled_order_are_free_again(self, scene: Scene, by: Role) -> None:
        order_id, nurse = await _schedule(scene)
        async with scene.elder() if by is Role.elder else await scene.world.as_role(by) as client:
            answer = await client.post(f"/orders/{order_id}/cancellation", json=WHY)
        assert answer.status_code == 200, answer.text
        async with scene.world.owner.connect() as connection:
            states = (
                (
                    await connection.execute(
                        text("select state from appointments where practitioner_id = :id"), {"id": nurse}
                    )
                )
                .scalars()
                .all()
            )
            visit = await connection.scalar(text("select state from visits where order_id = :id"), {"id": order_id})
        assert states == ["released"]
        assert visit == "cancelled"

    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}, {"reason": "\ud800"}, {"why": "x"}])
    async def test_a_reason_is_needed(self, scene: Scene, body: dict[str, str]) -> None:
        async with scene.elder() as elder:
            order = await scene.placed(elder)
            # escaped: a lone surrogate cannot be sent otherwise
            answer = await elder.post(
                f"/orders/{order['id']}/cancellation",
                content=json.dumps(body),
                headers={"Content-Type": "application/json"},
            )
            assert answer.status_code == 422
            assert answer.json()["code"] == "malformed"


async def _schedule(scene: Scene) -> tuple[object, object]:
    """Add a scheduled order with a nurse's appointment and its prepared visit; return order and nurse."""
    world, start = scene.world, NOW + timedelta(days=1)
    end = start + timedelta(hours=1)
    order_id = await world.add_order(scene.person_id, scene.home_id, start=start, end=end, state="scheduled")
    nurse = await world.add_practitioner()
    own = {"region_id": world.region_id, "institution_id": world.institution_id}
    area = DispatchArea(region_id=world.region_id, code="A", name="A", institution_ids=[world.institution_id])
    plan = Plan(
        region_id=world.region_id, area_id=area.id, service_on=start.date(), institution_ids=[world.institution_id],
        state="published", seconds_limit=10, seed=1, requested_by_account_id=new_id(), requested_at=NOW,
    )  # fmt: skip
    trip = new_id()
    await world.add(
        area,
        plan,
        Appointment(
            **own, plan_id=plan.id, order_id=order_id, person_id=scene.person_id, practitioner_id=nurse,
            practitioner_name="医护", service_on=start.date(), during=moments(start, end), trip_key=trip,
        ),
        Visit(
            **own, order_id=order_id, person_id=scene.person_id, home_id=scene.home_id, mode="home_visit",
            service_on=start.date(), planned_start_at=start, planned_end_at=end, trip_key=trip, state="prepared",
        ),
    )  # fmt: skip
    return order_id, nurse
