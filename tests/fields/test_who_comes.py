"""Who is never to come again, who came last, and what a wish is worth: each is set over HTTP, and the plan changes."""

from datetime import date
from typing import Any
from uuid import UUID

from httpx import AsyncClient

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.fields.test_planning import accepted, because, elder, sent, sign
from tests.fields.town import DAY, Town, changed, made, shown
from tests.routing.neighbours import Neighbours
from tests.routing.period.scene import Rounds
from tests.routing.scene import Scene, at
from tests.routing.test_repairs import repair
from tests.world import World

NEXT = "2026-03-04"
"""The day after that of the stories."""
WINDOW: dict[str, Any] = {"wished_start": f"{NEXT}T08:00:00+08:00", "wished_end": f"{NEXT}T12:00:00+08:00"}
FAMILIAR = "是老人熟悉的人员（上一次来的就是此人）"


async def never(client: AsyncClient, person: str, *who: str) -> None:
    """Say that some people are not to come to a person any more."""
    answer = await client.put(f"/patients/{person}/excluded-practitioners", json={"practitioner_ids": list(who)})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"person_id": person, "practitioner_ids": list(who)}


def reasons(plan: dict[str, Any]) -> dict[str, str]:
    """Return why each order stays out."""
    return {each["order_id"]: each["reason"] for each in plan["unassigned"]}


