"""`xunzhen bench vrptw`: vehicle routing instances with time windows, measured in each file's own numbers."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from service.cli import bench_files as files
from service.cli import bench_runs as runs
from service.cli.app import CommandError
from service.cli.bench_runs import Result, Run
from service.routing.problem import Problem
from service.routing.readers import vrptw as reader
from service.routing.readers.document import NotReadable
from service.routing.solver import solve
from service.routing.writers import vrptw as writer

INFEASIBLE: Final = 1
"""Exit code when a solution breaks a rule of its instance."""

Instance = tuple[str, Problem]
"""A file's text, and what it says."""

BEST: Final = "best_known_distance"


def vrptw(
    instances: Annotated[list[Path], typer.Argument(help="Solomon 格式的算例文件，可多个  (instance files)")],
    out: runs.Out,
    seconds: runs.Seconds = 10.0,
    cpu_seconds: runs.CpuSeconds = False,
    seed: runs.Seed = 1,
    best: Annotated[
        Path | None, typer.Option(help=f"最好已知值 CSV（instance、{BEST} 列）  (best-known distances)")
    ] = None,
) -> None:
    """求解带时间窗的车辆路径算例，距离按 DIMACS 口径  (solve Solomon-format instances, DIMACS distance).

    Several instances go into a folder with one solution each and `results.json`; what is there already with the same
    seconds and seed is not solved again.

    Raises:
        CommandError: an instance cannot be read, or a solution not written; code 1 when a solution breaks a rule.
    """
    known = runs.Best(files.best_known(best, BEST), lambda result: float(result["distance"]))
    run = runs.run_of(seconds, cpu_seconds, seed)

    def solved(name: str, instance: Instance, target: Path) -> Result:
        return _solve(name, instance, run, target)

    results = runs.run_all(instances, _read, run, out, solved, _say, best=known)
    runs.say_mean(results.values())
    for name, result in results.items():
        if result["faults"]:
            raise CommandError(f"{name} 的解不合算例的规则：{result['faults'][0]}。", code=INFEASIBLE)


def _read(path: Path) -> Instance:
    text = files.text_of(path)
    try:
        return text, reader.read(text)
    except NotReadable as error:
        raise CommandError(f"{path} 不是可用的 VRPTW 算例：{error}。") from error


def _solve(name: str, instance: Instance, run: Run, target: Path) -> Result:
    text, problem = instance
    begun = run.clock()
    plan = solve(problem, run.limits, run.seed)
    took = run.clock() - begun
    solution = writer.solution(name, plan)
    files.save(target, json.dumps(solution))
    found = writer.measure(text, solution)
    return {
        "distance": found.distance,
        "vehicles": found.vehicles,
        "took_seconds": round(took, 2),
        "faults": list(found.faults),
    }


def _say(name: str, result: Result) -> None:
    found = f"{result['distance']:>12} {result['vehicles']:>5} {runs.gap_shown(result):>10}"
    Console(highlight=False, width=120).print(f"{name:20} {found} {result['took_seconds']:>8.1f} s")
