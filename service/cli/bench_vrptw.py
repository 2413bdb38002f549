"""`xunzhen bench vrptw`: vehicle routing instances with time windows, measured in each file's own numbers."""

import json
import os
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from service.cli import bench_files as files
from service.cli.app import CommandError
from service.routing.problem import Limits, Problem
from service.routing.readers import vrptw as reader
from service.routing.readers.document import NotReadable
from service.routing.solver import solve, warm
from service.routing.writers import vrptw as writer

INFEASIBLE: Final = 1
"""Exit code when a solution breaks a rule of its instance."""

RESULTS: Final = "results.json"

CORES: Final = 2
"""How many cores work where the wall clock counts, if there are so many."""

BEST: Final = "best_known_distance"


def vrptw(
    instances: Annotated[list[Path], typer.Argument(help="Solomon 格式的算例文件，可多个  (instance files)")],
    out: Annotated[Path, typer.Option(help="解的输出文件；多个算例时为文件夹  (solution file, folder for several)")],
    seconds: Annotated[
        float, typer.Option(help="每个算例的求解时间（秒），两核墙钟  (seconds each, wall clock)")
    ] = 10.0,
    cpu_seconds: Annotated[
        bool, typer.Option("--cpu-seconds", help="改按单核 CPU 秒计时  (CPU seconds, one core)")
    ] = False,
    seed: Annotated[int, typer.Option(help="随机种子  (seed)")] = 1,
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
    if not seconds > 0:
        raise CommandError("--seconds 必须大于 0。")
    known = files.best_known(best, BEST)
    limits = Limits(seconds, cpu=cpu_seconds, workers=1 if cpu_seconds else min(CORES, os.cpu_count() or 1))
    read = [(path, *_read(path)) for path in instances]
    several = len(read) > 1
    folder = files.folder(out) if several else out.parent
    results = files.results(folder / RESULTS) if several else {}
    warm()
    for path, text, problem in read:
        target = folder / f"{path.stem}.json" if several else out
        made = results.get(path.stem)
        if made is None or made["run"] != _key(limits, seed) or not target.exists():
            results[path.stem] = made = _solve(path.stem, text, problem, limits, seed, target, known.get(path.stem))
            if several:
                files.save(folder / RESULTS, json.dumps(results, ensure_ascii=False, indent=1))
        _say(path.stem, made)
    _mean([results[path.stem]["gap_percent"] for path in instances])
    _refuse_broken({path.stem: results[path.stem]["faults"] for path in instances})


def _read(path: Path) -> tuple[str, Problem]:
    text = files.text_of(path)
    try:
        return text, reader.read(text)
    except NotReadable as error:
        raise CommandError(f"{path} 不是可用的 VRPTW 算例：{error}。") from error


def _key(limits: Limits, seed: int) -> dict[str, Any]:
    """What a result was made with; others are not taken for it."""
    return {"seconds": limits.seconds, "cpu": limits.cpu, "seed": seed}


def _solve(
    name: str, text: str, problem: Problem, limits: Limits, seed: int, target: Path, known: float | None
) -> dict[str, Any]:
    clock = time.process_time if limits.cpu else time.monotonic
    begun = clock()
    plan = solve(problem, limits, seed)
    took = clock() - begun
    solution = writer.solution(name, plan)
    files.save(target, json.dumps(solution))
    found = writer.measure(text, solution)
    return {
        "run": _key(limits, seed),
        "distance": found.distance,
        "vehicles": found.vehicles,
        "best": known,
        "gap_percent": None if not known else round(100.0 * (found.tenths / writer.SCALE / known - 1.0), 3),
        "took_seconds": round(took, 2),
        "faults": list(found.faults),
    }


def _say(name: str, result: dict[str, Any]) -> None:
    gap = "" if result["gap_percent"] is None else f"{result['gap_percent']:+.2f} %"
    line = f"{name:20} {result['distance']:>12} {result['vehicles']:>5} {gap:>10} {result['took_seconds']:>8.1f} s"
    Console(highlight=False, width=120).print(line)


def _mean(gaps: list[float | None]) -> None:
    found = [gap for gap in gaps if gap is not None]
    if len(found) > 1:
        Console(highlight=False).print(f"MEAN GAP {sum(found) / len(found):+.2f} % ({len(found)})")


def _refuse_broken(faults: dict[str, list[str]]) -> None:
    for name, found in faults.items():
        if found:
            raise CommandError(f"{name} 的解不合算例的规则：{found[0]}。", code=INFEASIBLE)
