"""What operators look up: nothing that the product says to them is missing there."""

from pathlib import Path

import pytest

from service.routing.period.states import NotKept
from service.routing.rules import UnassignedReason


@pytest.mark.parametrize("reason", [*UnassignedReason, *NotKept])
def test_every_reason_for_having_no_place_has_its_advice(reason: str) -> None:
    rows = [line for line in Path("docs/operations.md").read_text("utf-8").splitlines() if line.startswith("| `")]
    assert any(f"`{reason}`" in row.split("|")[1] for row in rows)
