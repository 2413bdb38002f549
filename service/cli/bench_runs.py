"""What the benches share: how instances are solved, a folder that goes on where it stopped, gaps to the best known."""

import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from rich.console import Console

from service.cli import bench_files as files
from service.cli.app import CommandError
from service.routing.problem import Limits
from service.routing.solver import warm

RESULTS: Final = "results.json"
"""What a folder keeps of its instances."""

CORES: Final = 2
"""How many cores work where the wall clock counts, if there are so many."""

Result = dict[str, Any]
"""What is kept of one instance: at least `took_seconds`, and `gap_percent` where a best value may be known."""

Instance = TypeVar("Instance")


@dataclass(frozen=True, slots=True)
class Run:
    """How each instance is solved."""

    limits: Limits
    seed: int

    @property
    def key(self) -> dict[str, Any]:
        """What a result was made with; others are not taken for it."""
        return {"seconds": self.limits.seconds, "cpu": self.limits.cpu, "seed": self.seed}

    @property
    def clock(self) -> Callable[[], float]:
        """The clock that its limit counts by."""
        return time.process_time if self.limits.cpu else time.monotonic


def run_of(seconds: float, cpu_seconds: bool, seed: int) -> Run:
    """Return how the options ask for instances to be solved: by the CPU on one core, by the wall on two.

    Raises:
        CommandError: no time is given.
    """
    if not seconds > 0:
        raise CommandError("--seconds 必须大于 0。")
    workers = 1 if cpu_seconds else min(CORES, os.cpu_count() or 1)
    return Run(Limits(seconds, cpu=cpu_seconds, workers=workers), seed)


def run_all(
    paths: Sequence[Path],
    read: Callable[[Path], Instance],
    run: Run,
    out: Path,
    solve: Callable[[str, Instance, Path], Result],
    say: Callable[[str, Result], None],
) -> dict[str, Result]:
    """Read all instances, solve each once and tell of it; return the results by name.

    `solve(name, instance, target)` writes the solution. Of several, `out` is the folder: what it holds with the same
    seconds and seed is not solved again.

    Raises:
        CommandError: two files of one name, or something cannot be written.
    """
    several = len(paths) > 1
    if len({path.stem for path in paths}) < len(paths):
        raise CommandError("有两个文件同名，结果会互相覆盖。")
    instances = [(path, read(path)) for path in paths]
    folder = files.folder(out) if several else out.parent
    results = files.results(folder / RESULTS) if several else {}
    warm()
    for path, instance in instances:
        name, target = path.stem, folder / f"{path.stem}.json" if several else out
        if name not in results or results[name]["run"] != run.key or not target.exists():
            results[name] = {"run": run.key, **solve(name, instance, target)}
            if several:
                files.save(folder / RESULTS, json.dumps(results, ensure_ascii=False, indent=1))
        say(name, results[name])
    return {path.stem: results[path.stem] for path in paths}


def gap_percent(value: float, known: float | None) -> float | None:
    """Return by how much a value is above the best known one, None where none is known."""
    return None if not known else round(100.0 * (value / known - 1.0), 3)


def gap_shown(result: Result) -> str:
    """Return a result's gap for a table; nothing where none is known."""
    return "" if result["gap_percent"] is None else f"{result['gap_percent']:+.2f} %"


def say_mean(results: Iterable[Result]) -> None:
    """Print the mean gap of several instances."""
    gaps = [each["gap_percent"] for each in results if each["gap_percent"] is not None]
    if len(gaps) > 1:
        Console(highlight=False).print(f"MEAN GAP {sum(gaps) / len(gaps):+.2f} % ({len(gaps)})")
