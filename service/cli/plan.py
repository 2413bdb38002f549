"""`xunzhen plan`: plans a day from a station's own tables, shows it, and writes JSON, GeoJSON, XLSX and SVG."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from rich.console import Console
from rich.text import Text

from service.cli import plan_figures, plan_tables
from service.cli.app import INTERRUPTED, CommandError
from service.core.geo import Datum, TravelMode
from service.core.settings import get_settings
from service.core.tabular.faults import FilesRefused
from service.gateways.maps import Chosen, GreatCircle, MatrixSource, Pace
from service.routing import referee, solver_process, validation
from service.routing.forked import SolverDied
from service.routing.problem import Limits, Plan, Problem
from service.routing.readers import station as reader
from service.routing.referee import Rule, Verdict
from service.routing.solver_process import Task
from service.routing.solver_progress import Progress
from service.routing.solver_refusal import NumbersTooLarge
from service.routing.writers import station as writer

app = typer.Typer(add_completion=False)

PACES: Final = {
    TravelMode.walk: Pace(detour_factor=1.25, kilometres_per_hour=4.5),
    TravelMode.bike: Pace(detour_factor=1.3, kilometres_per_hour=12.0, handling_seconds=60),
    TravelMode.ebike: Pace(detour_factor=1.35, kilometres_per_hour=20.0, handling_seconds=90),
    TravelMode.car: Pace(detour_factor=1.4, kilometres_per_hour=30.0, handling_seconds=240),
}
"""What this command assumes of a county town where no road server is set. A region's own figures are its settings."""
PRICES: Final = reader.Prices(left_out_per_priority=36_000, not_preferred=900)
"""Leaving the least urgent order out costs as much as ten hours of travel; somebody not preferred as a quarter hour."""

_SHOWN_VIOLATIONS: Final = 5
_CORES: Final = min(2, os.cpu_count() or 1)


@app.command()
def plan(
    orders: Annotated[Path, typer.Argument(help="订单表 CSV 或 XLSX", show_default=False)],
    *,
    staff: Annotated[Path, typer.Option(help="人员表 CSV 或 XLSX", show_default=False)],
    day: Annotated[str, typer.Option("--date", help="日期，例如 2026-03-02", show_default=False)],
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="求解用多少秒")] = 10.0,
    vehicles: Annotated[Path | None, typer.Option(help="共用车辆表 CSV 或 XLSX；人员的交通方式可写“共用车辆”")] = None,
    out: Annotated[
        Path | None, typer.Option(help="把 plan.json、routes.geojson、plan.xlsx、timeline.svg 写到这个目录")
    ] = None,
    datum: Annotated[Datum, typer.Option(help="表中经纬度的坐标系")] = Datum.wgs84,
    seed: Annotated[int, typer.Option(help="随机数种子")] = 1,
) -> None:
    """用站点的表格排一天的路线；结果先经独立复核，不合规则就不写出。

    Raises:
        CommandError: a file or the date cannot be read; with code 1, the plan breaks a rule or there is none; with 130,
            Ctrl-C was pressed. No file was written.
    """
    with _interruptible():
        _plan((orders, staff, vehicles), _date(day), datum, Limits(seconds=seconds, workers=_CORES), seed, out)


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise CommandError("已中断，没有写出任何文件。", code=INTERRUPTED) from None


def _plan(
    files: tuple[Path, Path, Path | None], on: date, datum: Datum, limits: Limits, seed: int, out: Path | None
) -> None:
    station_day = _read(files, on, datum)
    travel = asyncio.run(_travel(station_day))
    problem = reader.build_problem(station_day, travel, PRICES)
    found = _solve(problem, limits, seed)
    verdict = referee.check_plan(problem, found)
    _refuse_broken(problem, verdict)
    itinerary = writer.trace(station_day, problem, found, travel)
    plan_tables.show(Console(), itinerary)
    plan_figures.show(Console(), itinerary)
    _refuse_left_out(problem, found, verdict)
    if out is not None:
        _write(out, itinerary, verdict.costs)


