"""Whole cases with results derived by hand (each NAME.md says how), through the command as a user calls it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli import bill

CASES = sorted(
    path for path in (Path(__file__).parent / "cases").glob("*.json") if not path.name.endswith(".expected.json")
)


def refuse_float(literal: str) -> None:
    raise AssertionError(f"a float: {literal}")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_answers_what_the_rule_says(path):
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    done = CliRunner().invoke(bill.app, ["--json", str(path)])
    assert done.exit_code == 0
    assert json.loads(done.stdout, parse_float=refuse_float) == expected
