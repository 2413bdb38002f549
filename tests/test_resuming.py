"""What was done of a long part is not done again, and a part that has come to its end begins anew."""

from pathlib import Path

import pytest

from tests import resuming


def run(pieces: int, cut_at: int | None = None) -> list[int]:
    """Go through a part, or until it is cut short; return what was done in this run."""
    done_now = []
    with resuming.part("probe") as done:
        for number in range(pieces):
            if number == cut_at:
                raise KeyboardInterrupt
            if number not in done:
                done_now.append(number)
                done.keep(number, number * number)
        assert done.found == {str(number): number * number for number in range(pieces)}
    return done_now


def test_goes_on_where_it_was_cut_short_and_begins_anew_after_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XUNZHEN_STORM_DIR", str(tmp_path / "storms"))
    with pytest.raises(KeyboardInterrupt):
        run(5, cut_at=3)
    assert [path.name for path in (tmp_path / "storms").iterdir()] == ["probe.json"]
    assert run(5) == [3, 4]
    assert list((tmp_path / "storms").iterdir()) == []
    assert run(2) == [0, 1]
