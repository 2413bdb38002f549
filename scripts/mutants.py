"""Plants one bug at a time (tests/mutants/*.diff) in a copy of the tree and sees that the suite catches it.

`make mutants`, or some of them, by name or suite: `make mutants ONLY="fee-per-elder bed-days-twice"`, `… ONLY=referee`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "tests/mutants"
SUITES: Final = {
    # without a database and its fixtures: the random cases first, then what was written by hand
    "kernel": (
        "--noconftest",
        "tests/billing/test_random_cases.py",
        "tests/billing/rules",
        "tests/billing/case",
        "tests/billing/test_case_files.py",
    ),
    "bills": ("tests/billing/test_guards.py", "tests/billing/test_reversal.py", "tests/billing/test_settling.py"),
    "ledger": ("tests/contracts/test_ledger.py",),
    # the referee's own code: plans with one error each, prices worked out by hand, plans found by trying everything
    "referee": (
        "--noconftest",
        "tests/routing/test_planted.py",
        "tests/routing/test_planted_rides.py",
        "tests/routing/test_referee_price.py",
        "tests/routing/test_referee.py",
        "tests/routing/test_referee_zeros.py",
        "tests/routing/test_exhaustive.py",
        "tests/routing/test_exhaustive_prices.py",
        "tests/routing/test_shortcuts.py",
        "tests/routing/test_shortcut_rides.py",
    ),
    "races": ("tests/concurrency/test_settling.py", "tests/concurrency/test_contracts.py"),
}
SECONDS: Final = 600


@dataclass(frozen=True)
class Mutant:
    """A planted bug: what is wrong, where, and which part of the suite shall catch it."""

    path: Path
    title: str
    suite: str
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its short name, that of its file."""
        return self.path.stem


@dataclass(frozen=True)
class Verdict:
    """What came of a run: the test that failed, or what else happened."""

    failed: str | None
    said: str
    seconds: float


def list_mutants(folder: Path) -> list[Mutant]:
    """Return the planted bugs of a folder by name: a diff is headed by a title and a line `suite: name`."""
    found = []
    for path in sorted(folder.glob("*.diff")):
        text = path.read_text()
        title, suite = text.splitlines()[:2]
        touched = re.findall(r"^\+\+\+ b/(.+)$", text, flags=re.MULTILINE)
        found.append(Mutant(path, title, suite.removeprefix("suite: "), tuple(touched)))
    return found


def run_suite(tree: Path, suite: str) -> Verdict:
    """Run a part of the suite in a tree until the first test fails."""
    began = time.monotonic()
    arguments = ["-q", "-x", "--tb=no", "-m", "not long", "-p", "no:cacheprovider", "-p", "tests.mutants.unshrunk"]
    # the tree's own package comes first, whatever is installed in the environment
    environment = os.environ | {"PYTHONPATH": str(tree)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *arguments, *SUITES[suite]],
            cwd=tree,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Verdict(None, f"still running after {SECONDS} s", time.monotonic() - began)
    failed = re.search(r"^FAILED (\S+)", done.stdout, flags=re.MULTILINE)
    said = (done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["nothing"])[-1]
    return Verdict(failed.group(1) if failed else None, said, time.monotonic() - began)


def plant(tree: Path, mutant: Mutant, *, back: bool = False) -> bool:
    """Apply a bug to a tree, or take it back; return whether it fits."""
    arguments = ["git", "apply", *(["-R"] if back else []), str(mutant.path)]
    return subprocess.run(arguments, cwd=tree, capture_output=True, check=False).returncode == 0


def main(names: list[str]) -> int:
    """Run the suite against every bug; fail when one is not caught, does not fit, or the suite fails without any."""
    chosen = [mutant for mutant in list_mutants(FOLDER) if not names or {mutant.name, mutant.suite} & set(names)]
    missing = []
    with tempfile.TemporaryDirectory(prefix="xunzhen-mutants-") as folder:
        tree = Path(folder)
        for each in ("service", "tests", "scripts", "docs", "openapi", "migrations"):
            shutil.copytree(ROOT / each, tree / each)
        shutil.copy(ROOT / "pyproject.toml", tree)
        for suite in sorted({mutant.suite for mutant in chosen}):
            sound = run_suite(tree, suite)
            print(f"{'(no bug)':40}{suite:8}{sound.seconds:6.1f} s  {sound.said}", flush=True)
            if sound.failed or " passed" not in sound.said:
                return 1
        for mutant in chosen:
            verdict = Verdict(None, "does not apply", 0)
            if plant(tree, mutant):
                verdict = run_suite(tree, mutant.suite)
                plant(tree, mutant, back=True)
            if verdict.failed is None:
                missing.append(mutant.name)
            outcome = verdict.failed or f"NOT CAUGHT: {verdict.said}"
            print(f"{mutant.name:40}{mutant.suite:8}{verdict.seconds:6.1f} s  {outcome}", flush=True)
    print(f"{len(chosen) - len(missing)} of {len(chosen)} caught" + (f"; not: {', '.join(missing)}" if missing else ""))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
