"""Neighbour institutions help each other out by agreement: in the plan, in its explanation, in its publication."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.principal import Fence
from service.routing import building, referee
from service.routing.errors import OverflowNotAgreed
from service.routing.problem import Plan, Route, Stop, Unassigned
from tests.routing.neighbours import Neighbours, reasons, stop_of
from tests.routing.scene import DAY, at, broken, clock, problem_of, visits
from tests.world import World

pytestmark = pytest.mark.database


@pytest.fixture
async def near(world: World) -> Neighbours:
    return await Neighbours.set_up(world)


class TestPlanning:
    async def test_without_an_agreement_a_neighbour_does_not_come(self, near: Neighbours) -> None:
        await near.helper()
        order = await near.scene.order(1, "09:00", "12:00", "BP")
        plan = await near.scene.plan()
        assert visits(plan) == {}
        assert reasons(plan) == {str(order): "no_qualified_staff"}

    @pytest.mark.requirement("R146")
    async def test_with_one_a_neighbour_comes_and_the_plan_says_by_which(self, near: Neighbours) -> None:
        helper = await near.helper()
        order = await near.scene.order(1, "09:00", "12:00", "BP")
        agreement = await near.agree()
        plan = await near.scene.plan()
        assert await near.went(plan, order) == [helper]
        assert stop_of(plan, order)["overflow_agreement_id"] == agreement
        told = await near.scene.dispatcher.get(f"/plans/{plan['id']}/explanation")
        [why] = told.json()["assignments"]
        assert (why["because"], why["overflow_agreement_id"]) == ("by_agreement", agreement)
        assert why["explanation"] == "按机构间互助协议，由邻近机构的人员上门；当天只有此人符合该服务的资质和人员要求"

    async def test_own_staff_come_first_while_they_have_room(self, near: Neighbours) -> None:
        own = await near.scene.staff(-3)
        helper = await near.helper(1)
        # beside the neighbour's station, far from one's own
        order = await near.scene.order(1, "09:00", "09:25", "BP")
        agreement = await near.agree()
        plan = await near.scene.plan()
        assert await near.went(plan, order) == [own]
        assert stop_of(plan, order)["overflow_agreement_id"] is None
        told = await near.scene.dispatcher.get(f"/plans/{plan['id']}/explanation")
        [why] = told.json()["assignments"]
        assert (why["because"], why["overflow_agreement_id"]) == ("cheapest", None)
        at_once = await near.scene.order(-3, "09:00", "09:25", "BP")
        plan = await near.scene.plan()
        assert (await near.went(plan, at_once), await near.went(plan, order)) == ([own], [helper])
        assert stop_of(plan, order)["overflow_agreement_id"] == agreement

    async def test_the_price_says_how_far_own_staff_go_before_a_neighbour_does(self, near: Neighbours) -> None:
        own, helper = await near.scene.staff(-3), await near.helper(1)
        order = await near.scene.order(1, "09:00", "10:00", "BP")
        agreement = await near.agree(price_minutes=0)
        assert await near.went(await near.scene.plan(), order) == [helper]
        await near.end(agreement, date(2026, 1, 1))
        await near.agree(valid_from="2026-02-01", price_minutes=120)
        assert await near.went(await near.scene.plan(), order) == [own]

    async def test_an_agreement_that_ended_the_day_before_or_begins_the_day_after_holds_no_more(
        self, near: Neighbours
    ) -> None:
        helper = await near.helper()
        order = await near.scene.order(1, "09:00", "12:00", "BP")
        agreement = await near.agree(valid_to=DAY.isoformat())
        assert await near.went(await near.scene.plan(), order) == [helper]
        await near.end(agreement, DAY - timedelta(days=1))
        assert reasons(await near.scene.plan()) == {str(order): "no_qualified_staff"}
        await near.agree(valid_from=(DAY + timedelta(days=1)).isoformat())
        assert reasons(await near.scene.plan()) == {str(order): "no_qualified_staff"}

    async def test_it_holds_one_way_and_for_the_kinds_it_names(self, near: Neighbours) -> None:
        helper, own = await near.helper(), await near.scene.staff()
        theirs = await near.scene.order(1, "09:00", "12:00", "BP", institution_id=near.helping_id)
        round_visit = await near.scene.order(1, "13:00", "13:25", "BP", kind="home_bed_round", staff_count=2)
        home_visit = await near.scene.order(1, "14:00", "14:25", "BP", kind="home_visit", staff_count=2)
        await near.agree(order_kinds=["home_visit"])
        plan = await near.scene.plan()
        assert await near.went(plan, theirs) == [helper]
        assert set(await near.went(plan, home_visit)) == {own, helper}
        assert reasons(plan) == {str(round_visit): "no_qualified_staff"}

    async def test_whom_the_elder_does_not_want_does_not_come_at_any_price(self, near: Neighbours) -> None:
        own = await near.scene.staff()
        order = await near.scene.order(1, "09:00", "12:00", "BP")
        async with near.world.owner.begin() as connection:
            query = text("update orders set excluded_practitioner_ids = array[cast(:who as uuid)] where id = :id")
            await connection.execute(query, {"who": own, "id": order})
        await near.agree()
        assert reasons(await near.scene.plan()) == {str(order): "excluded_staff"}

    async def test_an_institution_outside_the_agreement_stays_outside(self, world: World) -> None:
        near = await Neighbours.set_up(world, others=1)
        await near.scene.staff(institution_id=near.others[0])
        order = await near.scene.order(1, "09:00", "12:00", "BP")
        await near.agree()
        assert reasons(await near.scene.plan()) == {str(order): "no_qualified_staff"}


class TestReferee:
    async def test_refuses_a_neighbour_without_an_agreement(self, near: Neighbours) -> None:
        await near.helper()
        await near.scene.order(1, "09:00", "12:00", "BP")
        facts = await near.scene.facts()
        problem = await problem_of(facts)
        start = problem.jobs[0].windows[0].start
        plan = Plan((Route(0, (Stop(0, 0, start, start + problem.jobs[0].services[0].duration),)),), ())
        assert broken(problem, plan) == {"unqualified"}

    async def test_prices_each_visit_given_away(self, near: Neighbours) -> None:
        await near.helper()
        await near.scene.order(1, "09:00", "12:00", "BP")
        await near.agree(price_minutes=30)
        facts = await near.scene.facts()
        problem = await problem_of(facts)
        start = problem.jobs[0].windows[0].start
        plan = Plan((Route(0, (Stop(0, 0, start, start + problem.jobs[0].services[0].duration),)),), ())
        verdict = referee.check_plan(problem, plan)
        assert verdict.feasible
        free = replace(problem, rules=replace(problem.rules, forbidden=0))
        assert verdict.total - referee.check_plan(free, plan).total == 30 * 60
        idle = Plan((Route(0, ()),), (Unassigned(0, "no_capacity", {}),))
        assert verdict.total < referee.check_plan(problem, idle).total

    async def test_days_without_agreements_are_drawn_as_ever(self, near: Neighbours) -> None:
        await near.helper()
        await near.scene.order(1, "09:00", "12:00", "BP")
        facts = await near.scene.facts()
        assert facts.agreements == ()
        assert building.draw(facts).rules.forbidden is None


class TestPublishing:
    async def test_is_refused_when_the_agreement_was_ended_meanwhile(self, near: Neighbours) -> None:
        await near.helper()
        order = await near.scene.order(1, "09:00", "12:00", "BP")
        agreement = await near.agree()
        plan = await near.scene.plan()
        await near.end(agreement, DAY - timedelta(days=1))
        answer = await near.scene.publish(plan)
        assert (answer.status_code, answer.json()["code"]) == (409, "overflow-not-agreed")
        again = await near.scene.plan()
        assert reasons(again) == {str(order): "no_qualified_staff"}
        assert (await near.scene.publish(again)).json()["appointments"] == 0

    async def test_two_institutions_orders_at_one_home_are_two_trips(self, near: Neighbours) -> None:
        helper = await near.helper()
        home = await near.world.add_home()
        orders = [
            await near.scene.order(0, "09:00", "12:00", "BP", home_id=home, institution_id=each)
            for each in (near.world.institution_id, near.helping_id)
        ]
        await near.agree()
        assert (await near.scene.publish(await near.scene.plan())).status_code == 200
        async with near.world.owner.connect() as connection:
            query = text("select order_id, practitioner_id, trip_key from appointments where order_id = any(:ids)")
            found = (await connection.execute(query, {"ids": orders})).all()
        assert {row.practitioner_id for row in found} == {helper}
        assert len({row.trip_key for row in found}) == 2

    @pytest.mark.parametrize("named", [False, True])
    async def test_the_database_books_nobody_without_an_agreement_in_force(self, near: Neighbours, named: bool) -> None:
        """Plain SQL: the last word is the table's, also over a row that names an agreement of other days or people."""
        helper, own = await near.helper(), await near.scene.staff()
        order = await near.scene.order(1, "09:00", "12:00", "BP")
        await near.agree()
        plan = await near.scene.plan()
        assert (await near.scene.publish(plan)).status_code == 200
        turned = await near.agree(
            giving_institution_id=str(near.helping_id), helping_institution_id=str(near.world.institution_id)
        )
        fence = Fence(near.world.region_id, (near.world.institution_id, near.helping_id))
        assert await near.went(plan, order) == [own]
        with pytest.raises((OverflowNotAgreed, DBAPIError)) as refused:
            async with transaction(near.world.house.sessions, fence, near.world.clock.now()) as session:
                await session.execute(
                    text(
                        "update appointments set practitioner_id = :who, overflow_agreement_id = :by"
                        " where order_id = :order"
                    ),
                    {"who": helper, "by": UUID(turned) if named else None, "order": order},
                )
        assert isinstance(refused.value, OverflowNotAgreed)


