"""What is loaded at the start stays out of the garbage collector's sight."""

import gc
from collections.abc import Iterator

import pytest

from service.core import heap


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)


class TestFreeze:
    def test_what_is_alive_is_looked_at_no_more_and_what_comes_later_is(self) -> None:
        kept: list[object] = [[] for _ in range(1_000)]
        heap.freeze()
        assert gc.get_freeze_count() >= len(kept)
        assert not any(each is kept for each in gc.get_objects())
        later: list[object] = []
        assert any(each is later for each in gc.get_objects())


class TestLoading:
    def test_nothing_is_looked_at_meanwhile(self) -> None:
        with heap.loading():
            assert not gc.isenabled()
        assert gc.isenabled()

    def test_a_module_that_cannot_be_loaded_leaves_the_collector_on(self) -> None:
        with pytest.raises(ImportError), heap.loading():
            raise ImportError
        assert gc.isenabled()
