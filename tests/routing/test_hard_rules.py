"""Every hard rule of the day binds: the plan over HTTP keeps it although a plan without it would be cheaper.

Each test leaves one rule out of the same day, solves that day, sees a lower price, and has the referee refuse the plan
on the real day by the rule's name.
"""

from dataclasses import replace
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import text

from service.core.ids import new_id
from service.practitioners.rules import StaffDay
from service.routing.problem import Staff, Sync, Window
from tests.routing.loosening import assert_it_binds, doubled, jobs, joined, services, staff
from tests.routing.scene import DEGREES_PER_KM, Scene, seconds, visits
from tests.world import CENTRE, World


def who_comes(plan: dict[str, Any], order_id: UUID) -> set[str]:
    return {who for who, _, _ in visits(plan)[str(order_id)]}


async def test_the_time_window(scene: Scene) -> None:
    await scene.item("REHAB")
    await scene.staff()
    ids = {
        "early east": await scene.order(4, "08:30", "09:30", "REHAB"),
        "west": await scene.order(-4, "10:00", "11:30", "REHAB"),
        "late east": await scene.order(4, "14:00", "15:00", "REHAB"),
    }
    plan = await scene.plan()
    told = visits(plan)
    assert "08:30" <= told[str(ids["early east"])][0][1] <= "09:00"
    assert "10:00" <= told[str(ids["west"])][0][1] <= "11:00"
    assert "14:00" <= told[str(ids["late east"])][0][1] <= "14:30"
    await assert_it_binds(
        scene,
        plan,
        "too_early",
        without=lambda problem: jobs(problem, lambda job: replace(job, windows=(Window(0, job.windows[-1].end),))),
    )


async def test_the_end_of_the_time_window(scene: Scene) -> None:
    await scene.item("REHAB")
    await scene.staff()
    first = await scene.order(4, "08:30", "09:30", "REHAB")
    await scene.order(-4, "10:00", "11:30", "REHAB")
    await scene.order(4, "14:00", "15:00", "REHAB")
    plan = await scene.plan()
    assert visits(plan)[str(first)][0][2] <= "09:30"
    await assert_it_binds(
        scene,
        plan,
        "too_late",
        without=lambda problem: jobs(
            problem, lambda job: replace(job, windows=(Window(job.windows[0].start, 86_400),))
        ),
    )


async def test_a_service_s_latest_start(scene: Scene, world: World) -> None:
    await scene.item("BLOOD", 10, latest_start=time(9, 30))
    await scene.item("REHAB")
    await scene.staff()
    await scene.order(-4, "08:00", "09:00", "REHAB")
    blood = await scene.order(4, "08:00", "17:00", "BLOOD")
    await scene.order(-4, "10:15", "11:00", "REHAB")
    plan = await scene.plan()
    assert visits(plan)[str(blood)][0][1] <= "09:30"
    await assert_it_binds(
        scene,
        plan,
        "too_late",
        facts_without=lambda facts: replace(
            facts, items={code: replace(each, latest_start=None) for code, each in facts.items.items()}
        ),
    )


async def test_the_skills_of_a_service(scene: Scene) -> None:
    await scene.item("WOUND", skills=("wound",))
    near, able = await scene.staff(0), await scene.staff(-5, skills=("wound",))
    order = await scene.order(0.5, "08:00", "12:00", "WOUND")
    plan = await scene.plan()
    assert who_comes(plan, order) == {str(able)}
    assert str(near) not in who_comes(plan, order)
    await assert_it_binds(
        scene,
        plan,
        "unqualified",
        without=lambda problem: jobs(problem, lambda job: services(job, skills=frozenset())),
    )


async def test_the_role_that_a_service_asks_for(scene: Scene) -> None:
    await scene.item("ROUND", skills=("role:doctor",))
    await scene.staff(0, role="nurse")
    doctor = await scene.staff(-5, role="doctor")
    order = await scene.order(0.5, "08:00", "12:00", "ROUND")
    plan = await scene.plan()
    assert who_comes(plan, order) == {str(doctor)}
    await assert_it_binds(
        scene,
        plan,
        "unqualified",
        without=lambda problem: jobs(problem, lambda job: services(job, skills=frozenset())),
    )


