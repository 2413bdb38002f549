"""What the region writes of notices, an account of its phone and the provider in a report decides who is told what."""

from typing import Any

import pytest

from service.accounts.rules import Role
from service.main import build_app
from tests.fields.town import changed, made, shown
from tests.notices.conftest import TOKEN, Desk, desk
from tests.world import World

__all__ = ["desk"]

TEMPLATE = {
    "kind": "bill_ready", "provider_code": "SMS_A", "text": "${name}：${amount}元", "valid_from": "2026-01-01",
}  # fmt: skip


async def fresh(desk: Desk, **template: Any) -> dict[str, Any]:
    """Replace the texts of bills and departures by one template; return it."""
    governor = await desk.world.as_role(Role.region_admin)
    for each in (await shown(governor, "/notice-templates"))["items"]:
        if each["kind"] in {"bill_ready", "on_the_way"}:
            await changed(governor, f"/notice-templates/{each['id']}", {"valid_to": "2026-03-02"})
    desk.world.clock.shows = desk.world.clock.shows.replace(day=3)
    return await made(governor, "/notice-templates", TEMPLATE | {"valid_from": "2026-03-03"} | template)


async def told(desk: Desk, cause: str, kind: str = "bill_ready") -> dict[str, Any]:
    """Tell something and let the worker work; return its line of the log."""
    dispatcher = await desk.world.as_role(Role.dispatcher)
    [notice] = await desk.notify(cause, kind)
    await desk.work(notice)
    return next(each for each in (await shown(dispatcher, "/notices"))["items"] if each["id"] == str(notice))


class TestTemplates:
    async def test_the_words_and_the_provider_s_code_are_what_is_sent(self, desk: Desk) -> None:
        await fresh(desk)
        assert (await told(desk, "c1"))["text"] == "王桂兰：35.50元"
        [sent] = desk.provider.sent
        assert (sent.template_code, sent.parameters) == ("SMS_A", {"name": "王桂兰", "amount": "35.50"})

    async def test_its_kind_is_the_one_that_can_be_told(self, desk: Desk) -> None:
        await fresh(desk, kind="on_the_way", text="${name}")
        assert (await told(desk, "c1", "on_the_way"))["state"] == "sent"
        assert (await told(desk, "c2", "bill_ready"))["suppressed"] == "no_template"

    async def test_it_is_used_on_its_days_only(self, desk: Desk) -> None:
        made = await fresh(desk, valid_from="2026-03-04", valid_to="2026-03-05")
        states = []
        for day in (3, 4, 5, 6):
            desk.world.clock.shows = desk.world.clock.shows.replace(day=day)
            states.append((await told(desk, f"c{day}"))["state"])
        assert states == ["suppressed", "sent", "sent", "suppressed"]
        governor = await desk.world.as_role(Role.region_admin)
        await changed(governor, f"/notice-templates/{made['id']}", {"valid_to": "2026-03-06"})
        assert (await told(desk, "c7"))["state"] == "sent"


class TestContact:
    async def test_the_phone_is_where_the_proxy_is_told(self, desk: Desk) -> None:
        account_id = await desk.proxy(phone="13800000007", rights=["view", "pay"])
        for notice in await desk.notify("c1"):
            await desk.work(notice)
        assert "13800000007" in {each.phone for each in desk.provider.sent}
        proxy = desk.world.client(desk.world.principal(Role.family_proxy, account_id))
        assert (await proxy.put("/notice-contact", json={"phone": None})).status_code == 200
        assert len(await desk.notify("c2")) == 1


class TestReports:
    @pytest.mark.parametrize(
        ("change", "state", "code"),
        [
            ({}, "delivered", "DELIVERED"),
            ({"success": False}, "failed", "DELIVERED"),
            ({"err_code": "MK:0001"}, "delivered", "MK:0001"),
            ({"biz_id": "another^0"}, "sent", None),
            ({"out_id": "another"}, "sent", None),
        ],
    )
    async def test_each_part_of_a_report_decides_what_the_log_says(
        self, desk: Desk, change: dict[str, Any], state: str, code: str | None
    ) -> None:
        [notice] = await desk.notify()
        await desk.work(notice)
        sent = desk.provider.sent[0]
        report = {"out_id": sent.out_id, "biz_id": sent.biz_id, "success": True, "err_code": "DELIVERED"} | change
        world = World(desk.world.owner, desk.house, desk.world.clock, build_app(desk.house))
        assert (await world.client().post(f"/callbacks/sms/{TOKEN}", json=[report])).status_code == 200
        dispatcher = await desk.world.as_role(Role.dispatcher)
        [line] = (await shown(dispatcher, "/notices"))["items"]
        assert (line["state"], line["provider_code"]) == (state, code)
