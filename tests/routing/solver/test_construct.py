"""First plans of any small day: all that must be done is done, and no hard rule is broken."""

from hypothesis import given, settings

from service.routing.problem import Limits, Plan, Problem, Unassigned
from service.routing.referee.check import check_plan
from service.routing.solver import construct, tables, timetable
from service.routing.solver.clock import Budget
from service.routing.solver.state import State
from tests.routing.solver import days


def built(problem: Problem) -> State:
    return construct.build(tables.build(problem), Budget(Limits(10)))


def plan(state: State) -> Plan:
    return Plan(timetable.routes(state), tuple(Unassigned(job, "no_capacity") for job in state.absent()))


class TestBuild:
    @given(days.problems(days.SOFT, droppable=False))
    @settings(deadline=None, max_examples=60)
    def test_places_every_job_where_only_soft_rules_can_be_bent(self, problem: Problem) -> None:
        state = built(problem)
        assert state.absent() == []
        verdict = check_plan(problem, plan(state))
        assert verdict.violations == ()
        assert verdict.total == state.total()

    @given(days.problems(days.HARD, droppable=True))
    @settings(deadline=None, max_examples=60)
    def test_breaks_no_hard_rule_of_a_live_day(self, problem: Problem) -> None:
        state = built(problem)
        verdict = check_plan(problem, plan(state))
        assert verdict.violations == ()
        assert verdict.total == state.total()

    def test_leaves_a_job_out_that_costs_more_than_its_penalty(self) -> None:
        far = days.job("far", 5, (0, 300), drop_penalty=99)
        assert built(days.day([days.person()], [far], days.HARD)).absent() == [0]
        near = days.job("near", 4, (0, 300), drop_penalty=99)
        assert built(days.day([days.person()], [near], days.HARD)).absent() == []
