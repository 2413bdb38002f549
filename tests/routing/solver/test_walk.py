"""One person's day: starts, waiting, lateness and lunch against figures worked out by hand."""

from dataclasses import replace

from service.routing.problem import LUNCH, Job, Lunch, Problem, Stop
from service.routing.solver import route as routing
from service.routing.solver import state as states
from service.routing.solver import tables, timetable
from service.routing.solver.route import Route
from service.routing.solver.walk import LunchMode
from tests.routing.solver import days


def walked(problem: Problem, mode: LunchMode = LunchMode.late) -> Route | None:
    """The first person serves all jobs in the order of the problem."""
    found = tables.build(problem)
    stops = tuple(nodes[0] for nodes in found.nodes)
    return routing.build(found, found.people[0], mode, stops, (0,) * len(stops))


def written(problem: Problem, mode: LunchMode = LunchMode.late) -> tuple[Stop, ...]:
    found = tables.build(problem)
    state = states.empty(found)
    route = walked(problem, mode)
    assert route is not None
    state.routes[0] = route
    return timetable.routes(state)[0].stops


def two(first: Job, second: Job, **rules: object) -> Problem:
    return days.day([days.person()], [first, second], replace(days.SOFT, **rules))


class TestTimes:
    def test_starts_each_visit_when_it_opens_or_when_the_person_arrives(self) -> None:
        route = walked(two(days.job("a", 1, (50, 60)), days.job("b", 3, (0, 200))))
        assert route is not None
        assert route.starts == [50, 90]

    def test_prices_travel_alone_where_nobody_waits(self) -> None:
        route = walked(two(days.job("a", 1, (50, 60)), days.job("b", 3, (90, 100))))
        assert route is not None
        assert route.closing.cost == 10 + 20 + 30

    def test_takes_waiting_back_by_leaving_later_as_far_as_the_window_lets(self) -> None:
        problem = two(days.job("a", 1, (50, 60)), days.job("b", 3, (120, 200)))
        route = walked(problem)
        assert route is not None
        # Arrives at 90 for 120; ten of the thirty minutes are taken back at the first visit.
        assert route.closing.cost == 60 + 20
        assert [stop.start for stop in written(problem)] == [60, 120]

    def test_moves_no_start_where_waiting_costs_nothing(self) -> None:
        problem = two(days.job("a", 1, (50, 60)), days.job("b", 3, (120, 200)), waiting=0)
        assert [stop.start for stop in written(problem)] == [50, 120]

    def test_prices_waiting_before_the_first_visit_only_when_all_leave_at_the_start_of_the_shift(self) -> None:
        jobs = days.job("a", 1, (50, 60)), days.job("b", 1, (70, 90))
        relaxed, strict = walked(two(*jobs)), walked(two(*jobs, leave_at_shift_start=True))
        assert relaxed is not None
        assert strict is not None
        assert strict.closing.cost - relaxed.closing.cost == 40

    def test_counts_idle_time_as_the_shift_without_travel_and_service(self) -> None:
        route = walked(two(days.job("a", 1, (50, 60)), days.job("b", 3, (90, 100))))
        assert route is not None
        assert route.closing.idle == 300 - 60 - 40


class TestWindows:
    def test_prices_lateness_by_the_window_that_opened_last(self) -> None:
        route = walked(two(days.job("a", 5, (0, 10), (300, 310)), days.job("b", 5, (0, 400))))
        assert route is not None
        assert route.starts[0] == 50
        assert route.late == 40
        assert route.closing.cost == 100 + 40

    def test_waits_for_the_next_window_when_that_is_nearer_than_the_last_is_past(self) -> None:
        route = walked(two(days.job("a", 5, (0, 10), (60, 80)), days.job("b", 5, (0, 400))))
        assert route is not None
        assert route.starts[0] == 60
        assert route.late == 0

    def test_compares_the_end_of_the_service_when_the_rules_say_so(self) -> None:
        route = walked(two(days.job("a", 1, (0, 40)), days.job("b", 2, (0, 45)), window_end_at_service_end=True))
        assert route is not None
        assert route.late == 40 + 20 - 45

    def test_breaks_when_a_hard_window_is_past(self) -> None:
        assert walked(two(days.job("a", 1, (50, 60)), days.job("b", 3, (0, 89)), tardiness=None)) is None
        assert walked(two(days.job("a", 1, (50, 60)), days.job("b", 3, (0, 90)), tardiness=None)) is not None

    def test_breaks_when_the_jobs_load_more_than_the_person_carries(self) -> None:
        problem = two(days.job("a", 1, load=2), days.job("b", 2, load=3))
        for capacity, fits in ((5, True), (4, False)):
            people = (replace(problem.staff[0], capacity=capacity),)
            assert (walked(replace(problem, staff=people)) is not None) == fits

    def test_breaks_when_the_way_home_ends_after_a_hard_shift(self) -> None:
        jobs = [days.job("a", 5, (230, 240))]
        on_time = days.day([days.person(shift=(0, 300))], jobs, days.HARD)
        too_late = days.day([days.person(shift=(0, 299))], jobs, days.HARD)
        assert walked(on_time) is not None
        assert walked(too_late) is None


class TestLunch:
    LUNCH = Lunch(100, 140, 20)

    def problem(self, *jobs: Job, **rules: object) -> Problem:
        return days.day([days.person(lunch=self.LUNCH)], list(jobs), replace(days.SOFT, **rules))

    def test_is_had_in_a_gap_at_the_next_address(self) -> None:
        stops = written(self.problem(days.job("a", 1, (50, 50)), days.job("b", 2, (130, 140))))
        assert stops[1] == Stop(1, LUNCH, 100, 120)
        assert stops[2].start == 130

    def test_is_had_before_a_visit_after_which_it_would_be_too_late(self) -> None:
        stops = written(self.problem(days.job("a", 1, (50, 50)), days.job("b", 2, (90, 100), duration=40)))
        assert [(stop.service, stop.start) for stop in stops] == [(0, 50), (LUNCH, 100), (0, 120)]

    def test_is_had_where_the_person_is_when_the_way_would_take_too_long(self) -> None:
        stops = written(self.problem(days.job("a", 1, (90, 90)), days.job("b", 5, (0, 400))))
        assert stops[1] == Stop(0, LUNCH, 110, 130)
        assert stops[2].start == 170

    def test_is_had_after_the_last_visit_when_nothing_presses(self) -> None:
        stops = written(self.problem(days.job("a", 1, (50, 90))))
        assert stops[-1].service == LUNCH
        assert stops[-1].start >= 100

    def test_of_an_idle_person_is_had_at_the_start_point(self) -> None:
        state = states.empty(tables.build(self.problem(days.job("a", 1, (50, 60)))))
        assert timetable.routes(state)[0].stops == (Stop(-1, LUNCH, 100, 120),)

    def test_may_be_missed_only_at_a_price(self) -> None:
        jobs = [days.job("a", 1, (90, 90), duration=60)]
        soft = walked(self.problem(*jobs), LunchMode.skip)
        assert soft is not None
        assert soft.closing.cost == 20 + 20
        assert walked(self.problem(*jobs, missed_lunch=None), LunchMode.skip) is None
