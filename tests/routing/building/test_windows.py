"""Windows are cut around busy times, and one person's visits are kept apart whatever is chosen within them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.routing.building.windows import Timing, apart, clear_of
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


class TestApart:
    def test_changes_nothing_for_visits_that_cannot_meet(self) -> None:
        far = [timing(10, (0, 20)), timing(10, (30, 50))]
        assert apart(far) == far

    def test_a_visit_without_room_gets_no_window(self) -> None:
        assert apart([timing(10, (0, 5)), timing(10, (0, 6))])[1].windows == ()

    def test_gives_both_a_share_of_one_window(self) -> None:
        first, second = apart([timing(10, (0, 100)), timing(10, (0, 100))])
        assert min(len(begins(first)), len(begins(second))) > 30

    @given(st.lists(timings(), max_size=4))
    def test_whatever_is_chosen_never_meets_and_lies_in_what_was_wished(self, wished: list[Timing]) -> None:
        cut = apart(wished)
        assert [each.duration for each in cut] == [each.duration for each in wished]
        for before, after in zip(wished, cut, strict=True):
            assert begins(after) <= begins(before)
        placed = [each for each in cut if each.windows]
        spans = sorted((each.windows[0].start, each.windows[-1].end + each.duration) for each in placed)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))

    @given(timings(), timings())
    def test_two_visits_that_fit_in_the_order_of_their_deadlines_both_keep_a_window(
        self, one: Timing, other: Timing
    ) -> None:
        first, second = sorted((one, other), key=lambda each: each.windows[-1].end)
        fits = first.windows[0].start + first.duration <= second.windows[-1].end
        assert all(each.windows for each in apart([one, other])) >= fits
