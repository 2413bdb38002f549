"""Cursors are ours, of one list, and pages follow each other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from service.core import paging, problems
from service.core.ids import new_id

CURSORS = paging.Cursors(b"s" * 32)


class Number(BaseModel):
    n: int


class TestCursors:
    def test_a_cursor_leads_back_to_its_row(self) -> None:
        last = new_id()
        assert CURSORS.read("orders", CURSORS.make("orders", last)) == last

    def test_a_cursor_of_another_list_is_refused(self) -> None:
        with pytest.raises(problems.CursorInvalid):
            CURSORS.read("visits", CURSORS.make("orders", new_id()))

    def test_a_cursor_of_another_house_is_refused(self) -> None:
        with pytest.raises(problems.CursorInvalid):
            CURSORS.read("orders", paging.Cursors(b"t" * 32).make("orders", new_id()))

    def test_an_altered_cursor_is_refused_wherever_it_is_altered(self) -> None:
        cursor = CURSORS.make("orders", new_id())
        for at in range(len(cursor) - 1):  # the last character holds spare bits
            altered = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
            with pytest.raises(problems.CursorInvalid):
                CURSORS.read("orders", altered)

    @given(st.text(max_size=400))
    def test_noise_is_refused(self, noise: str) -> None:
        with pytest.raises(problems.CursorInvalid):
            CURSORS.read("orders", noise)


class TestPageOf:
    def _page(self, rows: list[Any], limit: int) -> paging.Page[Number]:
        request = paging.PageRequest(limit, None)
        return paging.page_of(
            rows,
            request=request,
            read=lambda row: Number(n=row[0]),
            last=lambda row: row[1],
            cursors=CURSORS,
            listing="numbers",
        )

    def test_a_page_that_is_followed_ends_with_its_cursor(self) -> None:
        rows = [(n, new_id()) for n in range(3)]
        page = self._page(rows, 2)
        assert [each.n for each in page.items] == [0, 1]
        assert page.next_cursor is not None
        assert CURSORS.read("numbers", page.next_cursor) == rows[1][1]

    @pytest.mark.parametrize("count", [0, 1, 2])
    def test_the_last_page_has_none(self, count: int) -> None:
        page = self._page([(n, new_id()) for n in range(count)], 2)
        assert len(page.items) == count
        assert page.next_cursor is None