class TestAbsence:
    async def test_at_the_helping_institution_names_the_neighbours_visit_and_nothing_of_the_elder(
        self, near: Neighbours
    ) -> None:
        helper = await near.helper()
        given_away = await near.scene.order(1, "09:00", "09:20", "BP")
        own = await near.scene.order(1, "10:00", "10:20", "BP", institution_id=near.helping_id)
        agreement = await near.agree()
        plan = await near.scene.plan()
        assert (await near.scene.publish(plan)).status_code == 200
        [(_, start, end)] = visits(plan)[str(given_away)]
        admin = await near.world.as_role(Role.institution_admin, near.helping_id)
        entered = await admin.post(f"/practitioners/{helper}/absences", json=_away("08:30", "12:00"))
        assert entered.status_code == 201, entered.text
        hits = entered.json()["hits"]
        assert [(each["order_id"], each["institution_id"], each["overflow_agreement_id"]) for each in hits] == [
            (str(given_away), str(near.world.institution_id), agreement),
            (str(own), str(near.helping_id), None),
        ]
        assert (hits[0]["plan_id"], hits[0]["order_state"]) == (plan["id"], "scheduled")
        assert (clock(hits[0]["start_at"]), clock(hits[0]["end_at"])) == (start, end)
        assert hits[0]["order_no"] == stop_of(plan, given_away)["order_no"]
        assert hits[0].keys() == hits[1].keys() == {
            "order_id", "order_no", "order_state", "plan_id", "start_at", "end_at", "institution_id",
            "overflow_agreement_id",
        }  # fmt: skip
        # by the number one speaks of it with the neighbour; the record stays behind the fence
        assert (await admin.get(f"/orders/{given_away}")).status_code == 404
        absence = f"/practitioners/{helper}/absences/{entered.json()['id']}"
        assert (await admin.get(absence)).json()["hits"] == hits
        # whoever sees both institutions is told of each visit once
        both = await near.world.as_role(Role.institution_admin, near.world.institution_id, near.helping_id)
        assert (await both.get(absence)).json()["hits"] == hits
        # outside the time that he is away nothing is hit
        cut = await admin.patch(absence, json={"end": _moment("08:45")})
        assert (cut.status_code, cut.json()["hits"]) == (200, [])

    async def test_only_his_own_institution_may_ask_what_somebody_has_promised_elsewhere(
        self, near: Neighbours
    ) -> None:
        helper = await near.helper()
        await near.scene.order(1, "09:00", "09:20", "BP")
        await near.agree()
        assert (await near.scene.publish(await near.scene.plan())).status_code == 200
        query = text("select * from appointments_given_away(:who, :start, :end)")
        asked = {"who": helper, "start": at("00:00"), "end": at("23:00")}
        third = await near.world.add_institution()
        told = {}
        for institution_id in (near.helping_id, near.world.institution_id, third):
            fence = Fence(near.world.region_id, (institution_id,))
            async with transaction(near.world.house.sessions, fence, near.world.clock.now()) as session:
                told[institution_id] = len((await session.execute(query, asked)).all())
        assert told == {near.helping_id: 1, near.world.institution_id: 0, third: 0}


