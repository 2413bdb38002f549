"""Nobody commits but the one who opened the transaction."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

FILES = sorted(str(path) for path in Path("service").rglob("*.py"))


def _calls(paths: list[str], *names: str) -> Iterator[str]:
    """Yield every place that calls a method of such a name."""
    said = re.compile(rf"\.({'|'.join(names)})\s*\(")
    for path in paths:
        text = Path(path).read_text()
        for node in ast.walk(ast.parse(text)) if said.search(text) else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
                yield f"{path}:{node.lineno}"


def test_no_room_commits_or_rolls_back() -> None:
    assert list(_calls(FILES, "commit", "rollback")) == []


def test_no_use_case_or_rule_opens_a_transaction_of_its_own() -> None:
    pure = [each for each in FILES if each.endswith(("usecases.py", "rules.py")) or "/usecases/" in each]
    assert list(_calls(pure, "begin")) == []


def test_a_call_is_found(tmp_path: Path) -> None:
    path = tmp_path / "room.py"
    path.write_text("def act(session):\n    session.commit()\n")
    assert list(_calls([str(path)], "commit", "rollback")) == [f"{path}:2"]
