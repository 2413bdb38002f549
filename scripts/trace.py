"""Lists the core requirements that a test proves, and those that none does yet; fails on an unknown mark."""

import ast
import csv
import sys
from pathlib import Path

REQUIREMENTS = Path("docs/requirements.csv")


def marks(path: Path) -> set[str]:
    """Return the requirement ids that the tests of one file are marked with."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "requirement":
            found |= {each.value for each in node.args if isinstance(each, ast.Constant) and type(each.value) is str}
    return found


def main() -> int:
    """Print the trace of the core rows; return 1 when a test names a requirement that is not listed."""
    with REQUIREMENTS.open(newline="") as file:
        listed = {row["id"]: row for row in csv.DictReader(file)}
    proven = {each: path for path in sorted(Path("tests").rglob("test_*.py")) for each in marks(path)}
    core = [row for row in listed.values() if row["priority"] == "core"]
    for row in core:
        where = proven.get(row["id"])
        found = f"proven by {where}" if where else "no test yet"
        sys.stdout.write(f"{row['id']}  {found:60}  {row['capability'][:60]}\n")
    unknown = sorted(set(proven) - set(listed))
    done = sum(row["id"] in proven for row in core)
    sys.stdout.write(f"{done} of {len(core)} core requirements have a test; {len(proven)} of {len(listed)} of all\n")
    if unknown:
        sys.stdout.write(f"marks that name no requirement: {', '.join(unknown)}\n")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
