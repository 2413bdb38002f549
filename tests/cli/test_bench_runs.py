"""What the benches keep of a folder: gaps by the table that is given, results of the instance that is there."""

import functools
import json
from pathlib import Path

import pytest

from service.cli import bench_vrptw
from service.routing.writers import day as day_writer
from tests.cli.conftest import Xunzhen
from tests.routing.test_refused_days import TOO_LARGE

INSTANCE = Path(__file__).parent.parent / "routing" / "instances" / "vrptw_six.txt"


@pytest.fixture
def run(xunzhen: Xunzhen) -> Xunzhen:
    return functools.partial(xunzhen, "bench", "vrptw")


@pytest.fixture
def asked(tmp_path: Path) -> list[object]:
    """Two instances solved into the folder `out`."""
    for name in ("one.txt", "other.txt"):
        (tmp_path / name).write_text(INSTANCE.read_text())
    return [tmp_path / "one.txt", tmp_path / "other.txt", "--seconds", 0.3, "--cpu-seconds", "--out", tmp_path / "out"]


def best_of(folder: Path, distance: float) -> Path:
    path = folder / "best.csv"
    path.write_text(f"instance,best_known_distance\nOne,{distance}\nother,{distance}\n")
    return path


class TestFolder:
    def test_the_gap_is_to_the_best_known_of_this_run_and_nothing_is_solved_for_it(
        self, run: Xunzhen, asked: list[object], capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        assert run(*asked) == 0
        solved = (tmp_path / "out" / "one.json").stat().st_mtime_ns
        results = json.loads((tmp_path / "out" / "results.json").read_text())
        assert results["one"]["gap_percent"] is None
        assert "MEAN GAP" not in capsys.readouterr().out
        for known in (50.0, 80.0):
            assert run(*asked, "--best", best_of(tmp_path, known)) == 0
            results = json.loads((tmp_path / "out" / "results.json").read_text())
            gap = 100 * (float(results["one"]["distance"]) / known - 1)
            assert results["one"]["gap_percent"] == pytest.approx(gap, abs=0.001)
            assert results["one"]["best"] == known
            assert f"MEAN GAP {results['one']['gap_percent']:+.2f} % (2)" in capsys.readouterr().out
        assert (tmp_path / "out" / "one.json").stat().st_mtime_ns == solved

    def test_another_instance_of_the_same_name_is_solved_anew_and_only_that(
        self, run: Xunzhen, asked: list[object], tmp_path: Path
    ) -> None:
        assert run(*asked) == 0
        before = json.loads((tmp_path / "out" / "results.json").read_text())
        (tmp_path / "other.txt").write_text(INSTANCE.read_text().replace("  3          10", "  4          10"))
        (tmp_path / "out" / "one.json").write_text("kept")
        assert run(*asked) == 0
        results = json.loads((tmp_path / "out" / "results.json").read_text())
        assert results["one"] == before["one"]
        assert (tmp_path / "out" / "one.json").read_text() == "kept"
        assert results["other"]["run"]["instance"] != before["other"]["run"]["instance"]

    @pytest.mark.parametrize("text", ['{"one": {"tenths": 500}}', '{"one": 5}', "[1]", "{"])
    def test_refuses_results_of_something_else_and_writes_nothing(
        self, run: Xunzhen, asked: list[object], capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
    ) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "results.json").write_text(text)
        assert run(*asked) == 2
        stderr = capsys.readouterr().err
        assert "results.json" in stderr
        assert stderr.count("\n") == 1
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["results.json"]
        assert (tmp_path / "out" / "results.json").read_text() == text


def test_a_folder_that_is_there_is_one_for_a_single_instance_too(
    run: Xunzhen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    asked = (INSTANCE, "--seconds", 0.3, "--cpu-seconds", "--out", out)
    assert run(*asked) == 0
    assert sorted(path.name for path in out.iterdir()) == ["results.json", "vrptw_six.json"]

    def in_vain(*_: object) -> None:
        raise AssertionError("solved again")

    monkeypatch.setattr(bench_vrptw, "solve", in_vain)
    assert run(*asked) == 0


def test_numbers_that_nobody_can_add_up_are_one_sentence(
    xunzhen: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    problem = TOO_LARGE[0][1]
    (tmp_path / "day.json").write_text(json.dumps(day_writer.document(problem, None)))
    assert xunzhen("bench", "day", tmp_path / "day.json", "--seconds", 0.3, "--out", tmp_path / "plan.json") == 2
    said = capsys.readouterr().err
    assert "matrices[0]: is" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "plan.json").exists()


def test_where_nothing_can_be_written_nothing_is_solved(
    run: Xunzhen, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def in_vain(*_: object) -> None:
        raise AssertionError("minutes of search for nothing")

    monkeypatch.setattr(bench_vrptw, "solve", in_vain)
    assert run(INSTANCE, "--seconds", 600, "--out", tmp_path / "nowhere" / "one.json") == 2
    assert "写不了" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
