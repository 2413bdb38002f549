"""Windows are cut around busy times, and told by beginnings or by whole visits."""

from hypothesis import given
from hypothesis import strategies as st

from service.routing.building.windows import Timing, clear_of, whole
from service.routing.problem import Window


def timing(duration: int, *windows: tuple[int, int]) -> Timing:
    return Timing(tuple(Window(*each) for each in windows), duration)


@st.composite
def timings(draw: st.DrawFn) -> Timing:
    start = draw(st.integers(0, 80))
    return timing(draw(st.integers(1, 30)), (start, start + draw(st.integers(0, 60))))


def begins(each: Timing) -> set[int]:
    return {second for window in each.windows for second in range(window.start, window.end + 1)}


class TestClearOf:
    def test_leaves_a_window_beside_the_busy_time_whole(self) -> None:
        assert clear_of(timing(10, (0, 20)), [(30, 40)]) == timing(10, (0, 20))

    def test_splits_a_window_around_the_busy_time(self) -> None:
        assert clear_of(timing(10, (0, 60)), [(30, 40)]) == timing(10, (0, 20), (40, 60))

    @given(timings(), st.lists(st.tuples(st.integers(0, 100), st.integers(1, 30)), max_size=3))
    def test_keeps_exactly_the_beginnings_that_meet_nothing(self, one: Timing, busy: list[tuple[int, int]]) -> None:
        spans = [(start, start + length) for start, length in busy]
        free = {
            second
            for second in begins(one)
            if all(second >= end or second + one.duration <= start for start, end in spans)
        }
        assert begins(clear_of(one, spans)) == free


class TestWhole:
    def test_a_visit_ends_its_duration_after_it_begins(self) -> None:
        assert whole(timing(10, (0, 20), (40, 60))) == (Window(0, 30), Window(40, 70))
