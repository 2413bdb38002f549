"""`xunzhen bench day`: days of a district, drawn from a seed, solved as a live day is and judged by the referee."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from service.cli import bench_files as files
from service.cli import bench_runs as runs
from service.cli.app import CommandError
from service.cli.bench_runs import Result, Run
from service.cli.districts import ALL, PLAIN, SHARED, District, Feature, district, travelled
from service.routing import referee
from service.routing.problem import Plan
from service.routing.readers import day as reader
from service.routing.readers.document import NotReadable
from service.routing.solver import Progress, solve
from service.routing.writers import day as writer

BROKEN: Final = 1
"""Exit code when a plan breaks a hard rule."""

SETS: Final = {"all": ALL, "plain": PLAIN, "shared": SHARED}


def day(
    out: runs.Out,
    days: Annotated[
        list[Path] | None, typer.Argument(help="--generate 写出的文件，可多个  (files that --generate wrote)")
    ] = None,
    seconds: runs.Seconds = 10.0,
    cpu_seconds: runs.CpuSeconds = False,
    seed: runs.Seed = 1,
    generate: Annotated[
        int | None, typer.Option(help="不求解，生成这么多次上门的一天  (draw a day of so many visits instead)", min=1)
    ] = None,
    staff: Annotated[
        int | None, typer.Option(help="生成时的人数，默认每 8 次上门一人  (people of a drawn day)", min=1)
    ] = None,
    features: Annotated[
        str, typer.Option(help="生成时的特征：all、plain、shared 或逗号分隔的名字  (features of a drawn day)")
    ] = "all",
) -> None:
    """求解一个区的一天，由独立复核计价  (solve district days; --generate draws one).

    Several days go into a folder with one plan each and `results.json`; what is there already of the same
    instance with the same seconds and seed is not solved again.

    Raises:
        CommandError: a day cannot be read, or a file not written; code 1 when a plan breaks a hard rule.
    """
    if generate is not None:
        _generate(out, generate, staff or max(1, generate // 8), seed, _features(features), days)
        return
    run = runs.run_of(seconds, cpu_seconds, seed)
    if not days:
        raise CommandError("请给出要求解的文件，或用 --generate 生成一个。")

    def solved(_name: str, this: District, target: Path) -> Result:
        return _solve(this, run, target)

    results = runs.run_all(days, _read, run, out, solved, _say)
    for name, result in results.items():
        faults = result["faults"]
        if faults:
            raise CommandError(f"{name} 的路线没有通过独立复核（{len(faults)} 处）：{faults[0]}。", code=BROKEN)


def _features(text: str) -> frozenset[Feature]:
    if text in SETS:
        return SETS[text]
    names = {name.strip() for name in text.split(",") if name.strip()}
    unknown = sorted(names - set(Feature))
    if unknown:
        raise CommandError(f"没有“{unknown[0]}”这个特征；可用：all、plain、shared、{'、'.join(Feature)}。")
    return frozenset(Feature(name) for name in names)


def _generate(
    out: Path, visits: int, staff: int, seed: int, features: frozenset[Feature], days: list[Path] | None
) -> None:
    if days:
        raise CommandError("--generate 只生成，不求解：请去掉要求解的文件。")
    drawn = district(visits, staff, seed, features)
    files.save(out, json.dumps(writer.document(drawn.problem, drawn.metres)))
    problem = drawn.problem
    Console(highlight=False).print(
        f"{out.name}: {len(problem.jobs)} visits, {len(problem.staff)} staff, {problem.points} points"
    )


def _read(path: Path) -> District:
    try:
        return District(*reader.read(files.load(path)))
    except NotReadable as error:
        raise CommandError(f"{path} 不是可用的一天：{error}。") from error


def _solve(this: District, run: Run, target: Path) -> Result:
    clock = run.clock
    told: list[float] = []

    def hear(_: Progress) -> None:
        told.append(clock() - begun)

    begun = clock()
    plan = solve(this.problem, run.limits, run.seed, hear)
    took = clock() - begun
    files.save(target, json.dumps(writer.solution(plan), ensure_ascii=False))
    return {**_judged(this, plan), "first_seconds": round(told[0], 3), "took_seconds": round(took, 2)}


def _judged(this: District, plan: Plan) -> Result:
    """What the referee says of a plan, and how far everybody goes."""
    problem = this.problem
    verdict = referee.check_plan(problem, plan)
    ways = travelled(this, plan)
    return {
        "cost": verdict.total,
        "kilometres": None if ways is None else round(ways / 1000, 1),
        "travel_seconds": verdict.component("travel").amount,
        "late_seconds": verdict.component("tardiness").amount,
        "unassigned": len(plan.unassigned),
        "visits": len(problem.jobs),
        "components": {part.name: part.cost for part in verdict.components if part.cost},
        "faults": [referee.explain(problem, each) for each in verdict.violations],
    }


def _say(name: str, result: Result) -> None:
    ways = "-" if result["kilometres"] is None else f"{result['kilometres']:.1f}"
    line = (
        f"{name:24} cost {result['cost']:>9} {ways:>8} km {result['travel_seconds']:>8} s on the way "
        f"{result['late_seconds']:>6} s late {result['unassigned']:>4}/{result['visits']} left out "
        f"first {result['first_seconds']:.2f} s {result['took_seconds']:>7.1f} s {len(result['faults'])} broken"
    )
    Console(highlight=False, width=200).print(line)
