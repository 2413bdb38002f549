"""Templates, one's own contact and the sending log, over HTTP."""

from typing import Any

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from tests.notices.conftest import PHONE, TEXTS, Desk
from tests.world import World

TEMPLATE = {
    "kind": "bill_ready", "provider_code": "SMS_1", "text": "${name}您好，费用${amount}元。",
    "valid_from": "2026-01-01",
}  # fmt: skip


async def added(world: World, **more: Any) -> Any:
    governor = await world.as_role(Role.region_admin)
    return await governor.post("/notice-templates", json=TEMPLATE | more)


class TestTemplates:
    async def test_are_entered_read_and_previewed_as_they_will_be_charged(self, world: World) -> None:
        made = (await added(world)).json()
        nurse = await world.as_role(Role.nurse)
        [listed] = (await nurse.get("/notice-templates")).json()["items"]
        assert listed == made
        preview = (await nurse.get(f"/notice-templates/{made['id']}/preview")).json()
        assert preview["text"].endswith("王桂兰您好，费用35.50元。")
        assert (preview["characters"], preview["segments"]) == (len(preview["text"]), 1)
        long = (await added(world, kind="on_the_way", text="长" * 80)).json()
        assert (await nurse.get(f"/notice-templates/{long['id']}/preview")).json()["segments"] == 2

    async def test_of_a_kind_do_not_overlap_and_one_ends_before_the_next_begins(self, world: World) -> None:
        first = (await added(world)).json()
        again = await added(world, valid_from="2026-06-01")
        assert (again.status_code, again.json()["code"]) == (409, "template-overlaps")
        governor = await world.as_role(Role.region_admin)
        ended = await governor.patch(f"/notice-templates/{first['id']}", json={"valid_to": "2026-05-31"})
        assert ended.json()["valid_to"] == "2026-05-31"
        assert (await added(world, valid_from="2026-06-01")).status_code == 201
        reopened = await governor.patch(f"/notice-templates/{first['id']}", json={"valid_to": None})
        assert reopened.json()["code"] == "template-overlaps"

    async def test_refuse_places_that_nothing_fills_and_ends_that_rewrite_the_past(self, world: World) -> None:
        unknown = await added(world, text="${staff}")
        assert (unknown.status_code, unknown.json()["code"]) == (422, "template-parameter-unknown")
        assert (await added(world, valid_to="2025-12-31")).json()["code"] == "template-ends-early"
        made = (await added(world)).json()
        governor = await world.as_role(Role.region_admin)
        past = await governor.patch(f"/notice-templates/{made['id']}", json={"valid_to": "2026-03-01"})
        assert (past.status_code, past.json()["code"]) == (422, "template-ends-early")

    async def test_are_the_region_s_to_write_and_nobody_s_elsewhere(self, world: World, desk: Desk) -> None:
        chief = await world.as_role(Role.institution_admin)
        assert (await chief.post("/notice-templates", json=TEMPLATE)).status_code == 403
        other = World(world.owner, world.house, world.clock, world.app)
        await other.start()
        stranger = await other.as_role(Role.region_admin)
        assert (await stranger.get("/notice-templates")).json()["items"] == []
        [mine, *_] = (await chief.get("/notice-templates")).json()["items"]
        assert (await stranger.get(f"/notice-templates/{mine['id']}/preview")).status_code == 404
        assert (await stranger.patch(f"/notice-templates/{mine['id']}", json={"valid_to": None})).status_code == 404


class TestContact:
    async def test_is_one_s_own_shown_masked_and_taken_away(self, world: World) -> None:
        proxy = await world.as_role(Role.family_proxy)
        assert (await proxy.get("/notice-contact")).json() == {"phone_masked": None, "set_at": None}
        put = await proxy.put("/notice-contact", json={"phone": "13800000001"})
        assert put.status_code == 200, put.text
        shown = (await proxy.get("/notice-contact")).json()
        assert shown["phone_masked"] == put.json()["phone_masked"]
        assert "0000" not in shown["phone_masked"][3:-4]
        assert (await proxy.put("/notice-contact", json={"phone": "13800000002"})).status_code == 200
        other = await world.as_role(Role.family_proxy)
        assert (await other.get("/notice-contact")).json()["phone_masked"] is None
        await proxy.put("/notice-contact", json={"phone": None})
        assert (await proxy.get("/notice-contact")).json()["phone_masked"] is None
        assert (await proxy.put("/notice-contact", json={"phone": None})).status_code == 200

    @pytest.mark.parametrize("phone", ["123", "not a number", "+85212345678"])
    async def test_refuses_a_number_that_cannot_exist(self, world: World, phone: str) -> None:
        proxy = await world.as_role(Role.family_proxy)
        answer = await proxy.put("/notice-contact", json={"phone": phone})
        assert (answer.status_code, answer.json()["code"]) == (422, "phone-invalid")

    async def test_rests_sealed(self, world: World) -> None:
        proxy = await world.as_role(Role.family_proxy)
        await proxy.put("/notice-contact", json={"phone": "13800000001"})
        async with world.owner.connect() as connection:
            query = text("select phone_sealed from notice_contacts where region_id = :r")
            sealed = (await connection.execute(query, {"r": world.region_id})).scalar_one()
        assert b"13800000001" not in bytes(sealed)


class TestTheSendingLog:
    async def test_tells_staff_what_was_told_and_how_far_it_came_with_the_number_masked(self, desk: Desk) -> None:
        [notice] = await desk.notify()
        await desk.work(notice)
        await desk.notify("later")
        dispatcher = await desk.world.as_role(Role.dispatcher)
        page = (await dispatcher.get("/notices", params={"limit": 1})).json()
        rest = (await dispatcher.get("/notices", params={"cursor": page["next_cursor"]})).json()
        [first], [second] = page["items"], rest["items"]
        assert (first["id"], first["state"], second["state"]) == (str(notice), "sent", "queued")
        assert first["text"] == "王桂兰您好，3月3日的上门费用为35.50元。"
        assert PHONE not in str(page)
        assert first["phone_masked"].endswith(PHONE[-4:])

    async def test_is_narrowed_by_state_kind_and_person(self, desk: Desk) -> None:
        [notice] = await desk.notify()
        await desk.work(notice)
        dispatcher = await desk.world.as_role(Role.dispatcher)

        async def count(**query: str) -> int:
            return len((await dispatcher.get("/notices", params=query)).json()["items"])

        assert [await count(state="sent"), await count(state="failed")] == [1, 0]
        assert [await count(kind="bill_ready"), await count(kind="on_the_way")] == [1, 0]
        assert [await count(person_id=str(desk.person_id)), await count(person_id=str(notice))] == [1, 0]

    async def test_is_the_institution_s_own(self, desk: Desk) -> None:
        await desk.notify()
        stranger = await desk.world.as_role(Role.dispatcher, await desk.world.add_institution())
        assert (await stranger.get("/notices")).json()["items"] == []
        assert (await (await desk.world.as_role(Role.nurse)).get("/notices")).status_code == 403


def test_the_tests_have_a_text_for_every_kind() -> None:
    from service.notices.rules import NoticeKind  # noqa: PLC0415

    assert set(TEXTS) == set(NoticeKind)
