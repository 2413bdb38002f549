"""What a fresh interpreter loads: the contracts of import-linter read the sources, this asks Python itself."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def loaded(code: str) -> set[str]:
    """Return the names of all modules that there are after `code` and were not before."""
    command = [
        sys.executable,
        "-c",
        f"import sys; before = set(sys.modules); {code}; print(*set(sys.modules) - before)",
    ]
    return set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


def test_the_api_loads_no_solver() -> None:
    names = loaded("from service.main import build_app; build_app()")
    assert "service.routing.routes" in names
    assert {name for name in names if name.split(".")[0] in {"numba", "llvmlite", "ortools"}} == set()
    assert {name for name in names if name.startswith("service.routing.solver.")} == set()


def test_the_referee_loads_the_problem_alone() -> None:
    names = loaded("import service.routing.referee")
    ours = {name for name in names if name.split(".")[0] == "service"} - {"service", "service.routing"}
    assert {name for name in ours if not name.startswith("service.routing.referee")} == {"service.routing.problem"}
    theirs = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"service"}
    assert {name for name in theirs if not name.startswith("_")} == {"numpy"}
