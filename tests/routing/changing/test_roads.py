"""The earliest arrival and the latest departure in traffic: what leaving at each moment by itself comes to."""

from itertools import accumulate

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.routing.changing import roads
from service.routing.problem import Band

END = 400
"""Nobody gains by waiting longer: all bands have begun long before."""

lengths = st.lists(st.integers(1, 60), max_size=4)
factors = st.lists(st.integers(1, 3000), min_size=5, max_size=5)


@st.composite
def traffics(draw: st.DrawFn) -> tuple[Band, ...]:
    starts = accumulate(draw(lengths), initial=0)
    return tuple(Band(start, factor) for start, factor in zip(starts, draw(factors), strict=False))


def arrival(bands: tuple[Band, ...], leaving: int, way: int) -> int:
    """Return when one arrives who leaves at that moment."""
    factor = [band.factor for band in bands if band.start <= leaving or band is bands[0]][-1]
    return leaving + -(-way * factor // 1000)


def column(number: int) -> np.ndarray:
    return np.array([number], dtype=np.int64)


class TestInTraffic:
    @given(traffics(), st.integers(-20, 300), st.integers(0, 50))
    def test_takes_as_long_as_the_moment_of_leaving_says(self, bands: tuple[Band, ...], free: int, way: int) -> None:
        [found] = roads.at_once((bands,), column(0), column(free), column(way))
        assert found == arrival(bands, free, way)

    @given(traffics(), st.integers(-20, 300), st.integers(0, 50))
    def test_arrives_as_soon_as_any_moment_of_leaving_lets_one(
        self, bands: tuple[Band, ...], free: int, way: int
    ) -> None:
        [found] = roads.soonest((bands,), column(0), column(free), column(way))
        assert found == min(arrival(bands, leaving, way) for leaving in range(free, END))

    @given(traffics(), st.integers(200, 350), st.integers(0, 50))
    def test_leaves_at_the_last_moment_from_which_one_arrives_in_time(
        self, bands: tuple[Band, ...], due: int, way: int
    ) -> None:
        [found] = roads.latest((bands,), column(0), column(due), column(way))
        assert found == max(leaving for leaving in range(-END, END) if arrival(bands, leaving, way) <= due)


def test_whoever_goes_without_traffic_takes_as_long_as_ever() -> None:
    traffic, modes = ((Band(0, 2000),), ()), np.array([0, 1])
    free, ways = np.array([10, 10]), np.array([5, 5])
    assert roads.at_once(traffic, modes, free, ways).tolist() == [20, 15]
    assert roads.soonest(traffic, modes, free, ways).tolist() == [20, 15]
    assert roads.latest(traffic, modes, free, ways).tolist() == [0, 5]
