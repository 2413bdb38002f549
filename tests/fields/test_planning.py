"""What is written when somebody or something is registered, and what an order wishes for, decides the plan."""

from typing import Any
from uuid import UUID

import pytest

from tests.fields.town import DAY, Town, changed, made, shown
from tests.routing.scene import DEGREES_PER_KM, Scene, clock, seconds, visits
from tests.world import CENTRE

LUNCH = {"opens": f"{DAY}T12:00:00+08:00", "closes": f"{DAY}T13:00:00+08:00", "minutes": 30, "at_station": True}
SHIFT = {"start": f"{DAY}T08:00:00+08:00", "end": f"{DAY}T17:00:00+08:00"}


def east(km: float) -> dict[str, float]:
    """Return a place so far east of the centre."""
    return {"lon": CENTRE[0] + km * DEGREES_PER_KM, "lat": CENTRE[1]}


async def nurse(town: Town, lunch: dict[str, Any] | None = None, **more: Any) -> str:
    """Register a licensed nurse who works all day; return the id."""
    body = {
        "institution_id": town.at, "staff_no": f"N{town.world.number()}", "name": "护士", "sex": "female",
        "role": "nurse", "station_id": str(town.world.station_id), "travel_mode": "ebike",
    }  # fmt: skip
    person = str((await made(town.chief, "/practitioners", body | more))["id"])
    paper = {"kind": "licence", "code": "nurse", "certificate_no": person, "valid_from": "2020-01-01"}
    await made(town.chief, f"/practitioners/{person}/qualifications", paper)
    await made(town.chief, f"/practitioners/{person}/shifts", SHIFT | {"lunch": lunch})
    return person


async def elder(town: Town, km: float, home: dict[str, Any] | None = None, **more: Any) -> str:
    """Register a disabled elder who lives so far east; return the id."""
    person = await town.person(await town.home(place=east(km), **(home or {})), **more)
    group = {"key_group": "disabled", "valid_from": "2026-01-01"}
    await made(town.desk, f"/patients/{person}/key-groups", group)
    return person


async def accepted(town: Town, person: str, code: str, change: dict[str, Any] | None = None, **more: Any) -> str:
    """Place an order for the day, change it if asked to, accept it; return the id."""
    day = {"wished_start": f"{DAY}T08:00:00+08:00", "wished_end": f"{DAY}T12:00:00+08:00"}
    answer = await town.order(person, code, **day | more)
    assert answer.status_code == 201, answer.text
    order = str(answer.json()["order"]["id"])
    if change:
        await changed(town.desk, f"/orders/{order}", change)
    assert (await town.desk.post(f"/orders/{order}/acceptance")).status_code == 200
    told = await shown(town.desk, f"/orders/{order}")
    wished = {name: value for name, value in (more | (change or {})).items() if not name.startswith("wished")}
    assert {name: told[name] for name in wished} == wished
    return order


async def sign(town: Town, person: str, doctor: str) -> str:
    """Sign a family-doctor contract from the day before on; return the id."""
    package = {"code": f"P{town.world.number()}", "name": "包", "covers_visit_fee": True, "valid_from": "2026-01-01"}
    body = {
        "person_id": person, "package_id": (await made(town.chief, f"{town.house}/packages", package))["id"],
        "doctor_id": doctor, "signed_on": "2026-03-02", "valid_from": "2026-03-02", "valid_to": "2027-03-01",
    }  # fmt: skip
    return str((await made(town.doctor, "/contracts", body))["id"])


async def because(scene: Scene, plan: dict[str, Any], order: str) -> str:
    """Return why a plan sends to an order whom it sends."""
    told = await shown(scene.dispatcher, f"/plans/{plan['id']}/explanation")
    return next(str(each["explanation"]) for each in told["assignments"] if each["order_id"] == order)


def sent(plan: dict[str, Any]) -> dict[str, str]:
    """Return who comes to each order."""
    return {order: who for order, [(who, _, _)] in visits(plan).items()}