async def test_a_qualification_must_be_valid_on_the_day(scene: Scene) -> None:
    await scene.item("WOUND", skills=("wound",))
    near, able = await scene.staff(0), await scene.staff(-5, skills=("wound",))
    await scene.expire(near, "skill", "wound", date(2026, 3, 2))  # the day before
    order = await scene.order(0.5, "08:00", "12:00", "WOUND")
    plan = await scene.plan()
    assert who_comes(plan, order) == {str(able)}

    def still_valid(who: StaffDay) -> StaffDay:
        return replace(who, skills=who.skills | {"wound"})

    await assert_it_binds(
        scene,
        plan,
        "unqualified",
        facts_without=lambda facts: replace(facts, staff=tuple(still_valid(each) for each in facts.staff)),
    )


async def test_the_licence(scene: Scene, world: World) -> None:
    await scene.item("REHAB")
    licensed, near = await scene.staff(-5), await scene.staff(0)
    async with world.owner.begin() as connection:
        await connection.execute(
            text("update qualifications set valid_to = '2026-03-02' where practitioner_id = :who and kind = 'licence'"),
            {"who": near},
        )
    order = await scene.order(0.5, "08:00", "12:00", "REHAB")
    plan = await scene.plan()
    assert who_comes(plan, order) == {str(licensed)}
    assert plan["summary"]["staff"] == 1
    await assert_it_binds(
        scene,
        plan,
        "unknown_staff",
        follows="forgotten_job",  # nobody whom the day knows serves it
        facts_without=lambda facts: replace(facts, staff=tuple(replace(each, licensed=True) for each in facts.staff)),
    )


async def test_the_institution_that_the_order_was_placed_with(world: World) -> None:
    other = await world.add_institution()
    scene = await Scene.set_up(world, world.institution_id, other)
    await scene.item("REHAB")
    await scene.staff(0, institution_id=other)
    own = await scene.staff(-5)
    order = await scene.order(0.5, "08:00", "12:00", "REHAB")
    plan = await scene.plan()
    assert who_comes(plan, order) == {str(own)}
    await assert_it_binds(
        scene,
        plan,
        "unqualified",
        without=lambda problem: jobs(problem, lambda job: services(job, skills=frozenset())),
    )


async def test_the_end_of_the_shift(scene: Scene) -> None:
    await scene.item("REHAB")
    await scene.staff(0, shift=("08:00", "17:00"))
    late = await scene.staff(-5, shift=("12:00", "21:00"))
    order = await scene.order(0.5, "17:30", "18:30", "REHAB")
    plan = await scene.plan()
    assert who_comes(plan, order) == {str(late)}
    await assert_it_binds(
        scene,
        plan,
        "shift_end",
        without=lambda problem: staff(problem, lambda who: replace(who, shift=Window(0, 86_400))),
    )


async def test_the_start_of_the_shift(scene: Scene) -> None:
    await scene.item("REHAB")
    near = await scene.staff(0, shift=("12:00", "21:00"))
    early = await scene.staff(-5, shift=("08:00", "17:00"))
    order = await scene.order(0.5, "09:00", "10:00", "REHAB")
    plan = await scene.plan()
    assert who_comes(plan, order) == {str(early)}
    assert str(near) not in who_comes(plan, order)
    await assert_it_binds(
        scene,
        plan,
        "shift_start",
        without=lambda problem: staff(problem, lambda who: replace(who, shift=Window(0, 86_400))),
    )


async def test_the_lunch_break(scene: Scene) -> None:
    await scene.item("LONG", 60)
    near = await scene.staff(0, lunch=("12:00", "13:00", 45))
    other = await scene.staff(-5)
    order = await scene.order(0.5, "11:45", "13:00", "LONG")
    plan = await scene.plan()
    assert who_comes(plan, order) == {str(other)}
    assert str(near) not in who_comes(plan, order)
    await assert_it_binds(
        scene,
        plan,
        "lunch_missing",
        without=lambda problem: staff(problem, lambda who: replace(who, lunch=None)),
    )


