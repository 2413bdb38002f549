"""Why a visit is given to whom: each reason on a day that is made for it."""

from dataclasses import replace

from service.routing.changing import reasons
from service.routing.changing.reasons import Because, Why
from service.routing.problem import Plan, Problem, Route, Rules, Stop
from tests.routing.solver.days import day, job, person

PRICED = Rules(travel=1, not_preferred=50)


def of(problem: Problem, *routes: tuple[Stop, ...]) -> list[Why]:
    """Return the reasons of a plan with these routes."""
    return reasons.explain_assignments(problem, Plan(tuple(Route(at, stops) for at, stops in enumerate(routes))))


class TestReasons:
    def test_nobody_else_knows_how(self) -> None:
        problem = day([person(skills="nd"), person("b")], [job("j", 1, (0, 90), skills="d")], PRICED)
        [why] = of(problem, (Stop(0, 0, 10, 30),), ())
        assert (why.because, why.others, why.next_best) == (Because.only_qualified, 0, None)

    def test_the_wished_one_comes_though_another_could(self) -> None:
        problem = day([person(), person("b")], [job("j", 1, (0, 90), preferred_staff=frozenset({0}))], PRICED)
        [why] = of(problem, (Stop(0, 0, 10, 30),), ())
        assert (why.because, why.next_best, why.extra) == (Because.wished, 1, 50)

    def test_all_others_have_no_room(self) -> None:
        jobs = [job("j", 1, (10, 10)), job("k", 1, (10, 10))]
        problem = day([person(), person("b")], jobs, PRICED)
        found = of(problem, (Stop(0, 0, 10, 30),), (Stop(1, 0, 10, 30),))
        assert [(why.because, why.others) for why in found] == [(Because.only_free, 1)] * 2

    def test_the_way_of_every_other_is_longer_by_what_is_said(self) -> None:
        far = replace(person("b"), start_point=5, end_point=5)
        problem = day([person(), far], [job("j", 1, (0, 90))], PRICED)
        [why] = of(problem, (Stop(0, 0, 10, 30),), ())
        assert (why.because, why.next_best, why.extra) == (Because.cheapest, 1, 60)

    def test_another_would_be_nearer_and_that_is_said_too(self) -> None:
        far = replace(person("b"), start_point=5, end_point=5)
        problem = day([person(), far], [job("j", 4, (0, 190))], PRICED)
        [why] = of(problem, (Stop(0, 0, 40, 60),), ())
        assert (why.because, why.next_best, why.extra) == (Because.as_a_whole, 1, -60)

    def test_beside_a_partner_another_must_begin_when_he_does(self) -> None:
        jobs = [job("two", 1, (0, 90), skills="n,n"), job("k", 1, (20, 20))]
        problem = day([person(), person("b"), person("c")], jobs, PRICED)
        found = of(problem, (Stop(0, 0, 10, 30),), (Stop(0, 1, 10, 30),), (Stop(1, 0, 20, 40),))
        assert [why.because for why in found if why.job == 0] == [Because.only_free] * 2

    def test_every_reason_has_its_sentence(self) -> None:
        assert set(reasons.SENTENCES) == set(Because)
        assert reasons.say(Because.wished) == "是居民指定的人员"
