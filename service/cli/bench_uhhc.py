"""`xunzhen bench uhhc`: instances of the Unified Home Healthcare problem, priced in each file's own numbers."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from service.cli import bench_files as files
from service.cli.app import CommandError
from service.routing import rules
from service.routing.problem import Limits, Plan, Problem
from service.routing.readers import uhhc as reader
from service.routing.readers.document import NotReadable
from service.routing.solver import solve, warm
from service.routing.writers import uhhc as writer
from service.routing.writers import uhhc_cost

INCOMPLETE: Final = 1
"""Exit code when a patient that must be visited is not."""

RESULTS: Final = "results.json"

CORES: Final = 2
"""How many cores work where the wall clock counts."""


@dataclass(frozen=True, slots=True)
class Run:
    """How each instance is solved."""

    limits: Limits
    seed: int

    @property
    def key(self) -> dict[str, Any]:
        """What a result was made with; others are not taken for it."""
        return {"seconds": self.limits.seconds, "cpu": self.limits.cpu, "seed": self.seed}


def uhhc(
    instances: Annotated[list[Path], typer.Argument(help="UHHC 算例 JSON 文件，可多个  (instance files)")],
    out: Annotated[Path, typer.Option(help="解的输出文件；多个算例时为文件夹  (solution file, folder for several)")],
    seconds: Annotated[
        float, typer.Option(help="每个算例的求解时间（秒），两核墙钟  (seconds each, wall clock)")
    ] = 10.0,
    cpu_seconds: Annotated[
        bool, typer.Option("--cpu-seconds", help="改按单核 CPU 秒计时  (CPU seconds, one core)")
    ] = False,
    seed: Annotated[int, typer.Option(help="随机种子  (seed)")] = 1,
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
    if not seconds > 0:
        raise CommandError("--seconds 必须大于 0。")
    known = files.best_known(best)
    run = Run(Limits(seconds, cpu=cpu_seconds, workers=1 if cpu_seconds else CORES), seed)
    read = [(path, *_read(path)) for path in instances]
    if len(read) == 1:
        path, document, problem = read[0]
        _one(path, document, problem, run, out, known.get(path.stem))
        return
    _several(read, run, files.folder(out), known)


def _read(path: Path) -> tuple[Any, Problem]:
    document = files.load(path)
    try:
        return document, reader.read(document)
    except NotReadable as error:
        raise CommandError(f"{path} 不是可用的 UHHC 算例：{error}。") from error


def _one(path: Path, document: Any, problem: Problem, run: Run, out: Path, known: float | None) -> None:
    warm()
    plan = solve(problem, run.limits, run.seed)
    solution = writer.solution(document, plan)
    files.save(out, json.dumps(solution, ensure_ascii=False, indent=1))
    components = uhhc_cost.price(document, solution)
    _show(components, known)
    _refuse_incomplete(path, problem, plan)


def _several(read: list[tuple[Path, Any, Problem]], run: Run, out: Path, known: dict[str, float] | Any) -> None:
    results = files.results(out / RESULTS)
    incomplete: CommandError | None = None
    warm()
    for path, document, problem in read:
        solution_file = out / f"{path.stem}.json"
        made = results.get(path.stem)
        if made is None or made["run"] != run.key or not solution_file.exists():
            begun = time.monotonic()
            plan = solve(problem, run.limits, run.seed)
            took = time.monotonic() - begun
            solution = writer.solution(document, plan)
            components = uhhc_cost.price(document, solution)
            files.save(solution_file, json.dumps(solution, ensure_ascii=False, indent=1))
            results[path.stem] = made = _result(run, components, took, known.get(path.stem))
            files.save(out / RESULTS, json.dumps(results, ensure_ascii=False, indent=1))
            incomplete = incomplete or _incomplete(path, problem, plan)
        _say(path.stem, made)
    _mean(results, [path.stem for path, _, _ in read])
    if incomplete is not None:
        raise incomplete


def _result(run: Run, components: tuple[uhhc_cost.Component, ...], took: float, known: float | None) -> dict[str, Any]:
    cost = uhhc_cost.total(components)
    return {
        "run": run.key,
        "cost": cost,
        "best": known,
        "gap_percent": None if not known else round(100.0 * (cost / known - 1.0), 3),
        "took_seconds": round(took, 2),
        "components": {component.name: component.cost for component in components if component.cost},
    }


def _say(name: str, result: dict[str, Any]) -> None:
    gap = "" if result["gap_percent"] is None else f"{result['gap_percent']:+.2f} %"
    line = f"{name:55} {_shown(result['cost']):>14} {gap:>10} {result['took_seconds']:>8.1f} s"
    Console(highlight=False, width=200).print(line)


def _mean(results: dict[str, Any], names: list[str]) -> None:
    gaps = [results[name]["gap_percent"] for name in names if results[name]["gap_percent"] is not None]
    if gaps:
        Console(highlight=False).print(f"MEAN GAP {sum(gaps) / len(gaps):+.2f} % ({len(gaps)})")


def _show(components: tuple[uhhc_cost.Component, ...], known: float | None) -> None:
    table = Table("component", box=None)
    for title in ("value", "weight", "cost"):
        table.add_column(title, justify="right")
    for component in components:
        weight = "-" if component.weight is None else str(component.weight)
        table.add_row(component.name, _shown(component.value), weight, _shown(component.cost))
    total = uhhc_cost.total(components)
    table.add_row("TOTAL", "", "", _shown(total))
    if known:
        table.add_row("GAP", "", "", f"{100.0 * (total / known - 1.0):+.2f}%")
    Console(highlight=False).print(table)


def _shown(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:.3f}"


def _incomplete(path: Path, problem: Problem, plan: Plan) -> CommandError | None:
    for gone in plan.unassigned:
        job = problem.jobs[gone.job]
        if job.drop_penalty is None:
            why = rules.explain(rules.UnassignedReason(gone.reason))
            said = f"{path.name}：硬性规则下未能安排必须上门的患者 {job.id}：{why}（{gone.reason}）。"
            return CommandError(said, code=INCOMPLETE)
    return None


def _refuse_incomplete(path: Path, problem: Problem, plan: Plan) -> None:
    refused = _incomplete(path, problem, plan)
    if refused is not None:
        raise refused
