"""Which tests a file has: tables name tests, and a test that is renamed must not leave a row behind."""

import ast
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


@lru_cache
def named_in(file: str) -> frozenset[str]:
    """Return the tests of a file as `function` and `Class::function`."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{name}" for name in _functions(node.body)}
    return frozenset(found | _functions(ast.parse(path.read_text(encoding="utf-8")).body))


def _functions(nodes: list[ast.stmt]) -> set[str]:
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {node.name for node in functions if node.name.startswith("test_")}