async def test_the_window_of_the_lunch_break(scene: Scene) -> None:
    await scene.item("LONG", 60)
    await scene.staff(0, lunch=("12:00", "13:00", 45))
    other = await scene.staff(-5)
    order = await scene.order(0.5, "11:45", "13:00", "LONG")
    plan = await scene.plan()
    assert who_comes(plan, order) == {str(other)}

    def at_any_time(who: Staff) -> Staff:
        assert who.shift is not None
        return replace(who, lunch=who.lunch and replace(who.lunch, start=who.shift.start, end=who.shift.end))

    await assert_it_binds(scene, plan, "lunch_window", without=lambda problem: staff(problem, at_any_time))


async def test_the_duration_of_the_lunch_break(scene: Scene) -> None:
    await scene.item("LONG", 60)
    await scene.staff(0, lunch=("12:00", "13:00", 45))
    other = await scene.staff(-5)
    order = await scene.order(0.5, "11:45", "13:00", "LONG")
    plan = await scene.plan()
    assert who_comes(plan, order) == {str(other)}

    def in_a_minute(who: Staff) -> Staff:
        return replace(who, lunch=who.lunch and replace(who.lunch, duration=60))

    await assert_it_binds(scene, plan, "lunch_duration", without=lambda problem: staff(problem, in_a_minute))


async def test_the_duration_of_a_service(scene: Scene) -> None:
    await scene.item("LONG", 60)
    await scene.staff(0)
    await scene.staff(-5)
    ids = [await scene.order(0.5, "09:00", "10:10", "LONG") for _ in range(2)]
    plan = await scene.plan()
    assert all(seconds(end) - seconds(start) == 3600 for each in ids for _, start, end in visits(plan)[str(each)])
    assert who_comes(plan, ids[0]).isdisjoint(who_comes(plan, ids[1]))
    await assert_it_binds(
        scene, plan, "duration", without=lambda problem: jobs(problem, lambda job: services(job, duration=120))
    )


async def test_two_people_begin_together(scene: Scene) -> None:
    for code, skills in (("PAIR", ()), ("A", ("a",)), ("B", ("b",))):
        await scene.item(code, 20, skills=skills)
    await scene.staff(0, skills=("a",))
    await scene.staff(0, skills=("b",))
    pair = await scene.order(4, "08:00", "13:00", "PAIR", staff_count=2)
    # the first is in the east early and in the west until noon, the second the other way round
    await scene.order(4, "08:15", "08:40", "A")
    await scene.order(-4, "09:45", "10:05", "A")
    await scene.order(-4, "11:30", "11:50", "A")
    await scene.order(-4, "08:15", "08:40", "B")
    await scene.order(-4, "09:30", "09:50", "B")
    plan = await scene.plan(seconds_limit=2)
    together = visits(plan)[str(pair)]
    assert len({who for who, _, _ in together}) == 2
    assert len({start for _, start, _ in together}) == 1
    await assert_it_binds(
        scene,
        plan,
        "not_simultaneous",
        without=lambda problem: jobs(problem, lambda job: replace(job, sync=Sync.independent)),
    )


async def test_two_people_are_two_people(scene: Scene) -> None:
    await scene.item("PAIR", 30, staff_count=2)
    near, far = await scene.staff(0), await scene.staff(-5)
    order = await scene.order(0.5, "08:00", "12:00", "PAIR", staff_count=2)
    plan = await scene.plan()
    assert who_comes(plan, order) == {str(near), str(far)}
    # whoever counts for two people is sent twice; joined into one, he would give both services of the visit at once
    await assert_it_binds(scene, plan, "same_staff", without=doubled, retold=joined, follows="overlap")


