"""Days that cannot be planned say why, by the name of the field: through the solver's process, and over HTTP."""

import dataclasses
import pickle
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from service.accounts.rules import Role
from service.core.settings import Settings
from service.routing import solving, validation
from service.routing.problem import Band, Limits, Link, Problem, Window
from service.routing.solver import NumbersTooLarge, solve
from service.routing.solver_process import Task, solve_apart
from service.routing.solver_progress import Progress
from tests.gateways.stand_in import RoadServer, serving
from tests.routing.scene import DAY, Scene, visits
from tests.routing.solver import days
from tests.world import World

MANY = 64
"""Orders whose sums go too far where each way does nearly."""
SLOWER = ((Band(0, 1500),),)
"""Only the compiled search knows traffic."""
JOBS = [days.job("a", 1, (0, 200)), days.job("b", 2, (0, 200))]
LINKED = replace(days.day([days.person()], JOBS), links=(Link(0, 1),))
BUSY = replace(days.day([days.person()], JOBS), traffic=SLOWER)
FAR = LINKED.matrices[0].copy()
FAR[0, 5] = 1 << 42

TOO_LARGE: list[tuple[str, Problem]] = [
    ("matrices[0]", replace(LINKED, matrices=(FAR,))),
    ("matrices[0]", replace(BUSY, matrices=(FAR,))),
    ("jobs[1].windows[0]", replace(LINKED, jobs=(JOBS[0], replace(JOBS[1], windows=(Window(0, 1 << 45),))))),
    ("jobs[0].services[0].duration", replace(LINKED, jobs=(days.job("a", 1, duration=1 << 42), JOBS[1]))),
    ("links[0].low", replace(LINKED, links=(Link(0, 1, low=1 << 44),))),
    ("rules.tardiness", replace(BUSY, rules=replace(days.SOFT, tardiness=1 << 40))),
    ("jobs[1].tardiness", replace(BUSY, jobs=(JOBS[0], replace(JOBS[1], tardiness=1 << 40)))),
    ("jobs[0].drop_penalty", replace(BUSY, jobs=(replace(JOBS[0], drop_penalty=1 << 46), JOBS[1]))),
]


async def silent(_: Progress) -> None:
    """Nobody listens."""


class TestNumbersTooLarge:
    @pytest.mark.parametrize(
        ("field", "problem"), TOO_LARGE, ids=[f"{field}-{at}" for at, (field, _) in enumerate(TOO_LARGE)]
    )
    def test_names_the_number_that_goes_too_far(self, field: str, problem: Problem) -> None:
        validation.check(problem)  # it fits 64 bits, and contradicts nothing
        with pytest.raises(NumbersTooLarge) as refused:
            solve(problem, Limits(0.2), 1)
        assert refused.value.field == field
        assert str(refused.value).startswith(f"{field}: is ")

    def test_the_refusal_survives_a_pipe_between_processes(self) -> None:
        refused = pickle.loads(pickle.dumps(NumbersTooLarge("links[0].low", "is far")))
        assert (refused.field, str(refused)) == ("links[0].low", "links[0].low: is far")

    async def test_comes_through_the_pipe_of_the_solver_s_process(self) -> None:
        field, problem = TOO_LARGE[0]
        with pytest.raises(NumbersTooLarge) as refused:
            await solve_apart(Task(problem, Limits(1.0), 1), silent)
        assert refused.value.field == field

    def test_a_day_that_is_only_large_is_planned(self) -> None:
        largest = days.line()
        largest[0, 5] = largest[5, 0] = 1 << 29
        plan = solve(replace(BUSY, matrices=(largest,)), Limits(0.2), 1)
        assert not plan.unassigned


class Detour(RoadServer):
    """A road server that takes 25 years for whatever is farther than a kilometre."""

    def osrm(self, path: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        status, found = super().osrm(path, query)
        if status == 200:
            found["durations"] = [[8e8 if each > 120 else each for each in row] for row in found["durations"]]
        return status, found


@pytest.fixture
def detour() -> Iterator[Detour]:
    with serving(Detour()) as server:
        yield server


@pytest.fixture
async def scene(world: World) -> Scene:
    made = await Scene.set_up(world)
    await made.item("REHAB")
    await made.staff(mode="car")
    return made


async def set_value(world: World, key: str, value: object) -> None:
    admin = await world.as_role(Role.institution_admin)
    answer = await admin.post(
        "/settings",
        json={
            "key": key,
            "value": value,
            "valid_from": DAY.isoformat(),
            "institution_id": str(world.institution_id),
        },
    )
    assert answer.status_code == 201, answer.text


class TestOverHttp:
    async def test_a_plan_whose_numbers_nobody_can_add_up_has_failed_with_the_field_s_name(
        self, scene: Scene, world: World, detour: Detour
    ) -> None:
        near = await scene.order(0.2, "08:00", "17:00", "REHAB")
        await scene.order(9, "08:00", "17:00", "REHAB")
        house = dataclasses.replace(world.house, settings=Settings(osrm_url=detour.base_url))
        plan_id = (await scene.request()).json()["id"]
        await solving.solve_plan(house, scene.job(plan_id))
        plan = await scene.read(plan_id)
        assert (plan["state"], set(visits(plan))) == ("solved", {str(near)})
        # beside the rush hour no search knows ways so long
        await set_value(world, "travel.traffic", "00:00=300")
        plan_id = (await scene.request()).json()["id"]
        await solving.solve_plan(house, scene.job(plan_id))
        plan = await scene.read(plan_id)
        assert (plan["state"], plan["routes"]) == ("failed", [])
        assert plan["failure"].startswith("当天的数据中有过大的数值")
        assert "matrices[0]: is 8000001" in plan["failure"]

    async def test_a_day_whose_fields_contradict_has_failed_with_the_field_s_name_and_so_has_its_repair(
        self, scene: Scene, world: World, detour: Detour
    ) -> None:
        for number in range(MANY):
            await scene.order(2 + number / 10, "08:00", "17:00", "REHAB")
        plan = await scene.plan()
        assert (await scene.publish(plan)).status_code == 200
        # ways of 25 years in the rush hour, at 600 minutes for each quarter of an hour: what was told costs too much
        await set_value(world, "travel.traffic", "00:00=300")
        await set_value(world, "plan.moved_price_minutes", 600)
        house = dataclasses.replace(world.house, settings=Settings(osrm_url=detour.base_url))
        repair = await scene.dispatcher.post(f"/plans/{plan['id']}/repairs", json={"seconds_limit": 1})
        for asked in (repair, await scene.request()):
            await solving.solve_plan(house, scene.job(asked.json()["id"]))
            failed = await scene.read(asked.json()["id"])
            assert (failed["state"], failed["routes"], failed["summary"]) == ("failed", [], None)
            assert failed["failure"].startswith("当天的数据自相矛盾")
            assert "rules.moved: is 36000" in failed["failure"]
        assert (await scene.read(plan["id"]))["state"] == "published"

    async def test_traffic_may_be_told_from_midnight_on(self, scene: Scene, world: World) -> None:
        await scene.order(3, "08:00", "17:00", "REHAB")
        before = (await scene.plan())["summary"]["travel_seconds"]
        await set_value(world, "travel.traffic", "00:00=200")
        plan = await scene.plan()
        assert (plan["state"], plan["failure"]) == ("solved", None)
        assert abs(plan["summary"]["travel_seconds"] - 2 * before) <= 4
