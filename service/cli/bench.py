"""`xunzhen bench`: public benchmark instances solved with the same solver that plans a live day."""

import json
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from service.cli.app import CommandError
from service.routing import rules
from service.routing.problem import Limits, Plan, Problem
from service.routing.readers import uhhc as reader
from service.routing.readers.document import NotReadable
from service.routing.solver import solve
from service.routing.writers import uhhc as writer
from service.routing.writers import uhhc_cost

INCOMPLETE: Final = 1
"""Exit code when a patient that must be visited is not."""

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def bench() -> None:
    """公开算例基准：求解并按算例自己的口径计价  (solve public benchmark instances)."""


@app.command()
def uhhc(
    instance: Annotated[Path, typer.Argument(help="UHHC 算例 JSON 文件  (instance file)")],
    out: Annotated[Path, typer.Option(help="解的输出文件  (solution file)")],
    seconds: Annotated[float, typer.Option(help="求解时间（秒）  (wall-clock seconds)")] = 10.0,
    seed: Annotated[int, typer.Option(help="随机种子  (seed)")] = 1,
) -> None:
    """求解一个统一居家医疗路径问题（UHHC）算例  (solve a Unified Home Healthcare instance).

    Raises:
        CommandError: the instance cannot be read, or the solution not written; code 1 when the written solution leaves
            out a patient that must be visited.
    """
    if not seconds > 0:
        raise CommandError("--seconds 必须大于 0。")
    document = _load(instance)
    problem = _read(document, instance)
    plan = solve(problem, Limits(seconds), seed)
    solution = writer.solution(document, plan)
    _save(out, json.dumps(solution, ensure_ascii=False, indent=1))
    _show(uhhc_cost.price(document, solution))
    _refuse_incomplete(problem, plan)


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"打不开 {path}：{error.strerror}。") from error
    except ValueError as error:
        raise CommandError(f"{path} 不是合法的 JSON：{error}。") from error


def _read(document: Any, path: Path) -> Problem:
    try:
        return reader.read(document)
    except NotReadable as error:
        raise CommandError(f"{path} 不是可用的 UHHC 算例：{error}。") from error


def _save(path: Path, text: str) -> None:
    """Write beside the target and rename, so that no half-written solution is ever seen."""
    try:
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise CommandError(f"写不了 {path}：{error.strerror}。") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).replace(path)
    except OSError as error:
        Path(draft).unlink(missing_ok=True)
        raise CommandError(f"写不了 {path}：{error.strerror}。") from error


def _show(components: tuple[uhhc_cost.Component, ...]) -> None:
    table = Table("component", box=None)
    for title in ("value", "weight", "cost"):
        table.add_column(title, justify="right")
    for component in components:
        weight = "-" if component.weight is None else str(component.weight)
        table.add_row(component.name, _shown(component.value), weight, _shown(component.cost))
    table.add_row("TOTAL", "", "", _shown(uhhc_cost.total(components)))
    Console(highlight=False).print(table)


def _shown(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:.3f}"


def _refuse_incomplete(problem: Problem, plan: Plan) -> None:
    for gone in plan.unassigned:
        job = problem.jobs[gone.job]
        if job.drop_penalty is None:
            why = rules.explain(rules.UnassignedReason(gone.reason))
            raise CommandError(f"硬性规则下未能安排必须上门的患者 {job.id}：{why}（{gone.reason}）。", code=INCOMPLETE)
