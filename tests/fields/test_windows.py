"""Other windows of the day that suit an elder as well: the plan uses any of them, and what is wrong of one is said."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.accounts.rules import Role
from tests.fields.test_planning import accepted, elder, nurse, sent
from tests.fields.town import DAY, Town, changed, made, shown
from tests.routing.scene import Scene, clock, visits

TODAY = date(2026, 3, 2)


def window(start: str, end: str) -> dict[str, str]:
    """Return an alternative of local times, as it is told, in UTC."""
    return {name: f"{DAY}T{int(at[:2]) - 8:02}{at[2:]}:00Z" for name, at in (("start", start), ("end", end))}


def wished(start: str, end: str) -> dict[str, Any]:
    """Return the window wished for, of local times."""
    return {f"wished_{name}": f"{DAY}T{at}:00+08:00" for name, at in (("start", start), ("end", end))}


def begins(plan: dict[str, Any], order: str) -> str:
    """Return when an order's visit begins."""
    return visits(plan)[order][0][1]


class TestPlans:
    async def test_a_visit_goes_into_another_window_when_nobody_is_there_in_the_wished_one(
        self, town: Town, scene: Scene
    ) -> None:
        await town.offer("BP")
        await scene.staff(shift=("13:00", "18:00"))
        closed = await accepted(town, await elder(town, 0.2), "BP")
        also = [window("13:30", "14:10"), window("16:00", "16:40")]
        placed = await accepted(town, await elder(town, 0.4), "BP", also_wished=also[1:])
        patched = await accepted(town, await elder(town, 0.6), "BP", {"also_wished": also[:1]}, also_wished=also[1:])
        taken_back = await accepted(town, await elder(town, 0.8), "BP", {"also_wished": []}, also_wished=also)
        plan = await scene.plan()
        assert {each["order_id"] for each in plan["unassigned"]} == {closed, taken_back}
        assert "16:00" <= begins(plan, placed) <= "16:10"
        assert "13:30" <= begins(plan, patched) <= "13:40"
        kept = (await shown(scene.dispatcher, f"/plans/{plan['id']}/kpis"))["on_time"]
        assert (kept["kept"], kept["of"]) == (2, 2)

    async def test_a_visit_goes_into_another_window_when_the_wished_one_is_full(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        await scene.staff(shift=("08:00", "12:00"))
        first = await accepted(town, await elder(town, 0.2), "BP", **wished("08:10", "08:50"))
        second = await accepted(town, await elder(town, 0.2), "BP", **wished("08:10", "08:50"))
        assert len((await scene.plan())["unassigned"]) == 1
        plan = await scene.plan()
        refused = next(each["order_id"] for each in plan["unassigned"])
        cancelled = await town.desk.post(f"/orders/{refused}/cancellation", json={"reason": "改约"})
        assert cancelled.status_code == 200, cancelled.text
        [kept] = {first, second} - {refused}
        more = {"also_wished": [window("10:00", "10:40")]}
        third = await accepted(town, await elder(town, 0.2), "BP", **wished("08:10", "08:50"), **more)
        plan = await scene.plan()
        assert plan["unassigned"] == []
        assert begins(plan, kept) < "08:30"
        assert "10:00" <= begins(plan, third) <= "10:10"

    async def test_each_window_has_its_own_beginnings(self, town: Town, scene: Scene) -> None:
        await town.service("INSULIN", duration_minutes=10, tolerance_minutes=15)
        await town.price("INSULIN")
        await scene.staff(shift=("13:00", "18:00"))
        also = {"also_wished": [window("13:00", "16:10")]}
        order = await accepted(town, await elder(town, 0.2), "INSULIN", **also)
        # it may begin from one to four
        assert "14:15" <= begins(await scene.plan(), order) <= "14:45"

    async def test_one_more_order_is_put_into_any_of_its_windows(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        await scene.staff(shift=("08:00", "12:00"))
        await accepted(town, await elder(town, 0.2), "BP", **wished("08:10", "08:50"))
        plan = await scene.plan()
        asked: dict[str, Any] = wished("08:10", "08:50") | {"also_wished": [window("10:00", "10:40")]}
        order = await accepted(town, await elder(town, 0.2), "BP", **asked)
        told = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": order})
        starts = [clock(each["crew"][0]["start_at"]) for each in told.json()["places"]]
        assert starts
        assert all("10:00" <= each <= "10:10" for each in starts)

    async def test_an_absence_hits_an_order_that_wishes_for_whoever_is_away_in_any_of_its_windows(
        self, town: Town, scene: Scene
    ) -> None:
        await town.offer("BP")
        who = await nurse(town)
        also = [window("14:00", "15:00")]
        order = await accepted(town, await elder(town, 0.2), "BP", preferred_practitioner_id=who, also_wished=also)
        away = {"start": f"{DAY}T14:30:00+08:00", "end": f"{DAY}T18:00:00+08:00", "reason": "sick"}
        [hit] = (await made(town.chief, f"/practitioners/{who}/absences", away))["hits"]
        assert hit["order_id"] == order
        assert {name: datetime.fromisoformat(hit[f"{name}_at"]) for name in ("start", "end")} == {
            name: datetime.fromisoformat(at) for name, at in also[0].items()
        }


class TestRefusals:
    @pytest.mark.parametrize(
        ("also", "status", "code", "field"),
        [
            ([window("14:00", "16:00"), window("11:00", "13:00")], 422, "windows-not-apart", "also_wished/1"),
            ([window("12:00", "13:00")], 422, "windows-not-apart", "also_wished/0"),
            ([window("14:00", "15:00"), window("15:00", "16:00")], 422, "windows-not-apart", "also_wished/1"),
            ([window("16:00", "15:00")], 422, "window-not-one-day", "also_wished/0"),
            (
                [{"start": "2026-03-04T06:00:00Z", "end": "2026-03-04T08:00:00Z"}],
                422, "windows-of-two-days", "also_wished/0",
            ),
            ([window("14:00", "15:00"), window("16:00", "16:29")], 409, "window-too-short", "also_wished/1"),
        ],
    )  # fmt: skip
    async def test_a_bad_alternative_is_refused_by_its_name_as_placed_and_as_changed(
        self, town: Town, also: list[dict[str, str]], status: int, code: str, field: str
    ) -> None:
        await town.offer("BP")
        asked: dict[str, Any] = wished("08:00", "12:00")
        person = await town.elder()
        order = (await town.order(person, "BP", **asked)).json()["order"]["id"]
        answers = [
            await town.order(person, "BP", also_wished=also, **asked),
            await town.desk.patch(f"/orders/{order}", json={"also_wished": also}),
        ]
        for each in answers:
            assert (each.status_code, each.json()["code"], each.json()["field"]) == (status, code, field)
        assert (await shown(town.desk, f"/orders/{order}"))["also_wished"] == []

    async def test_no_more_than_three(self, town: Town) -> None:
        await town.offer("BP")
        also = [window(f"{hour}:00", f"{hour}:40") for hour in (13, 14, 15, 16)]
        person = await town.elder()
        assert (await town.order(person, "BP", also_wished=also)).status_code == 422
        assert (await town.order(person, "BP", also_wished=also[1:])).status_code == 201

    async def test_a_service_too_late_for_it_and_a_window_cut_to_what_the_service_allows(self, town: Town) -> None:
        await town.service("BLOOD", duration_minutes=20, latest_start="09:30")
        await town.price("BLOOD")
        person = await town.elder()
        asked: dict[str, Any] = wished("08:00", "08:30")
        late = await town.order(person, "BLOOD", also_wished=[window("10:00", "11:00")], **asked)
        assert (late.status_code, late.json()["code"], late.json()["field"]) == (
            409, "window-too-late", "also_wished/0",
        )  # fmt: skip
        cut = await town.order(person, "BLOOD", also_wished=[window("09:00", "11:00")], **asked)
        assert cut.json()["order"]["also_wished"] == [window("09:00", "09:50")]

    async def test_an_alternative_that_has_begun_and_a_day_changed_without_them(self, town: Town) -> None:
        await town.offer("BP")
        person = await town.elder()
        today = {"wished_start": f"{TODAY}T14:00:00+08:00", "wished_end": f"{TODAY}T16:00:00+08:00"}
        begun = [{"start": f"{TODAY}T08:30:00+08:00", "end": f"{TODAY}T10:00:00+08:00"}]
        past = await town.order(person, "BP", also_wished=begun, **today)
        assert (past.status_code, past.json()["code"], past.json()["field"]) == (409, "window-past", "also_wished/0")
        order = (await town.order(person, "BP", also_wished=[window("14:00", "15:00")])).json()["order"]["id"]
        alone = await town.desk.patch(f"/orders/{order}", json=today)
        assert (alone.status_code, alone.json()["code"]) == (422, "windows-of-two-days")
        await changed(town.desk, f"/orders/{order}", today | {"also_wished": []})

    async def test_a_draft_keeps_them_and_they_are_cut_when_it_is_submitted(self, town: Town) -> None:
        await town.service("BLOOD", duration_minutes=20, latest_start="09:30")
        await town.price("BLOOD")
        asked: dict[str, Any] = wished("08:00", "08:30") | {"also_wished": [window("09:00", "11:00")]}
        draft = (await town.order(await town.elder(), "BLOOD", draft=True, **asked)).json()["order"]
        assert draft["also_wished"] == asked["also_wished"]
        answer = await town.desk.post(f"/orders/{draft['id']}/submission")
        assert answer.json()["order"]["also_wished"] == [window("09:00", "09:50")]

    async def test_it_is_free_to_cancel_as_long_before_the_first_of_them(self, town: Town) -> None:
        await town.offer("BP")
        await town.set("orders.free_cancel_hours", 24)
        told = []
        for also in ([], [window("08:00", "08:40")]):
            person, account = await town.elder(), await town.world.add_account(Role.elder)
            await town.world.add_relation(UUID(person), account)
            asked: dict[str, Any] = wished("14:00", "16:00") | {"also_wished": also}
            order = (await town.order(person, "BP", **asked)).json()["order"]["id"]
            async with town.world.client(town.world.principal(Role.elder, account)) as himself:
                told.append((await himself.post(f"/orders/{order}/cancellation", json={"reason": "住院"})).status_code)
        assert told == [200, 409]

    async def test_the_database_keeps_them_apart_from_the_wished_one(self, town: Town) -> None:
        await town.offer("BP")
        asked: dict[str, Any] = wished("08:00", "12:00") | {"also_wished": [window("14:00", "15:00")]}
        order = (await town.order(await town.elder(), "BP", **asked)).json()["order"]["id"]
        for spans in ("wished", "tstzrange(upper(wished), upper(wished) + interval '1 hour')"):
            with pytest.raises(IntegrityError, match="ck_orders_also_wished"):
                async with town.world.owner.begin() as connection:
                    await connection.execute(
                        text(f"update orders set also_wished = tstzmultirange({spans}) where id = :order"),
                        {"order": order},
                    )


async def test_a_sex_as_a_must_and_as_a_wish(town: Town, scene: Scene) -> None:
    await town.offer("BP")
    she = await nurse(town, sex="female")
    people = [await elder(town, 0.2 * at) for at in range(1, 5)]
    wish: dict[str, Any] = {"staff_sex": "male", "staff_sex_required": False}
    must = await accepted(town, people[0], "BP", staff_sex="male")
    hardened = await accepted(town, people[1], "BP", {"staff_sex_required": True}, **wish)
    wishes = [
        await accepted(town, people[2], "BP", **wish),
        await accepted(town, people[3], "BP", {"staff_sex_required": False}, staff_sex="male"),
    ]
    plan = await scene.plan()
    assert {each["order_id"]: each["reason"] for each in plan["unassigned"]} == dict.fromkeys(
        (must, hardened), "no_staff_of_that_sex"
    )
    assert sent(plan) == dict.fromkeys(wishes, she)
    # he is slower to come, and whoever wishes for him gets him
    he = await nurse(town, sex="male")
    others = [await accepted(town, await elder(town, 0.1), "BP", staff_sex="female", staff_sex_required=False)]
    plan = await scene.plan()
    assert plan["unassigned"] == []
    assert sent(plan) == dict.fromkeys([must, hardened, *wishes], he) | dict.fromkeys(others, she)
    told = (await shown(scene.dispatcher, f"/plans/{plan['id']}/explanation"))["assignments"]
    because = {each["order_id"]: each["explanation"] for each in told}
    assert {because[each] for each in (*wishes, *others)} == {"是居民希望的性别"}
