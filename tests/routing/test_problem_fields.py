"""Every field of the problem has a row in problem_fields.csv: where a live day has it from, and the test that sets that
source through HTTP and sees another plan. Without a test it is said why no source can be set.
"""

import csv
from dataclasses import fields
from pathlib import Path

import pytest

from service.routing import problem
from tests.named import named_in

TABLE = Path(__file__).with_name("problem_fields.csv")
ASKED = (
    problem.Window, problem.Lunch, problem.Staff, problem.Vehicle, problem.Service, problem.Job, problem.Link,
    problem.Band, problem.Rules, problem.Problem,
)  # fmt: skip


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_field_stands_there_once() -> None:
    assert [(row["of"], row["field"]) for row in rows()] == [
        (asked.__name__, field.name) for asked in ASKED for field in fields(asked)
    ]


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['of']}.{row['field']}")
def test_its_test_is_there(row: dict[str, str]) -> None:
    assert row["source"]
    if row["test"]:
        file, _, name = row["test"].partition("::")
        assert name in named_in(file)