class TestNeverAgain:
    async def test_holds_for_every_order_with_what_the_order_itself_excludes(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        near, far = str(await scene.staff(0)), str(await scene.staff(-4))
        person = await elder(town, 0.5)
        order = await accepted(town, person, "BP")
        assert sent(await scene.plan()) == {order: near}
        await never(town.desk, person, near)
        assert (await shown(town.desk, f"/patients/{person}"))["excluded_practitioner_ids"] == [near]
        assert sent(await scene.plan()) == {order: far}
        other = await accepted(town, person, "BP", excluded_practitioner_ids=[far])
        plan = await scene.plan()
        assert (sent(plan), reasons(plan)) == ({order: far}, {other: "excluded_staff"})
        [left] = plan["unassigned"]
        assert left["explanation"].startswith("对人员的要求（指定、回避")
        await never(town.desk, person)
        assert sent(await scene.plan()) == {order: near, other: near}

    async def test_whoever_is_out_is_no_wish_either(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        near, far = str(await scene.staff(0)), str(await scene.staff(-1))
        person = await elder(town, 0.5)
        await changed(town.chief, f"/practitioners/{near}", {"languages": ["hui"]})
        await changed(town.chief, f"/practitioners/{far}", {"grids": ["CY-03"]})
        await scene.staff(0.2)
        home = (await shown(town.desk, f"/patients/{person}"))["home_id"]
        await changed(town.desk, f"/homes/{home}", {"grid": "CY-03"})
        await changed(town.desk, f"/patients/{person}", {"language": "hui"})
        order = await accepted(town, person, "BP")
        assert sent(await scene.plan()) == {order: near}
        await never(town.desk, person, near)
        # the grid's, though the third lives nearer
        assert sent(await scene.plan()) == {order: far}

    async def test_the_family_says_so_itself_and_only_of_who_works_here(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        near, far = str(await scene.staff(0)), str(await scene.staff(-4))
        person = await elder(town, 0.5)
        order = await accepted(town, person, "BP")
        account_id = await town.world.add_account(Role.family_proxy)
        family = town.world.client(town.world.principal(Role.family_proxy, account_id))
        path = f"/patients/{person}/excluded-practitioners"
        assert (await family.put(path, json={"practitioner_ids": [near]})).status_code == 404
        await town.world.add_relation(UUID(person), account_id, kind="proxy", rights=["view", "book"])
        await never(family, person, near)
        assert sent(await scene.plan()) == {order: far}
        elsewhere = str(await town.world.add_practitioner(institution_id=await town.world.add_institution()))
        await never(family, person, near, elsewhere)
        unknown = await family.put(path, json={"practitioner_ids": [str(new_id())]})
        assert unknown.status_code == 404
        # who has left since may stay on the list, but does not come onto it
        for who in (near, far):
            await changed(town.chief, f"/practitioners/{who}", {"active": False})
        await never(family, person, near)
        assert (await family.put(path, json={"practitioner_ids": [far]})).status_code == 404
        twice = await family.put(path, json={"practitioner_ids": [near, near]})
        many = await family.put(path, json={"practitioner_ids": [str(new_id()) for _ in range(21)]})
        assert (twice.status_code, many.status_code) == (422, 422)
        assert (await shown(family, f"/patients/{person}"))["excluded_practitioner_ids"] == [near]

    async def test_a_plan_solved_before_it_was_said_is_not_published(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        near, far = str(await scene.staff(0)), str(await scene.staff(-4))
        person = await elder(town, 0.5)
        order = await accepted(town, person, "BP")
        plan = await scene.plan()
        assert sent(plan) == {order: near}
        await never(town.desk, person, near)
        refused = await scene.publish(plan)
        assert (refused.status_code, refused.json()["code"]) == (409, "staff-unwelcome")
        again = await scene.plan()
        assert sent(again) == {order: far}
        assert (await scene.publish(again)).status_code == 200

    async def test_a_repair_sends_somebody_else_but_leaves_what_is_frozen(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        near, far = str(await scene.staff(0)), str(await scene.staff(-4))
        person = await elder(town, 0.5)
        early: dict[str, Any] = {"wished_end": f"{DAY}T09:00:00+08:00"}
        late: dict[str, Any] = {"wished_start": f"{DAY}T10:30:00+08:00"}
        first, second = [await accepted(town, person, "BP", **each) for each in (early, late)]
        plan = await scene.plan()
        assert sent(plan) == {first: near, second: near}
        assert (await scene.publish(plan)).status_code == 200
        await never(town.desk, person, near)
        mended = await repair(scene, plan, frozen_until=at("10:00").isoformat())
        assert sent(mended) == {first: near, second: far}
        assert (await scene.publish(mended)).status_code == 200

    async def test_one_more_order_is_offered_to_others_only(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        near, far = str(await scene.staff(0)), str(await scene.staff(-4))
        person = await elder(town, 0.5)
        held = await accepted(town, person, "BP")
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        order = await accepted(town, await elder(town, 0.5), "BP")
        other = await accepted(town, person, "BP", wished_end=f"{DAY}T11:00:00+08:00")
        await never(town.desk, person, near)
        told = {}
        for each in (held, order, other):
            answer = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": each})
            assert answer.status_code == 200, answer.text
            told[each] = {crew["practitioner_id"] for place in answer.json()["places"] for crew in place["crew"]}
        # what was promised waits for somebody else, too
        assert told == {held: {far}, order: {near, far}, other: {far}}

    async def test_an_order_made_from_a_round_plan_is_kept_free_of_them(self, world: World) -> None:
        rounds = await Rounds.set_up(world)
        near, far = [str(await rounds.nurse(3)) for _ in range(2)]
        elder_id = await rounds.elder()
        person = str(elder_id)
        await never(rounds.dispatcher, person, near)
        await rounds.add_plan(elder_id)
        [due] = (await rounds.accept(await rounds.period()))["rounds"]
        assert (await rounds.dispatcher.post(f"/orders/{due['order_id']}/acceptance")).status_code == 200
        scene = await Scene.set_up(world)
        assert sent(await scene.plan()) == {due["order_id"]: far}
        await never(rounds.dispatcher, person, far)
        assert sent(await scene.plan()) == {due["order_id"]: near}

    async def test_nor_does_anybody_come_at_the_price_of_a_neighbours_help(self, world: World) -> None:
        near = await Neighbours.set_up(world)
        own, helper = await near.scene.staff(), await near.helper()
        home = await world.add_home()
        person = await world.add_patient(home_id=home)
        order = await near.scene.order(0, "09:00", "12:00", "BP", person_id=person, home_id=home)
        await near.agree()
        assert await near.went(await near.scene.plan(), order) == [own]
        await never(near.scene.dispatcher, str(person), str(own))
        assert await near.went(await near.scene.plan(), order) == [helper]
        await never(near.scene.dispatcher, str(person), str(own), str(helper))
        assert reasons(await near.scene.plan()) == {str(order): "excluded_staff"}


async def on_both_days(town: Town, scene: Scene, *places: float) -> list[str]:
    """Put nurses on duty on both days, each at a station so far east; return their ids."""
    tomorrow = date.fromisoformat(NEXT)
    shift = {"start": at("08:00", tomorrow).isoformat(), "end": at("17:00", tomorrow).isoformat()}
    found = [str(await scene.staff(km)) for km in places]
    for each in found:
        await made(town.chief, f"/practitioners/{each}/shifts", shift)
    return found


async def came(town: Town, scene: Scene, visits: dict[str, str]) -> None:
    """Let somebody come to each person on the day before `NEXT`, by a published plan."""
    only: dict[str, Any] = {"preferred_only": True}
    orders = {
        await accepted(town, person, "BP", preferred_practitioner_id=who, **only): who for person, who in visits.items()
    }
    plan = await scene.plan()
    assert sent(plan) == orders
    assert (await scene.publish(plan)).status_code == 200


async def tomorrow(scene: Scene) -> dict[str, Any]:
    """Plan the second day."""
    return await scene.plan(date.fromisoformat(NEXT))


class TestWhoCameLast:
    async def test_comes_again_though_another_is_a_little_nearer(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        usual, other = await on_both_days(town, scene, -1, 0)
        person = await elder(town, 0.5)
        await came(town, scene, {person: usual})
        order = await accepted(town, person, "BP", **WINDOW)
        plan = await tomorrow(scene)
        assert sent(plan) == {order: usual}
        assert await because(scene, plan, order) == FAMILIAR
        told = await shown(scene.dispatcher, f"/plans/{plan['id']}/kpis")
        assert told["same_staff"] == {"kept": 1, "of": 1, "share": 1.0}
        # a detour of ten minutes is worth it at a price of fifteen, not at one of five
        await town.set("plan.wish_price_minutes", 5, valid_from=NEXT)
        assert sent(await tomorrow(scene)) == {order: other}

    async def test_not_from_afar_nor_if_the_family_does_not_want_her(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        usual, other, again = await on_both_days(town, scene, -4, 0, 0.4)
        person, second = await elder(town, 0.5), await elder(town, 0.6)
        await came(town, scene, {person: usual, second: other})
        order, unwanted = [await accepted(town, each, "BP", **WINDOW) for each in (person, second)]
        await never(town.desk, second, other)
        assert sent(await tomorrow(scene)) == {order: again, unwanted: again}
        await town.set("plan.wish_price_minutes", 120, valid_from=NEXT)
        # once there she goes on to the neighbour
        assert sent(await tomorrow(scene)) == {order: usual, unwanted: usual}

    async def test_after_whoever_is_named_and_who_speaks_the_language_before_the_team_and_the_grid(
        self, town: Town, scene: Scene
    ) -> None:
        await town.offer("BP")
        usual, named, speaker, keeper = await on_both_days(town, scene, -0.4, -0.4, -0.4, 0)
        await changed(town.chief, f"/practitioners/{speaker}", {"languages": ["hui"]})
        doctor = str(await town.world.add_practitioner(role="doctor"))
        for each in (doctor, keeper):
            await changed(town.chief, f"/practitioners/{each}", {"team": "T01"})
        await changed(town.chief, f"/practitioners/{keeper}", {"grids": ["CY-03"]})
        person = await elder(town, 0.5, {"grid": "CY-03"})
        await sign(town, person, doctor)
        await came(town, scene, {person: usual})
        order = await accepted(town, person, "BP", **WINDOW)
        plan = await tomorrow(scene)
        assert (sent(plan)[order], await because(scene, plan, order)) == (usual, FAMILIAR)
        # whoever speaks the language comes first, until the usual one does as well
        await changed(town.desk, f"/patients/{person}", {"language": "hui"})
        plan = await tomorrow(scene)
        assert (sent(plan)[order], await because(scene, plan, order)) == (speaker, "会说居民使用的语言")
        await changed(town.chief, f"/practitioners/{usual}", {"languages": ["hui"]})
        plan = await tomorrow(scene)
        assert (sent(plan)[order], await because(scene, plan, order)) == (usual, FAMILIAR)
        asked = await accepted(town, person, "BP", preferred_practitioner_id=named, **WINDOW)
        plan = await tomorrow(scene)
        assert (sent(plan)[asked], await because(scene, plan, asked)) == (named, "是居民指定的人员")
        # of nobody who speaks it is anybody on duty: the usual one again, and without him the team's
        for each in (usual, speaker):
            await changed(town.chief, f"/practitioners/{each}", {"languages": []})
        assert sent(await tomorrow(scene))[order] == usual
        away = {"start": f"{NEXT}T00:00:00+08:00", "end": f"{NEXT}T23:59:00+08:00", "reason": "sick"}
        await made(town.chief, f"/practitioners/{usual}/absences", away)
        plan = await tomorrow(scene)
        assert (sent(plan)[order], await because(scene, plan, order)) == (keeper, "属于居民签约的家庭医生团队")

    async def test_is_no_wish_where_another_skill_is_asked_for(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        await town.service("WOUND", skills=["wound"])
        await town.price("WOUND")
        usual, able, keeper = await on_both_days(town, scene, 0, 0.4, -0.4)
        for each in (able, keeper):
            paper = {"kind": "skill", "code": "wound", "certificate_no": each, "valid_from": "2020-01-01"}
            await made(town.chief, f"/practitioners/{each}/qualifications", paper)
        await changed(town.chief, f"/practitioners/{keeper}", {"grids": ["CY-03"]})
        person = await elder(town, 0.5, {"grid": "CY-03"})
        await came(town, scene, {person: usual})
        order = await accepted(town, person, "WOUND", **WINDOW)
        plan = await tomorrow(scene)
        assert (sent(plan)[order], await because(scene, plan, order)) == (keeper, "负责居民住址所在的网格")


class TestThePriceOfAWish:
    async def test_is_dated_and_of_several_institutions_the_highest_holds(self, world: World, town: Town) -> None:
        neighbour = await world.add_institution()
        scene = await Scene.set_up(world, world.institution_id, neighbour)
        await town.offer("BP")
        near, far = str(await scene.staff(0)), str(await scene.staff(-2))
        order = await accepted(town, await elder(town, 0.2), "BP", preferred_practitioner_id=far)
        assert sent(await scene.plan()) == {order: near}
        await town.set("plan.wish_price_minutes", 60, valid_from=NEXT)
        assert sent(await scene.plan()) == {order: near}
        await town.set("plan.wish_price_minutes", 0, valid_from="2026-02-01", valid_to=DAY)
        chief = await world.as_role(Role.institution_admin, neighbour)
        body = {"institution_id": str(neighbour), "key": "plan.wish_price_minutes", "value": 60}
        await made(chief, "/settings", body | {"valid_from": DAY})
        plan = await scene.plan()
        assert sent(plan) == {order: far}
        assert await because(scene, plan, order) == "是居民指定的人员"
