"""Plans mended after a disruption, over HTTP: what is frozen stays, who is away is not planned, little else changes."""

from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.clock import LOCAL
from service.core.db.session import transaction
from service.core.settings import Settings
from service.routing import building, referee, repository, solver_process
from service.routing.building import Day, Told, rejoining, repairing
from service.routing.problem import Problem
from service.routing.travel import Roads
from service.routing.usecases import standing
from tests.routing.scene import DAY, DEGREES_PER_KM, Scene, at, clock, visits
from tests.world import CENTRE, World


async def repair(scene: Scene, plan: dict[str, Any], **asked: Any) -> dict[str, Any]:
    """Ask for a repair, have it solved, and read it."""
    answer = await scene.dispatcher.post(f"/plans/{plan['id']}/repairs", json={"seconds_limit": 1, **asked})
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/v1/plans/{answer.json()['id']}"
    await scene.work(answer.json()["id"])
    found = await scene.read(answer.json()["id"])
    assert found["state"] == "solved", found["failure"]
    assert found["repairs_plan_id"] == plan["id"]
    return found


async def two_nurses(scene: Scene) -> tuple[UUID, UUID, list[UUID], dict[str, Any]]:
    """Publish a day of two nurses with three visits each, theirs by distance; return them, the orders and the plan."""
    await scene.item("REHAB")
    east, west = await scene.staff(3), await scene.staff(-3)
    orders = [
        await scene.order(side, start, end, "REHAB")
        for side in (3, -3)
        for start, end in (("08:30", "10:00"), ("10:30", "12:00"), ("13:00", "16:00"))
    ]
    plan = await scene.plan()
    assert (await scene.publish(plan)).status_code == 200
    return east, west, orders, plan


async def problem_for(day: Day) -> Problem:
    """Return the problem of a day, by great circles."""
    ways = await Roads(Settings()).matrices(day.points, day.means, outside=False)
    return building.problem_of(day, [each.seconds for each in ways])


class TestAbsence:
    async def test_whoever_is_away_is_not_planned_and_the_morning_stays(self, scene: Scene) -> None:
        east, west, orders, plan = await two_nurses(scene)
        told = visits(plan)
        mended = await repair(
            scene,
            plan,
            frozen_until=at("10:00").isoformat(),
            absent=[{"practitioner_id": str(east), "from_at": at("10:15").isoformat()}],
        )
        now = visits(mended)
        assert mended["unassigned"] == []
        for frozen in (orders[0], orders[3]):
            assert now[str(frozen)] == told[str(frozen)]
        for away in orders[1:3]:
            assert now[str(away)][0][0] == str(west)
        assert now[str(orders[4])][0][0] == str(west)
        assert (await scene.publish(mended)).json()["superseded_plan_id"] == plan["id"]

    async def test_whose_shift_was_taken_away_is_not_planned_either(self, scene: Scene) -> None:
        await scene.item("REHAB")
        nurse = await scene.staff(shift=("08:00", "12:00"))
        order = await scene.order(0, "08:30", "16:00", "REHAB")
        plan = await scene.plan()
        mended = await repair(scene, plan, absent=[{"practitioner_id": str(nurse), "from_at": at("07:00").isoformat()}])
        assert visits(mended) == {}
        assert [each["order_id"] for each in mended["unassigned"]] == [str(order)]


