"""Nobody commits but the one who opened the transaction."""

import ast
from pathlib import Path

import pytest

FILES = sorted(str(path) for path in Path("service").rglob("*.py"))


def _calls(path: str, name: str) -> list[int]:
    tree = ast.parse(Path(path).read_text())
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
    ]


@pytest.mark.parametrize("path", FILES)
def test_no_room_commits_or_rolls_back(path: str) -> None:
    assert _calls(path, "commit") + _calls(path, "rollback") == []


@pytest.mark.parametrize(
    "path", [each for each in FILES if each.endswith(("usecases.py", "rules.py")) or "/usecases/" in each]
)
def test_no_use_case_or_rule_opens_a_transaction_of_its_own(path: str) -> None:
    assert _calls(path, "begin") == []