async def test_the_way_of_travelling(scene: Scene) -> None:
    await scene.item("REHAB")
    walker, rider = await scene.staff(0, mode="walk"), await scene.staff(-6, mode="ebike")
    await scene.order(0.5, "08:30", "09:30", "REHAB")
    second = await scene.order(3.5, "09:45", "10:30", "REHAB")
    plan = await scene.plan()
    assert who_comes(plan, second) == {str(rider)}
    assert str(walker) not in who_comes(plan, second)
    await assert_it_binds(
        scene,
        plan,
        "travel",
        without=lambda problem: replace(
            problem, matrices=tuple(min(problem.matrices, key=lambda each: each.sum()) for _ in problem.matrices)
        ),
    )


async def test_what_another_plan_has_promised(world: World) -> None:
    scene = await Scene.set_up(world)
    await scene.item("REHAB", 60)
    far, near = await scene.staff(-5), await scene.staff(0)
    promised = await scene.order(0.5, "09:00", "10:00", "REHAB")
    first = await scene.plan()
    assert who_comes(first, promised) == {str(near)}
    assert (await scene.publish(first)).status_code == 200
    # the second area shares the institution; what the first one published stays promised
    second_scene = await Scene.set_up(world)
    order = await scene.order(0.5, "09:15", "10:30", "REHAB")
    plan = await second_scene.plan()
    assert who_comes(plan, order) == {str(far)}
    assert str(promised) not in visits(plan)
    await assert_it_binds(second_scene, plan, "shift_end", facts_without=lambda facts: replace(facts, busy=()))


async def test_an_elder_whom_another_plan_visits(world: World) -> None:
    scene = await Scene.set_up(world)
    await scene.item("REHAB", 60)
    await scene.item("SHORT", 20, skills=("s",))
    await scene.staff(0)
    home = await world.add_home(lon=CENTRE[0] + 4 * DEGREES_PER_KM)
    person = await world.add_patient(home_id=home)
    promised = await scene.order(4, "09:00", "10:00", "REHAB", person_id=person, home_id=home)
    assert (await scene.publish(await scene.plan())).status_code == 200
    await scene.staff(0, skills=("s",))
    second_scene = await Scene.set_up(world)
    # on the way from the neighbour in the east to the west somebody passes by while the other one is there
    await scene.order(4, "08:15", "08:45", "SHORT")
    again = await scene.order(4, "08:30", "13:00", "REHAB", person_id=person, home_id=home)
    await scene.order(-4, "10:40", "11:05", "SHORT")
    plan = await second_scene.plan()
    assert str(promised) not in visits(plan)
    assert visits(plan)[str(again)][0][1] >= "10:00"
    await assert_it_binds(second_scene, plan, "too_early", facts_without=lambda facts: replace(facts, engaged={}))
    squeezed = await scene.order(4, "09:00", "10:00", "REHAB", person_id=person, home_id=home)
    left = {each["order_id"]: each["reason"] for each in (await second_scene.plan())["unassigned"]}
    assert left[str(squeezed)] == "person_engaged"


async def test_an_elder_who_is_visited_twice(scene: Scene, world: World) -> None:
    for code in ("A", "B"):
        await scene.item(code, 30, skills=(code.lower(),))
    await scene.staff(0, skills=("a",))
    await scene.staff(0, skills=("b",))
    await scene.staff(9, skills=("b",))
    home = await world.add_home(lon=CENTRE[0] + 4 * DEGREES_PER_KM)
    person = await world.add_patient(home_id=home)
    ids = [await scene.order(4, "09:00", "10:05", code, person_id=person, home_id=home) for code in ("A", "B")]
    # two are in the east at nine and must be in the west soon after: only one of them can see the elder before he goes
    for code in ("A", "B"):
        await scene.order(4, "08:25", "08:58", code)
        await scene.order(-4, "10:10", "10:45", code)
    plan = await scene.plan()
    (_, _, end), (_, start, _) = sorted((visits(plan)[str(each)][0] for each in ids), key=lambda each: each[1])
    assert end <= start
    await assert_it_binds(
        scene,
        plan,
        "link_gap",
        facts_without=lambda facts: replace(
            facts, orders=tuple(replace(each, person_id=new_id()) for each in facts.orders)
        ),
    )