class TestWhatHasBegun:
    async def test_is_shown_as_it_was_promised_however_often_the_day_is_mended(
        self, scene: Scene, world: World
    ) -> None:
        east, west, orders, plan = await two_nurses(scene)
        told = visits(plan)
        await begin(world, orders[0], orders[3])
        world.clock.shows = at("10:00")
        away = {"practitioner_id": str(east), "from_at": at("10:15").isoformat()}
        mended = await repair(scene, plan, absent=[away])
        assert (mended["summary"]["orders"], mended["summary"]["standing"]) == (4, 2)
        await self.shows(scene, mended, plan, [orders[0], orders[3]])
        # of both plans in figures the morning is a part: the ways, too
        path = f"/plans/{plan['id']}/comparison"
        compared = (await scene.dispatcher.get(path, params={"with": mended["id"]})).json()
        differing = {each["order_id"] for each in compared["differences"]}
        assert {str(each) for each in orders[1:3]} <= differing
        assert not {str(orders[0]), str(orders[3])} & differing
        assert compared["service_seconds"] == 0
        published = (await scene.publish(mended)).json()
        assert (published["orders"], published["appointments"], published["left_out"]) == (4, 4, [])
        async with world.owner.connect() as connection:
            query = text("select plan_id from appointments where order_id = :id and state = 'booked'")
            [(kept,)] = (await connection.execute(query, {"id": orders[0]})).all()
        assert str(kept) == plan["id"], "the promise is not made twice"
        # mended again, and planned anew
        again = await repair(scene, mended)
        await self.shows(scene, again, plan, [orders[0], orders[3]])
        assert visits(again) == visits(mended)
        await self.shows(scene, await scene.plan(), plan, [orders[0], orders[3]])
        assert {who for who, *_ in told[str(orders[3])]} == {str(west)}

    async def shows(self, scene: Scene, plan: dict[str, Any], before: dict[str, Any], orders: list[UUID]) -> None:
        """See that a plan shows what has begun, and nothing else, as standing."""
        numbers, told = set(), {str(each): visits(before)[str(each)] for each in orders}
        for route in plan["routes"]:
            assert [each["seq"] for each in route["stops"]] == list(range(1, len(route["stops"]) + 1))
            assert sorted(route["stops"], key=lambda each: each["start_at"]) == route["stops"]
            numbers |= {each["order_no"] for each in route["stops"] if each["stands"]}
        standing = {each["order_id"] for route in plan["routes"] for each in route["stops"] if each["stands"]}
        assert standing == {str(each) for each in orders}
        assert {each: visits(plan)[each] for each in standing} == told
        path = f"/plans/{plan['id']}"
        shapes = (await scene.dispatcher.get(f"{path}/routes.geojson")).json()["features"]
        points = [each["properties"] for each in shapes if each["geometry"]["type"] == "Point"]
        assert {each["order_id"] for each in points if each["stands"]} == standing
        said = {f"{each}〔已开始〕" for each in numbers}
        sheet = load_workbook(BytesIO((await scene.dispatcher.get(f"{path}/plan.xlsx")).content)).active
        assert sheet is not None
        cells = {cell for row in sheet.iter_rows(values_only=True) for cell in row if isinstance(cell, str)}
        assert {each for each in cells if each.endswith("〔已开始〕")} == said
        picture = (await scene.dispatcher.get(f"{path}/timeline.svg")).text
        assert all(each in picture for each in said)

    async def test_a_visit_that_takes_longer_is_shown_so_long_also_when_the_day_is_mended_a_second_time(
        self, scene: Scene, world: World
    ) -> None:
        _, _, orders, plan = await two_nurses(scene)
        [(who, start, end)] = visits(plan)[str(orders[0])]
        await begin(world, orders[0])
        world.clock.shows = at(start) + timedelta(minutes=5)
        longer = [{"order_id": str(orders[0]), "minutes": 100}]
        mended = await repair(scene, plan, longer=longer)
        late = (at(end) + timedelta(minutes=100)).astimezone(LOCAL).strftime("%H:%M")
        assert visits(mended)[str(orders[0])] == [(who, start, late)]
        assert (await scene.publish(mended)).status_code == 200
        again = await repair(scene, mended, longer=longer)
        assert visits(again)[str(orders[0])] == [(who, start, late)]
        for route in again["routes"]:
            if route["practitioner_id"] == who:
                begins = [clock(each["start_at"]) for each in route["stops"] if not each["stands"]]
                assert all(each >= late for each in begins)

    async def test_whoever_is_on_duty_no_more_is_shown_where_he_was(self, scene: Scene, world: World) -> None:
        east, _, orders, plan = await two_nurses(scene)
        await begin(world, orders[0])
        world.clock.shows = at("10:00")
        admin = await world.as_role(Role.institution_admin)
        day = {"start": at("00:00").isoformat(), "end": at("23:00").isoformat(), "reason": "sick"}
        entered = await admin.post(f"/practitioners/{east}/absences", json=day)
        assert entered.status_code == 201, entered.text
        mended = await repair(scene, plan)
        assert visits(mended)[str(orders[0])] == visits(plan)[str(orders[0])]
        [own] = [each for each in mended["routes"] if each["practitioner_id"] == str(east)]
        assert [each["stands"] for each in own["stops"]] == [True]


async def begin(world: World, *orders: UUID) -> None:
    """Have visits begin."""
    async with world.owner.begin() as connection:
        sql = "update orders set state = 'in_progress' where id = $1"
        for each in orders:
            await connection.exec_driver_sql(sql, (each,))