class TestAsRegistered:
    async def test_pace_gate_and_a_break_at_the_station(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        who = await nurse(town, LUNCH, pace_percent=150)
        order = await accepted(town, await elder(town, 4, {"entry_minutes": 10}), "BP")
        plan = await scene.plan()
        [(_, start, end)] = visits(plan)[order]
        assert seconds(end) - seconds(start) == 60 * 60
        [route] = plan["routes"]
        [lunch] = [each for each in route["stops"] if each["kind"] == "lunch"]
        assert (route["practitioner_id"], lunch["travel_metres"] > 4000) == (who, True)
        shifts = await shown(town.chief, f"/practitioners/{who}/shifts", **{"from": DAY, "to": DAY})
        assert shifts["items"][0]["lunch"]["at_station"] is True

    async def test_languages_and_whoever_must_go_last(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        await nurse(town)
        speaker = await nurse(town, languages=["hui"])
        must = await elder(town, 1, language="hui", language_required=True, precaution="infectious")
        wish = await elder(town, 1.5, language="hui")
        last, first = [await accepted(town, each, "BP") for each in (must, wish)]
        plan = await scene.plan()
        assert sent(plan) == {last: speaker, first: speaker}
        assert visits(plan)[first][0][1] < visits(plan)[last][0][1]

    async def test_services_with_a_choice_of_skills_a_time_and_a_specimen(self, town: Town, scene: Scene) -> None:
        await town.service("LINE", any_skills=["picc", "port"], tolerance_minutes=10, specimen_minutes=60)
        await town.price("LINE")
        await scene.staff(1)
        able = await scene.staff(0, skills=("port",))
        order = await accepted(town, await elder(town, 2), "LINE")
        plan = await scene.plan()
        [(who, start, end)] = visits(plan)[order]
        assert who == str(able)
        # it may begin from eight to half past eleven
        assert "09:35" <= start <= "09:55"
        [route] = plan["routes"]
        [delivery] = [each for each in route["stops"] if each["kind"] == "delivery"]
        assert seconds(clock(delivery["start_at"])) - seconds(end) <= 3600

    async def test_a_service_in_parts(self, town: Town, scene: Scene) -> None:
        await town.service("SUGAR", duration_minutes=10, parts=[
            {"duration_minutes": 20, "after_min_minutes": 90, "after_max_minutes": 95}
        ])  # fmt: skip
        await town.price("SUGAR")
        who = await nurse(town)
        order = await accepted(town, await elder(town, 1), "SUGAR")
        told = await shown(town.desk, f"/orders/{order}")
        assert told["parts"] == 2
        assert "90至95分钟" in told["parts_note"]
        plan = await scene.plan()
        [route] = plan["routes"]
        first, second = [each for each in route["stops"] if each["order_id"] == order]
        assert (route["practitioner_id"], first["part"], second["part"]) == (who, 1, 2)
        minutes = (seconds(clock(second["start_at"])) - seconds(clock(first["end_at"]))) // 60
        assert 90 <= minutes <= 95
        assert seconds(clock(second["end_at"])) - seconds(clock(second["start_at"])) == 1200


class TestWishes:
    async def test_nobody_but_the_one_asked_for(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        near, far = await scene.staff(0), await scene.staff(-12)
        wish: dict[str, Any] = {"preferred_practitioner_id": str(far)}
        wished = await accepted(town, await elder(town, 0.2), "BP", **wish)
        assert sent(await scene.plan()) == {wished: str(near)}
        orders = [
            await accepted(town, await elder(town, 0.4), "BP", **wish, preferred_only=True),
            await accepted(town, await elder(town, 0.6), "BP", {"preferred_only": True}, **wish),
        ]
        told = sent(await scene.plan())
        assert [told[each] for each in orders] == [str(far)] * 2
        off: UUID = await scene.staff(on=scene.world.clock.now().date())
        out = await accepted(
            town, await elder(town, 0.8), "BP", preferred_practitioner_id=str(off), preferred_only=True
        )
        [left] = (await scene.plan())["unassigned"]
        assert (left["order_id"], left["reason"]) == (out, "wished_for_not_able")
        assert "所希望的人" in left["explanation"]

    async def test_whoever_must_not_come_does_not(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        near, far = str(await scene.staff(0)), str(await scene.staff(-4))
        orders = {
            await accepted(town, await elder(town, 0.2), "BP", excluded_practitioner_ids=[near]): far,
            await accepted(
                town, await elder(town, 0.4), "BP", {"excluded_practitioner_ids": [far]},
                excluded_practitioner_ids=[near],
            ): near,
        }  # fmt: skip
        assert sent(await scene.plan()) == orders
        out = await accepted(town, await elder(town, 0.6), "BP", excluded_practitioner_ids=[near, far])
        assert {each["order_id"]: each["reason"] for each in (await scene.plan())["unassigned"]} == {
            out: "excluded_staff"
        }
        there = await town.world.add_practitioner(institution_id=await town.world.add_institution())
        answer = await town.order(await elder(town, 1), "BP", excluded_practitioner_ids=[str(there)])
        assert answer.status_code == 404

    @pytest.mark.parametrize("wish", [{"same_staff": True}, {}])
    async def test_the_same_nurse_in_the_morning_and_in_the_evening(
        self, town: Town, scene: Scene, wish: dict[str, Any]
    ) -> None:
        await town.offer("BP")
        early, late = str(await scene.staff(-5)), str(await scene.staff(0, shift=("13:00", "17:00")))
        evening: dict[str, Any] = {"wished_start": f"{DAY}T14:00:00+08:00", "wished_end": f"{DAY}T16:00:00+08:00"}
        evening["preferred_practitioner_id"] = late
        person, other = await elder(town, 0.5), await elder(town, 0.7)
        morning = [await accepted(town, each, "BP", **wish) for each in (person, other)]
        again = [await accepted(town, person, "BP", **evening)]
        again.append(await accepted(town, other, "BP", {} if wish else {"same_staff": True}, **evening))
        told = sent(await scene.plan())
        assert {told[each] for each in morning} == {early}
        assert [told[each] for each in again] == ([early, early] if wish else [late, early])


class TestTeamsAndGrids:
    async def test_whoever_is_of_the_family_doctors_team_is_sent(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        near, far = str(await scene.staff(0)), str(await scene.staff(-1))
        doctor = str(await town.world.add_practitioner(role="doctor"))  # has no shift that day
        person = await elder(town, 0.5)
        order = await accepted(town, person, "BP")
        await changed(town.chief, f"/practitioners/{far}", {"team": "T01"})
        contract = await sign(town, person, doctor)
        assert sent(await scene.plan()) == {order: near}
        await changed(town.chief, f"/practitioners/{doctor}", {"team": "T01"})
        plan = await scene.plan()
        assert sent(plan) == {order: far}
        assert await because(scene, plan, order) == "属于居民签约的家庭医生团队"
        left = await changed(town.chief, f"/practitioners/{far}", {"team": None, "name": "护士乙"})
        assert (left["team"], left["name"]) == (None, "护士乙")
        assert sent(await scene.plan()) == {order: near}
        again = await changed(town.chief, f"/practitioners/{far}", {"team": "T01"})
        assert (
            (await changed(town.chief, f"/practitioners/{far}", {"name": "护士丙"}))["team"] == again["team"] == "T01"
        )
        assert sent(await scene.plan()) == {order: far}
        ending = {"on": DAY, "reason": "moved_away"}
        assert (await town.doctor.post(f"/contracts/{contract}/termination", json=ending)).status_code == 200
        assert sent(await scene.plan()) == {order: near}

    @pytest.mark.requirement("R030")
    async def test_whoever_looks_after_the_grid_of_the_home_is_sent(self, town: Town, scene: Scene) -> None:
        await town.offer("BP")
        near, far = str(await scene.staff(0)), str(await scene.staff(-1))
        home = await town.home(place=east(0.5))
        person = await town.person(home)
        await made(town.desk, f"/patients/{person}/key-groups", {"key_group": "disabled", "valid_from": "2026-01-01"})
        order = await accepted(town, person, "BP")
        told = await changed(town.chief, f"/practitioners/{far}", {"grids": ["CY-02", "CY-03"]})
        assert told["grids"] == ["CY-02", "CY-03"]
        assert sent(await scene.plan()) == {order: near}
        await changed(town.desk, f"/homes/{home}", {"grid": "CY-03"})
        plan = await scene.plan()
        assert sent(plan) == {order: far}
        assert await because(scene, plan, order) == "负责居民住址所在的网格"
        assert (await changed(town.desk, f"/homes/{home}", {"floor": 2}))["grid"] == "CY-03"
        await changed(town.chief, f"/practitioners/{far}", {"grids": ["CY-02"]})
        assert sent(await scene.plan()) == {order: near}
        await changed(town.chief, f"/practitioners/{far}", {"grids": ["CY-03"]})
        assert (await changed(town.desk, f"/homes/{home}", {"grid": None}))["grid"] is None
        assert sent(await scene.plan()) == {order: near}

    async def test_as_registered_one_asked_for_by_name_before_the_team_and_the_team_before_the_grid(
        self, town: Town, scene: Scene
    ) -> None:
        await town.offer("BP")
        await nurse(town)
        doctor, colleague = [await nurse(town, role=each, team="T01") for each in ("doctor", "nurse")]
        keeper, other = await nurse(town, grids=["CY-03"]), await nurse(town, team="T02")
        homes = [{"grid": "CY-03"}] * 3
        people = [await elder(town, 0.2 * at, home) for at, home in enumerate(homes, start=1)]
        for person in people[:2]:
            await sign(town, person, doctor)
        wishes: list[dict[str, Any]] = [{"preferred_practitioner_id": other}, {}, {}]
        named, teams, grids = [
            await accepted(town, person, "BP", **wish) for person, wish in zip(people, wishes, strict=True)
        ]
        plan = await scene.plan()
        told = sent(plan)
        assert (told[named], told[grids]) == (other, keeper)
        assert told[teams] in {doctor, colleague}
        assert await because(scene, plan, named) == "是居民指定的人员"
        # nobody of the team is there that day: the grid's
        for each in (doctor, colleague):
            away = {"start": f"{DAY}T00:00:00+08:00", "end": f"{DAY}T23:59:00+08:00", "reason": "sick"}
            await made(town.chief, f"/practitioners/{each}/absences", away)
        assert sent(await scene.plan()) == {named: other, teams: keeper, grids: keeper}