def _solve(problem: Problem, limits: Limits, seed: int) -> Plan:
    """Plan the day as the worker does, in a process of its own: whoever presses Ctrl-C waits for no search.

    Raises:
        CommandError: with code 1, why there is no plan.
    """
    try:
        validation.check(problem)
        return asyncio.run(_solved(Task(problem, limits, seed, waits=True)))
    except validation.ProblemInvalid as invalid:
        raise CommandError(f"表格中的数据自相矛盾，无法排班：{invalid}。", code=1) from None
    except NumbersTooLarge as large:
        raise CommandError(f"表格中有过大的数值，无法累加，不能排班：{large}。", code=1) from None
    except SolverDied:
        raise CommandError("求解程序意外中止，没有写出任何文件；请再试一次。", code=1) from None


async def _solved(task: Task) -> Plan:
    try:
        return await solver_process.solve_apart(task, _hear)
    except SolverDied:
        this = asyncio.current_task()
        if this is not None and this.cancelling():
            # who pressed Ctrl-C has ended it: that its process is gone may be seen first
            raise asyncio.CancelledError from None
        raise


async def _hear(_: Progress) -> None:
    """Nobody follows how far the solver is."""


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}”不是日期，请写成 2026-03-02 这样。") from None


def _read(files: tuple[Path, Path, Path | None], on: date, datum: Datum) -> reader.StationDay:
    orders, staff, vehicles = files
    cars = None if vehicles is None else (vehicles.name, _bytes(vehicles))
    try:
        day = reader.gather((orders.name, _bytes(orders)), (staff.name, _bytes(staff)), on, datum, cars)
    except FilesRefused as refused:
        raise CommandError(f"表格有{len(refused.faults)}处错误，请改正后再试：\n{refused}") from None
    if day.ignored:
        Console(stderr=True).print(Text(f"没有用到的列：{'、'.join(day.ignored)}"))
    return day


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as cannot:
        raise CommandError(f"{path}：读不到文件（{cannot.strerror}）。") from None


async def _travel(day: reader.StationDay) -> tuple[reader.Travel, ...]:
    """Ask for the travel of every mode in use."""
    async with httpx.AsyncClient() as client:
        source = _source(client)
        matrices = [await source.matrix(day.points, mode) for mode in day.modes]
    return tuple(reader.Travel(one.seconds, one.metres, one.source) for one in matrices)


def _source(client: httpx.AsyncClient) -> MatrixSource:
    by_line = GreatCircle(PACES)
    return Chosen(get_settings()).road(client, by_line) or by_line


def _refuse_broken(problem: Problem, verdict: Verdict) -> None:
    """Refuse a plan that says something impossible; it is not even shown."""
    broken = [one for one in verdict.violations if one.code is not Rule.mandatory_left_out]
    if broken:
        said = "；".join(referee.explain(problem, one) for one in broken[:_SHOWN_VIOLATIONS])
        raise CommandError(f"排出的路线没有通过复核（{len(broken)}处），没有写出任何文件：{said}。", code=1)


def _refuse_left_out(problem: Problem, found: Plan, verdict: Verdict) -> None:
    """Refuse a plan without an order that must be done; the table above says why it did not fit."""
    if not verdict.feasible:
        left_out = "、".join(
            problem.jobs[one.job].id for one in found.unassigned if problem.jobs[one.job].drop_penalty is None
        )
        raise CommandError(f"必须安排的订单没有排上，没有写出任何文件：{left_out}。请增加人员或放宽时间。", code=1)


def _write(out: Path, itinerary: writer.Itinerary, costs: Mapping[str, int]) -> None:
    """Write all four files, or none: each is made in full before the first one is put in place, and whoever presses
    Ctrl-C meanwhile has them all.
    """
    files: Sequence[tuple[str, bytes]] = (
        ("plan.json", _json(writer.plan_document(itinerary, costs))),
        ("routes.geojson", _json(writer.geojson(itinerary))),
        ("plan.xlsx", writer.workbook(itinerary)),
        ("timeline.svg", writer.draw(itinerary).encode()),
    )
    try:
        with _undisturbed():
            out.mkdir(parents=True, exist_ok=True)
            for name, content in files:
                (out / f".{name}.part").write_bytes(content)
            for name, _ in files:
                os.replace(out / f".{name}.part", out / name)
    except OSError as cannot:
        for name, _ in files:
            with suppress(OSError):
                (out / f".{name}.part").unlink()
        raise CommandError(f"{out}：写不进去（{cannot.strerror}）。") from None
    Console().print(Text(f"已写出：{'、'.join(str(out / name) for name, _ in files)}"), soft_wrap=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C be pressed in vain for a moment."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _json(document: object) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