def _moment(clock: str) -> str:
    return f"{DAY.isoformat()}T{clock}:00+08:00"


def _away(start: str, end: str) -> dict[str, str]:
    return {"start": _moment(start), "end": _moment(end), "reason": "sick"}


class TestRecording:
    async def test_is_the_regions_work_and_everybody_reads_it(self, near: Neighbours) -> None:
        agreement = await near.agree(order_kinds=["home_visit", "home_visit"], valid_to="2026-12-31")
        nurse = await near.world.as_role(Role.nurse)
        listed = (await nurse.get("/overflow-agreements")).json()["items"]
        assert [(each["id"], each["order_kinds"], each["price_minutes"]) for each in listed] == [
            (agreement, ["home_visit"], 60)
        ]
        admin = await near.world.as_role(Role.institution_admin)
        assert (await admin.post("/overflow-agreements", json={})).status_code == 403

    async def test_two_of_one_pair_do_not_overlap(self, near: Neighbours) -> None:
        agreement = await near.agree()
        again = await near.ask(valid_from="2026-06-01", order_kinds=["home_visit"])
        assert (again.status_code, again.json()["code"]) == (409, "overflow-agreed")
        await near.end(agreement, date(2026, 5, 31))
        await near.agree(valid_from="2026-06-01")
        reopened = await near.region.patch(f"/overflow-agreements/{agreement}", json={"valid_to": None})
        assert (reopened.status_code, reopened.json()["code"]) == (409, "overflow-agreed")

    async def test_is_of_two_institutions_of_the_region_and_ends_after_it_begins(self, near: Neighbours) -> None:
        own = str(near.world.institution_id)
        for parties in ({"helping_institution_id": own}, {"helping_institution_id": str(UUID(int=1))}):
            refused = await near.ask(**parties)
            assert (refused.status_code, refused.json()["code"]) == (422, "overflow-parties-invalid")
        reversed_ = await near.ask(valid_to="2025-12-31")
        assert (reversed_.status_code, reversed_.json()["code"]) == (422, "period-reversed")
