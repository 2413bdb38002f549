"""What the benches share: how instances are solved, a folder that goes on where it stopped, gaps to the best known."""

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console

from service.cli import bench_files as files
from service.cli.app import CommandError
from service.routing.problem import Limits
from service.routing.solver import NumbersTooLarge, warm

RESULTS: Final = "results.json"
"""What a folder keeps of its instances."""

CORES: Final = 2
"""How many cores work where the wall clock counts, if there are so many."""

Result = dict[str, Any]
"""What is kept of one instance."""

Instance = TypeVar("Instance")

Out = Annotated[
    Path, typer.Option(help="解的输出文件；多个算例时为文件夹，也可为已有文件夹  (solution file; folder for several)")
]
Seconds = Annotated[float, typer.Option(help="每个算例的求解时间（秒），两核墙钟  (seconds each, wall clock)")]
CpuSeconds = Annotated[bool, typer.Option("--cpu-seconds", help="改按单核 CPU 秒计时  (CPU seconds, one core)")]
Seed = Annotated[int, typer.Option(help="随机种子  (seed)")]


@dataclass(frozen=True, slots=True)
class Run:
    """How each instance is solved."""

    limits: Limits
    seed: int

    def key(self, path: Path) -> dict[str, Any]:
        """Return what a result of an instance is made with; others are not taken for it.

        Raises:
            CommandError: the instance cannot be read.
        """
        limits = self.limits
        return {"seconds": limits.seconds, "cpu": limits.cpu, "seed": self.seed, "instance": files.digest(path)}

    @property
    def clock(self) -> Callable[[], float]:
        """The clock that its limit counts by."""
        return time.process_time if self.limits.cpu else time.monotonic


@dataclass(frozen=True, slots=True)
class Best:
    """The best values known of instances (names in lower case), and what of a result is held against them."""

    known: Mapping[str, float]
    value: Callable[[Result], float]

    def held_against(self, name: str, result: Result) -> Result:
        """Return a result with the best value known of its instance and the gap to it, None where none is known."""
        known = self.known.get(name.lower())
        gap = None if not known else round(100.0 * (self.value(result) / known - 1.0), 3)
        return result | {"best": known, "gap_percent": gap}


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
    *,
    best: Best | None = None,
) -> dict[str, Result]:
    """Read all instances, solve each once and tell of it; return the results by name, with their gaps to the best.

    `solve(name, instance, target)` writes the solution. Of several `out` is the folder, of one it is where it is there
    as a folder already: what it holds of the same instance with the same seconds and seed is not solved again.

    Raises:
        CommandError: two files of one name, results of something else in the folder, something cannot be written, or
            the numbers of an instance are too large for any search.
    """
    in_folder = len(paths) > 1 or out.is_dir()
    if len({path.stem for path in paths}) < len(paths):
        raise CommandError("有两个文件同名，结果会互相覆盖。")
    instances = [(path, run.key(path), read(path)) for path in paths]
    folder = files.folder(out) if in_folder else out.parent
    results = files.results(folder / RESULTS) if in_folder else {}
    files.refuse_unwritable(folder / RESULTS if in_folder else out)
    warm()
    for path, key, instance in instances:
        name, target = path.stem, folder / f"{path.stem}.json" if in_folder else out
        result = results.get(name)
        if result is None or result["run"] != key or not target.exists():
            result = {"run": key, **_solved(path, instance, target, solve)}
        if best is not None:
            result = best.held_against(name, result)
        if in_folder and result != results.get(name):
            files.save(folder / RESULTS, json.dumps(results | {name: result}, ensure_ascii=False, indent=1))
        results[name] = result
        say(name, result)
    return {path.stem: results[path.stem] for path in paths}


def _solved(path: Path, instance: Instance, target: Path, solve: Callable[[str, Instance, Path], Result]) -> Result:
    try:
        return solve(path.stem, instance, target)
    except NumbersTooLarge as large:
        raise CommandError(f"{path} 中有过大的数值，无法累加：{large}。") from None


def gap_shown(result: Result) -> str:
    """Return a result's gap for a table; nothing where none is known."""
    return "" if result["gap_percent"] is None else f"{result['gap_percent']:+.2f} %"


def say_mean(results: Iterable[Result]) -> None:
    """Print the mean gap of several instances."""
    gaps = [each["gap_percent"] for each in results if each["gap_percent"] is not None]
    if len(gaps) > 1:
        Console(highlight=False).print(f"MEAN GAP {sum(gaps) / len(gaps):+.2f} % ({len(gaps)})")
