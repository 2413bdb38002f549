"""Meetings settled over several routes, in one global order."""

from service.routing.problem import Problem, Sync, Window
from service.routing.solver import state as states
from service.routing.solver import tables
from service.routing.solver.state import State
from tests.routing.solver import days


def empty(problem: Problem) -> State:
    return states.empty(tables.build(problem))


def pair(sync: Sync, lag: tuple[int, int] = (0, 0)) -> State:
    """Person a first has a visit until 90 at point 1; both then serve the pair at point 2."""
    early = days.job("early", 1, (70, 70))
    both = days.job("both", 2, (0, 200), skills="n,n", sync=sync, lag=Window(*lag))
    state = empty(days.day([days.person("a"), days.person("b")], [early, both]))
    assert state.insert(0, [(0, 0)])
    assert state.insert(1, [(0, 1), (1, 0)], 1)
    return state


class TestMeetings:
    def test_simultaneous_services_start_when_the_last_person_is_there(self) -> None:
        state = pair(Sync.simultaneous)
        assert state.routes[0].starts == [70, 100]
        assert state.routes[1].starts == [100]

    def test_sequential_services_keep_the_lag_by_delaying_the_first(self) -> None:
        state = pair(Sync.sequential, (10, 30))
        assert state.routes[0].starts[1] == 100
        assert state.routes[1].starts == [110]
        swapped = empty(state.tables.problem)
        assert swapped.insert(0, [(0, 0)])
        assert swapped.insert(1, [(1, 0), (0, 1)], 1)
        assert swapped.routes[0].starts[1] == 100
        assert swapped.routes[1].starts == [70]

    def test_independent_services_start_when_they_can(self) -> None:
        state = pair(Sync.independent)
        assert state.routes[1].starts == [20]

    def test_an_earlier_meeting_follows_when_what_delayed_it_is_removed(self) -> None:
        state = pair(Sync.simultaneous)
        assert state.remove([0])
        assert state.routes[0].starts == [20]
        assert state.routes[1].starts == [20]

    def test_a_delay_travels_through_the_partner_to_that_persons_next_visit(self) -> None:
        state = pair(Sync.simultaneous)
        problem = state.tables.problem
        after = days.job("after", 3, (0, 300))
        longer = empty(days.day(list(problem.staff), [*problem.jobs, after]))
        assert longer.insert(1, [(0, 0), (1, 0)], 0)
        assert longer.insert(2, [(1, 1)])
        assert longer.routes[1].starts == [20, 50]
        assert longer.insert(0, [(0, 0)])
        assert longer.routes[1].starts == [100, 130]

    def test_an_insertion_that_would_break_a_partners_hard_window_changes_nothing(self) -> None:
        both = days.job("both", 2, (0, 60), skills="n,n")
        state = empty(days.day([days.person("a"), days.person("b")], [days.job("early", 1, (70, 90)), both], days.HARD))
        assert state.insert(1, [(0, 0), (1, 0)], 0)
        before = state.total()
        assert not state.insert(0, [(0, 0)])
        assert state.total() == before
        assert state.absent() == [0]


class TestTotal:
    def test_adds_the_worst_idle_time_and_tardiness_and_what_is_left_out(self) -> None:
        problem = days.day(
            [days.person("a"), days.person("b")], [days.job("a", 5, (0, 30)), days.job("b", 1, (0, 9), drop_penalty=77)]
        )
        state = empty(problem)
        assert state.insert(0, [(0, 0)])
        travel, late, idle_b = 100, 20, 300
        assert state.total() == travel + late + late + idle_b + 77

    def test_measures_imbalance_from_the_mean(self) -> None:
        assert states.imbalance([10, 20, 30]) == 20
