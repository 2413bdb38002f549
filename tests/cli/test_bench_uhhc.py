"""`xunzhen bench uhhc` from the command line to the written file."""

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from service.routing.writers import uhhc_cost
from tests.cli.conftest import Xunzhen

INSTANCE = Path(__file__).parent.parent / "routing" / "instances" / "uhhc_two_carers.json"


@pytest.fixture
def run(xunzhen: Xunzhen) -> Xunzhen:
    return functools.partial(xunzhen, "bench", "uhhc")


class TestUhhc:
    def test_prints_the_price_of_what_it_wrote(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        out = tmp_path / "solution.json"
        assert run(str(INSTANCE), "--seconds", "1", "--out", str(out), "--seed", "3") == 0
        document: dict[str, Any] = json.loads(INSTANCE.read_text(encoding="utf-8"))
        written = json.loads(out.read_text(encoding="utf-8"))
        printed = {line.split()[0]: line.split()[-1] for line in capsys.readouterr().out.splitlines() if line.strip()}
        components = uhhc_cost.price(document, written)
        assert {component.name: str(component.cost) for component in components}.items() <= printed.items()
        assert printed["TOTAL"] == str(uhhc_cost.total(components))
        assert [path.name for path in tmp_path.iterdir()] == ["solution.json"]

    def test_prints_the_price_of_each_of_several(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        other = tmp_path / "other.json"
        other.write_text(INSTANCE.read_text(encoding="utf-8"), encoding="utf-8")
        assert run(INSTANCE, other, "--seconds", "0.5", "--out", tmp_path / "out") == 0
        lines = capsys.readouterr().out.splitlines()
        document = json.loads(INSTANCE.read_text(encoding="utf-8"))
        for name in (INSTANCE.stem, "other"):
            written = json.loads((tmp_path / "out" / f"{name}.json").read_text(encoding="utf-8"))
            at = next(at for at, line in enumerate(lines) if line.startswith(f"{name} "))
            for part in uhhc_cost.price(document, written):
                assert f"{part.name} {part.value}" in lines[at + 1]
                assert f"={part.cost}" in lines[at + 1]

    def test_refuses_a_file_that_is_no_instance_and_writes_nothing(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        (tmp_path / "in").mkdir()
        out = tmp_path / "solution.json"
        for text, said in (("{", "JSON"), ("{}", "metadata"), ("[1]", "UHHC")):
            (tmp_path / "in" / "bad.json").write_text(text, encoding="utf-8")
            assert run(str(tmp_path / "in" / "bad.json"), "--out", str(out)) == 2
            stderr = capsys.readouterr().err
            assert said in stderr
            assert stderr.count("\n") == 1
        assert not out.exists()

    def test_refuses_a_missing_file_a_missing_folder_and_no_time(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        assert run(str(tmp_path / "none.json"), "--out", str(tmp_path / "o")) == 2
        assert run(str(INSTANCE), "--seconds", "0.5", "--out", str(tmp_path / "no" / "o")) == 2
        assert run(str(INSTANCE), "--seconds", "0", "--out", str(tmp_path / "o")) == 2
        assert capsys.readouterr().err.count("\n") == 3
        assert list(tmp_path.iterdir()) == []

    def test_ends_with_one_and_says_who_when_a_patient_cannot_be_served(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        document = json.loads(INSTANCE.read_text(encoding="utf-8"))
        document["caregivers"][0]["abilities"] = ["dressing"]
        path = tmp_path / "impossible.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        assert run(str(path), "--seconds", "0.5", "--out", str(tmp_path / "o.json")) == 1
        assert "north" in capsys.readouterr().err

    def test_solves_several_into_a_folder_and_goes_on_where_it_stopped(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        other = tmp_path / "other.json"
        other.write_bytes(INSTANCE.read_bytes())
        best = tmp_path / "best.csv"
        best.write_text("instance,best_cost\nother,100\nelsewhere,\n", encoding="utf-8")
        out = tmp_path / "out"
        ask = [str(INSTANCE), str(other), "--seconds", "0.4", "--cpu-seconds", "--out", str(out), "--best", str(best)]
        assert run(*ask) == 0
        printed = capsys.readouterr().out
        results = json.loads((out / "results.json").read_text(encoding="utf-8"))
        assert set(results) == {INSTANCE.stem, "other"}
        cost = results["other"]["cost"]
        assert results["other"]["gap_percent"] == pytest.approx(cost - 100, abs=0.001)
        assert results[INSTANCE.stem]["gap_percent"] is None
        assert f"{cost - 100:+.2f} %" in printed
        written = json.loads((out / "other.json").read_text(encoding="utf-8"))
        document = json.loads(INSTANCE.read_text(encoding="utf-8"))
        assert uhhc_cost.total(uhhc_cost.price(document, written)) == cost

        stamps = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
        assert run(*ask) == 0
        assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == stamps
        assert capsys.readouterr().out == printed
        assert run(*ask, "--seed", "2") == 0
        assert all(path.stat().st_mtime_ns > stamps[path.name] for path in out.iterdir())

    def test_refuses_best_known_costs_that_are_none(
        self, run: Xunzhen, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        best = tmp_path / "best.csv"
        for text, said in (("a,b\n1,2\n", "best_cost"), ("instance,best_cost\nx,cheap\n", "best_cost")):
            best.write_text(text, encoding="utf-8")
            assert run(str(INSTANCE), "--out", str(tmp_path / "o"), "--best", str(best)) == 2
            assert said in capsys.readouterr().err
        assert not (tmp_path / "o").exists()
