"""`xunzhen bench day` from the command line to the written files."""

import functools
import json
from pathlib import Path

import pytest

from service.routing import referee
from service.routing.readers import day as reader
from tests.cli.conftest import Xunzhen


@pytest.fixture
def run(xunzhen: Xunzhen) -> Xunzhen:
    return functools.partial(xunzhen, "bench", "day")


def drawn(run: Xunzhen, folder: Path, name: str, *more: object) -> Path:
    path = folder / name
    assert run("--generate", 12, "--staff", 3, "--features", "plain", "--out", path, *more) == 0
    return path


class TestDay:
    def test_prints_what_the_referee_says_of_the_plan_that_it_wrote(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        day, out = drawn(run, tmp_path, "day.json"), tmp_path / "plan.json"
        capsys.readouterr()
        assert run(day, "--seconds", 0.4, "--cpu-seconds", "--out", out) == 0
        problem, _ = reader.read(json.loads(day.read_text()))
        plan = reader.read_plan(json.loads(out.read_text()))
        verdict = referee.check_plan(problem, plan)
        assert verdict.violations == ()
        printed = " ".join(capsys.readouterr().out.split())
        assert printed.startswith(f"day cost {verdict.total} ")
        assert f"{verdict.component('travel').amount} s on the way" in printed
        assert f"{len(plan.unassigned)}/12 left out" in printed
        assert printed.endswith("0 broken")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["day.json", "plan.json"]

    def test_several_go_into_a_folder_and_are_not_solved_again(self, run: Xunzhen, tmp_path: Path) -> None:
        days = [drawn(run, tmp_path, f"{seed}.json", "--seed", seed) for seed in (1, 2)]
        asked, out = [*days, "--seconds", 0.3, "--cpu-seconds", "--out", tmp_path / "out"], tmp_path / "out"
        assert run(*asked) == 0
        results = json.loads((out / "results.json").read_text())
        assert sorted(results) == ["1", "2"]
        assert all(result["first_seconds"] <= result["took_seconds"] + 0.01 for result in results.values())
        (out / "2.json").write_text("kept")
        assert run(*asked) == 0
        assert (out / "2.json").read_text() == "kept"
        assert run(*asked, "--seed", 2) == 0
        assert reader.read_plan(json.loads((out / "2.json").read_text())).routes

    def test_refuses_what_is_no_day_and_what_cannot_be_drawn(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        bad, out = tmp_path / "bad.json", tmp_path / "out.json"
        bad.write_text('{"format": "xunzhen-day"}')
        twin = tmp_path / "in" / "bad.json"
        for arguments, said in (
            ([bad], "version: missing"),
            ([tmp_path / "none.json"], "打不开"),
            ([], "--generate"),
            ([bad, twin], "同名"),
            ([bad, "--seconds", 0], "--seconds"),
            ([bad, "--generate", 5], "去掉"),
            (["--generate", 5, "--features", "skills,wings"], "wings"),
        ):
            assert run(*arguments, "--out", out) == 2
            stderr = capsys.readouterr().err
            assert said in stderr
            assert stderr.count("\n") == 1
        assert not out.exists()