class TestWhatElseHappens:
    async def test_nothing_changes_where_nothing_happened(self, scene: Scene) -> None:
        _, _, _, plan = await two_nurses(scene)
        assert visits(await repair(scene, plan)) == visits(plan)

    async def test_an_order_that_is_not_wanted_any_more_goes_and_the_others_stay(self, scene: Scene) -> None:
        _, _, orders, plan = await two_nurses(scene)
        mended = await repair(scene, plan, cancelled_order_ids=[str(orders[1])])
        expected = visits(plan)
        del expected[str(orders[1])]
        assert visits(mended) == expected

    async def test_a_visit_that_takes_longer_pushes_those_behind_it(self, scene: Scene) -> None:
        await scene.item("REHAB", minutes=60)
        await scene.staff()
        first = await scene.order(0, "08:00", "09:00", "REHAB")
        second = await scene.order(0, "09:00", "12:00", "REHAB")
        plan = await scene.plan()
        told = visits(plan)
        assert told[str(second)][0][1] == "09:00"
        mended = await repair(
            scene,
            plan,
            frozen_until=at("08:30").isoformat(),
            longer=[{"order_id": str(first), "minutes": 25}],
        )
        now = visits(mended)
        assert now[str(first)][0][1:] == ("08:00", "09:25")
        assert now[str(second)][0][1] == "09:25"

    async def test_an_urgent_order_goes_before_another_that_there_is_then_no_room_for(self, scene: Scene) -> None:
        await scene.item("REHAB", minutes=60)
        await scene.staff(shift=("08:00", "10:00"))
        first = await scene.order(0, "08:00", "09:30", "REHAB")
        plan = await scene.plan()
        urgent = await scene.order(0, "08:00", "09:30", "REHAB")
        assert set(visits(await repair(scene, plan))) == {str(first)}
        assert set(visits(await repair(scene, plan, urgent_order_ids=[str(urgent)]))) == {str(urgent)}


class TestPublishing:
    async def test_a_repair_of_a_plan_that_is_in_force_no_longer_is_refused(self, scene: Scene) -> None:
        await scene.item("REHAB")
        await scene.staff()
        await scene.order(0, "08:30", "16:00", "REHAB")
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        mended = await repair(scene, plan)
        other = await scene.plan()
        assert (await scene.publish(other)).json()["superseded_plan_id"] == plan["id"]
        refused = await scene.publish(mended)
        assert (refused.status_code, refused.json()["code"]) == (409, "repair-outdated")
        assert (await scene.read(other["id"]))["state"] == "published"
        assert (await scene.publish(await repair(scene, other))).status_code == 200


class TestKeptStops:
    async def test_a_frozen_stop_that_moves_goes_or_gets_company_is_noticed(self, scene: Scene) -> None:
        _, _, orders, plan = await two_nurses(scene)
        told = [
            Told(
                UUID(route["practitioner_id"]),
                UUID(stop["order_id"]),
                datetime.fromisoformat(stop["start_at"]),
                datetime.fromisoformat(stop["end_at"]),
                stop["travel_seconds"],
            )
            for route in plan["routes"]
            for stop in route["stops"]
        ]
        async with transaction(
            scene.world.house.sessions, scene.job(plan["id"]).fence, scene.world.clock.now()
        ) as session:
            row = await repository.find_plan(
                session,
                region_id=scene.world.region_id,
                plan_id=UUID(plan["id"]),
                institution_ids=scene.institution_ids,
            )
            assert row is not None
            facts = await standing.gather(session, row)
        until = at("10:00")
        parts = repairing.split(facts, told, repairing.Disruption(until))
        assert {each.told.order_id for each in parts.frozen} == {orders[0], orders[3]}
        assert {each.id for each in parts.rest.orders} == {orders[1], orders[2], orders[4], orders[5]}
        rest = building.draw(parts.rest)
        problem = await problem_for(rest)
        before = building.recall(rest, problem, told)
        assert before.unassigned == ()
        day, merged = rejoining.rejoin(parts, rest, problem.jobs, before)
        assert referee.check_plan(await problem_for(day), merged).feasible
        assert rejoining.is_kept(parts, day, merged)
        first, second, *_ = [route for route in merged.routes if route.stops]
        (early,) = first.stops
        late = replace(second.stops[0], start=early.end + 60, end=early.end + 120)
        for wrong in ((replace(early, start=early.start + 60),), (), (early, late)):
            changed = [replace(each, stops=wrong) if each is first else each for each in merged.routes]
            assert not rejoining.is_kept(parts, day, replace(merged, routes=tuple(changed)))


