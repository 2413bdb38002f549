"""`xunzhen bench uhhc`: instances of the Unified Home Healthcare problem, priced in each file's own numbers."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from service.cli import bench_files as files
from service.cli import bench_runs as runs
from service.cli.app import CommandError
from service.cli.bench_runs import Result, Run
from service.routing import rules
from service.routing.problem import Plan, Problem
from service.routing.readers import uhhc as reader
from service.routing.readers.document import NotReadable
from service.routing.solver import solve
from service.routing.writers import uhhc as writer
from service.routing.writers import uhhc_cost

INCOMPLETE: Final = 1
"""Exit code when a patient that must be visited is not."""

Instance = tuple[Any, Problem]
"""A file as parsed, and what it says."""


def uhhc(
    instances: Annotated[list[Path], typer.Argument(help="UHHC 算例 JSON 文件，可多个  (instance files)")],
    out: runs.Out,
    seconds: runs.Seconds = 10.0,
    cpu_seconds: runs.CpuSeconds = False,
    seed: runs.Seed = 1,
    best: Annotated[
        Path | None, typer.Option(help="最好已知值 CSV（instance、best_cost 列）  (best-known costs)")
    ] = None,
) -> None:
    """求解统一居家医疗路径问题（UHHC）算例  (solve Unified Home Healthcare instances).

    Several instances go into a folder with one solution each and `results.json`; what is there already with the same
    seconds and seed is not solved again.

    Raises:
        CommandError: an instance cannot be read, or a solution not written; code 1 when a written solution leaves out
            a patient that must be visited.
    """
    known = runs.Best(files.best_known(best), lambda result: float(result["cost"]))
    run = runs.run_of(seconds, cpu_seconds, seed)

    def solved(_name: str, instance: Instance, target: Path) -> Result:
        return _solve(instance, run, target)

    say = _say if len(instances) > 1 else _show
    results = runs.run_all(instances, _read, run, out, solved, say, best=known)
    runs.say_mean(results.values())
    for path in instances:
        if results[path.stem]["incomplete"]:
            raise CommandError(f"{path.name}：{results[path.stem]['incomplete']}", code=INCOMPLETE)


def _read(path: Path) -> Instance:
    document = files.load(path)
    try:
        return document, reader.read(document)
    except NotReadable as error:
        raise CommandError(f"{path} 不是可用的 UHHC 算例：{error}。") from error


def _solve(instance: Instance, run: Run, target: Path) -> Result:
    document, problem = instance
    begun = run.clock()
    plan = solve(problem, run.limits, run.seed)
    took = run.clock() - begun
    solution = writer.solution(document, plan)
    files.save(target, json.dumps(solution, ensure_ascii=False, indent=1))
    components = uhhc_cost.price(document, solution)
    cost = uhhc_cost.total(components)
    return {
        "cost": cost,
        "took_seconds": round(took, 2),
        "components": [[part.name, part.value, part.weight, part.cost] for part in components],
        "incomplete": _incomplete(problem, plan),
    }


def _say(name: str, result: Result) -> None:
    line = f"{name:55} {_shown(result['cost']):>14} {runs.gap_shown(result):>10} {result['took_seconds']:>8.1f} s"
    console = Console(highlight=False, width=200)
    console.print(line)
    console.print(f"  {'  '.join(_component(*part) for part in result['components'])}", soft_wrap=True)


def _component(name: str, value: float, weight: float | None, cost: float) -> str:
    return f"{name} {_shown(value)}" + ("" if weight is None else f"×{weight}") + f"={_shown(cost)}"


def _show(_name: str, result: Result) -> None:
    table = Table("component", box=None)
    for title in ("value", "weight", "cost"):
        table.add_column(title, justify="right")
    for name, value, weight, cost in result["components"]:
        table.add_row(name, _shown(value), "-" if weight is None else str(weight), _shown(cost))
    table.add_row("TOTAL", "", "", _shown(result["cost"]))
    if result["gap_percent"] is not None:
        table.add_row("GAP", "", "", f"{result['gap_percent']:+.2f}%")
    Console(highlight=False).print(table)


def _shown(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:.3f}"


def _incomplete(problem: Problem, plan: Plan) -> str | None:
    """Say which patient is left out who must be visited, None where all are."""
    for gone in plan.unassigned:
        job = problem.jobs[gone.job]
        if job.drop_penalty is None:
            why = rules.explain(rules.UnassignedReason(gone.reason))
            return f"硬性规则下未能安排必须上门的患者 {job.id}：{why}（{gone.reason}）。"
    return None
