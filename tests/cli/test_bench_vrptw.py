"""`xunzhen bench vrptw` from the command line to the written files."""

import functools
import json
from pathlib import Path

import pytest

from service.routing.writers import vrptw
from tests.cli.conftest import Xunzhen

INSTANCE = Path(__file__).parent.parent / "routing" / "instances" / "vrptw_six.txt"


@pytest.fixture
def run(xunzhen: Xunzhen) -> Xunzhen:
    return functools.partial(xunzhen, "bench", "vrptw")


class TestVrptw:
    def test_prints_the_distance_of_what_it_wrote(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        out = tmp_path / "solution.json"
        assert run(str(INSTANCE), "--seconds", "0.5", "--cpu-seconds", "--out", str(out)) == 0
        written = json.loads(out.read_text())
        measured = vrptw.measure(INSTANCE.read_text(), written)
        assert measured.faults == ()
        assert written["instance"] == "vrptw_six"
        assert capsys.readouterr().out.split()[:3] == ["vrptw_six", measured.distance, str(measured.vehicles)]
        assert [path.name for path in tmp_path.iterdir()] == ["solution.json"]

    def test_several_go_into_a_folder_and_are_not_solved_again(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        other, best, out = tmp_path / "other.txt", tmp_path / "best.csv", tmp_path / "out"
        other.write_text(INSTANCE.read_text())
        best.write_text("instance,best_known_distance\nother,50.0\nvrptw_six,50.0\n")
        asked = [str(INSTANCE), str(other), "--seconds", "0.4", "--out", str(out), "--best", str(best)]
        assert run(*asked) == 0
        assert "MEAN GAP" in capsys.readouterr().out
        results = json.loads((out / "results.json").read_text())
        assert results["other"]["gap_percent"] == round(100 * (float(results["other"]["distance"]) / 50 - 1), 3)
        (out / "other.json").write_text('{"instance": "other", "routes": "kept"}')
        assert run(*asked) == 0
        assert json.loads((out / "other.json").read_text())["routes"] == "kept"
        assert run(*asked, "--seed", "2") == 0
        assert json.loads((out / "other.json").read_text())["routes"] != "kept"

    def test_refuses_what_is_no_instance_no_file_and_no_time(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        bad = tmp_path / "bad.txt"
        bad.write_text("VEHICLE\n")
        out = tmp_path / "out.json"
        for arguments, said in (
            ([str(bad)], "VRPTW"),
            ([str(tmp_path / "none.txt")], "打不开"),
            ([str(INSTANCE), "--seconds", "0"], "--seconds"),
            ([str(INSTANCE), "--best", str(bad)], "best_known_distance"),
        ):
            assert run(*arguments, "--out", str(out)) == 2
            stderr = capsys.readouterr().err
            assert said in stderr
            assert stderr.count("\n") == 1
        assert not out.exists()

    def test_ends_with_one_when_the_fleet_is_too_small(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        small = tmp_path / "small.txt"
        small.write_text(INSTANCE.read_text().replace("  3          10", "  1          10"))
        arguments = (str(small), "--seconds", "1", "--cpu-seconds", "--out", str(tmp_path / "out.json"))
        assert run(*arguments) == 1
        assert "visited 0 times" in capsys.readouterr().err
