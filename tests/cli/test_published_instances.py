"""Published home-healthcare instances, judged by the checker that lies beside them.

`XUNZHEN_INSTANCES=FOLDER make test-long PART=test_published`; FOLDER holds `uhhc_check.py` and `instances/FAMILY/`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

FAMILIES = ("validation", "generated-small", "generated-mixed", "mankowska", "italian", "bazirha-caie")
SECONDS = "3"
CLOSE = 1e-6
"""The files' numbers have decimals."""

Cell = float | str | None
Row = list[Cell]
"""A component's value, weight (None: it has no price, HARD: it may not be) and cost."""


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: f"test_published_{family}")
def test_the_printed_components_are_the_checker_s(family: str, tmp_path: Path) -> None:
    folder = os.environ.get("XUNZHEN_INSTANCES") or pytest.skip("没有算例：请设置 XUNZHEN_INSTANCES")
    instances = sorted((Path(folder) / "instances" / family).glob("*.json"))
    assert instances
    told, wrong = [], []
    for instance in instances:
        out = tmp_path / instance.name
        solved = _run("-m", "service.cli", "bench", "uhhc", str(instance), "--seconds", SECONDS, "--out", str(out))
        checked = _run(str(Path(folder) / "uhhc_check.py"), str(instance), str(out), "--json")
        judged = json.loads(checked.stdout)
        printed = _printed(solved.stdout)
        known = {
            name: [each[key] for key in ("value", "weight", "weighted")] for name, each in judged["components"].items()
        }
        known["TOTAL"] = [judged["total"]]
        other = [name for name in known | printed if not _alike(known.get(name), printed.get(name))]
        told.append(f"{instance.name}: {solved.returncode} {judged['feasible']} {judged['total']} {other}")
        # a patient who must be visited and cannot be is named, with exit code 1; that is no solution, nor called one
        if other or solved.returncode != (0 if judged["feasible"] else 1):
            wrong.append(told[-1])
    print("\n".join(told))  # noqa: T201 — what the long part says of itself
    assert wrong == []


def _printed(told: str) -> dict[str, Row]:
    """Read the table: name, value, weight, cost; of the total the cost alone."""
    rows = (line.split() for line in told.splitlines() if line.startswith(" "))
    return {name: [_cell(text) for text in texts] for name, *texts in rows if name != "component"}


def _cell(text: str) -> Cell:
    return None if text == "-" else text if text.isalpha() else float(text)


def _alike(one: Row | None, other: Row | None) -> bool:
    return one is not None and other is not None and len(one) == len(other) and all(map(_same, one, other))


def _same(one: Cell, other: Cell) -> bool:
    if isinstance(one, str) or isinstance(other, str) or one is None or other is None:
        return one == other
    return abs(one - other) <= CLOSE * max(1.0, abs(one))


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