class TestWithoutASearch:
    async def test_the_day_is_mended_where_it_stands_and_no_solver_is_asked(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        east, west, orders, plan = await two_nurses(scene)

        async def solve(*_: object) -> None:
            raise AssertionError("nobody asked for a search")

        monkeypatch.setattr(solver_process, "solve_apart", solve)
        away = [{"practitioner_id": str(east), "from_at": at("10:00").isoformat()}]
        found = visits(await repair(scene, plan, frozen_until=at("10:00").isoformat(), absent=away, seconds_limit=0))
        before = visits(plan)
        assert [found[str(order)] for order in (orders[0], orders[3])] == [
            before[str(order)] for order in (orders[0], orders[3])
        ]
        assert {who for order in orders[4:] for who, _, _ in found[str(order)]} == {str(west)}
        assert {who for order in orders[1:3] for who, _, _ in found.get(str(order), [])} <= {str(west)}
        assert any(str(order) in found for order in orders[1:3])


class TestAsking:
    async def test_seconds_and_seed_are_those_asked_for_and_one_key_asks_once(self, scene: Scene) -> None:
        plan = await scene.plan()
        path, body = f"/plans/{plan['id']}/repairs", {"seconds_limit": 3, "seed": 11}
        first = await scene.dispatcher.post(path, json=body, headers={"Idempotency-Key": "k1"})
        again = await scene.dispatcher.post(path, json=body, headers={"Idempotency-Key": "k1"})
        assert (first.json()["seconds_limit"], first.json()["seed"]) == (3, 11)
        assert (again.status_code, again.json()) == (202, first.json())
        assert again.headers["Location"] == first.headers["Location"]

    async def test_a_day_that_is_over_and_a_plan_without_stops_are_not_repaired(
        self, scene: Scene, world: World
    ) -> None:
        queued, plan = (await scene.request()).json()["id"], await scene.plan()
        answer = await scene.dispatcher.post(f"/plans/{queued}/repairs", json={})
        assert (answer.status_code, answer.json()["code"]) == (409, "plan-not-standing")
        world.clock.shows = at("08:00", DAY + timedelta(days=1))
        answer = await scene.dispatcher.post(f"/plans/{plan['id']}/repairs", json={})
        assert (answer.status_code, answer.json()["code"]) == (422, "day-not-plannable")

    async def test_nothing_is_moved_that_begins_before_now_even_when_less_is_asked_for(
        self, scene: Scene, world: World
    ) -> None:
        east, _, orders, plan = await two_nurses(scene)
        world.clock.shows = at("10:10")
        mended = await repair(
            scene,
            plan,
            frozen_until=at("07:00").isoformat(),
            absent=[{"practitioner_id": str(east), "from_at": at("10:10").isoformat()}],
        )
        assert visits(mended)[str(orders[0])] == visits(plan)[str(orders[0])]
        later = [clock(stop["start_at"]) for route in mended["routes"] for stop in route["stops"]]
        assert all(each >= "10:10" for each in later if each not in {v[0][1] for v in visits(plan).values()})

    async def test_only_dispatchers_of_the_institutions_ask(self, scene: Scene, world: World) -> None:
        plan = await scene.plan()
        path = f"/plans/{plan['id']}/repairs"
        assert (await (await world.as_role(Role.nurse)).post(path, json={})).status_code == 403
        stranger = await world.as_role(Role.dispatcher, await world.add_institution())
        assert (await stranger.post(path, json={})).status_code == 404


class TestSpecimens:
    @pytest.fixture
    async def published(self, scene: Scene) -> tuple[list[UUID], dict[str, Any]]:
        """A day of two nurses with a blood draw of each person's own and one of two visits, published; the orders."""
        await scene.item("BLOOD", 10, specimen_minutes=60)
        await scene.item("REHAB")
        await scene.staff(1)
        await scene.staff(-1)
        home = await scene.world.add_home(lon=CENTRE[0] - 2 * DEGREES_PER_KM)
        person = await scene.world.add_patient(home_id=home)
        orders = [
            await scene.order(2, "08:00", "08:40", "BLOOD"),
            await scene.order(3, "09:30", "11:00", "BLOOD"),
            await scene.order(-2, "08:00", "12:00", "REHAB", person_id=person, home_id=home),
            await scene.order(-2, "13:00", "16:00", "REHAB", person_id=person, home_id=home),
        ]
        plan = await scene.plan()
        assert plan["summary"]["planned"] == 4
        assert (await scene.publish(plan)).status_code == 200
        return orders, plan

    @staticmethod
    def deliveries(plan: dict[str, Any]) -> list[tuple[str, str, str]]:
        """Return who hands in when."""
        return sorted(
            (route["practitioner_id"], stop["start_at"], stop["end_at"])
            for route in plan["routes"]
            for stop in route["stops"]
            if stop["kind"] == "delivery"
        )

    async def test_one_that_was_taken_is_handed_in_as_planned_the_others_may_move(
        self, scene: Scene, published: tuple[list[UUID], dict[str, Any]]
    ) -> None:
        orders, plan = published
        before = self.deliveries(plan)
        assert len(before) == 2
        mended = await repair(scene, plan, frozen_until=at("08:20").isoformat())
        assert mended["unassigned"] == []
        assert visits(mended).keys() == {str(each) for each in orders}
        assert visits(mended)[str(orders[0])] == visits(plan)[str(orders[0])]
        after = self.deliveries(mended)
        assert len(after) == 2
        assert min(before, key=lambda each: each[1]) in after

    async def test_one_of_a_visit_that_has_begun_is_missed_where_whoever_has_it_goes_before(
        self, scene: Scene, published: tuple[list[UUID], dict[str, Any]]
    ) -> None:
        orders, plan = published
        [(carrier, _, _)] = visits(plan)[str(orders[0])]
        [delivery] = [
            stop for route in plan["routes"] for stop in route["stops"] if stop["specimen_of"] == str(orders[0])
        ]
        async with scene.world.owner.begin() as connection:
            sql = "update orders set state = 'in_progress' where id = $1"
            await connection.exec_driver_sql(sql, (orders[0],))
        kept = await repair(scene, plan, frozen_until=at("08:40").isoformat())
        start, end = delivery["start_at"], delivery["end_at"]
        own = [stop for route in kept["routes"] if route["practitioner_id"] == carrier for stop in route["stops"]]
        others = [each for each in own if not each["stands"]]
        # the visit and what was taken at it are shown as they were promised
        assert [(each["kind"], each["start_at"]) for each in own if each["stands"]] == [
            ("visit", next(each["start_at"] for each in own if each["order_id"] == str(orders[0]))),
            ("delivery", start),
        ]
        assert kept["unassigned"] == []
        assert all(each["end_at"] <= start or each["start_at"] >= end for each in others)
        gone = await repair(
            scene,
            plan,
            frozen_until=at("08:40").isoformat(),
            absent=[{"practitioner_id": carrier, "from_at": start}],
        )
        standing = [stop["kind"] for route in gone["routes"] for stop in route["stops"] if stop["stands"]]
        assert standing == ["visit"], "nobody hands it in, and nothing says so"
        named = [each for each in gone["unassigned"] if each["order_id"] == str(orders[0])]
        assert [each["reason"] for each in named] == ["specimen_stranded"]
        assert "标本" in named[0]["explanation"]

    async def test_one_of_an_order_that_is_given_up_is_not_handed_in(
        self, scene: Scene, published: tuple[list[UUID], dict[str, Any]]
    ) -> None:
        orders, plan = published
        mended = await repair(
            scene, plan, frozen_until=at("07:30").isoformat(), cancelled_order_ids=[str(orders[0]), str(orders[3])]
        )
        assert visits(mended).keys() == {str(orders[1]), str(orders[2])}
        assert len(self.deliveries(mended)) == 1

    async def test_one_visit_more_at_which_one_is_taken_finds_a_place_from_which_it_is_handed_in_in_time(
        self, scene: Scene, published: tuple[list[UUID], dict[str, Any]]
    ) -> None:
        _, plan = published
        more = await scene.order(2, "08:00", "12:00", "BLOOD")
        answer = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(more)})
        told = answer.json()
        assert told["reason"] is None
        assert 1 <= len(told["places"]) <= 5
        assert all(len(each["crew"]) == 1 for each in told["places"]), "the delivery is no visit"

    async def test_a_day_with_specimens_takes_one_visit_more(
        self, scene: Scene, published: tuple[list[UUID], dict[str, Any]]
    ) -> None:
        _, plan = published
        more = await scene.order(0, "10:00", "16:00", "REHAB")
        answer = await scene.dispatcher.post(f"/plans/{plan['id']}/insertions", json={"order_id": str(more)})
        assert answer.status_code == 200, answer.text
        assert answer.json()["places"]
        for read in ("explanation", "kpis", "timeline.svg", "plan.xlsx", f"windows?order_id={more}"):
            assert (await scene.dispatcher.get(f"/plans/{plan['id']}/{read}")).status_code == 200, read
