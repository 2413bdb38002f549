"""District days against open solvers: `python -m bench.routing.district --visits 50,100 --seconds 10 --out RUNS.json`.

Each day is given to this solver, to VROOM, to PyVRP and to OR-Tools' routing library, one after the other, each with
the same seconds of one core (CPU seconds for this solver and PyVRP; the others know only the wall clock, which is the
same on an idle machine), for each seed. Days have what all of them can express: skills, shifts, own speeds, one hard
window, one person a visit, visits that may be left out at a price; one list without lunches, one with (not PyVRP).
Every order is timed by one hand (`timing`), and judged and priced by the referee; what breaks a rule counts as no
answer. Runs already in the file are not repeated. Printed are the medians over the seeds.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.routing.district_rivals import NO_LUNCH, SOLVERS
from bench.routing.timing import plan_of
from service.cli.districts import PLAIN, District, Feature, district, travelled
from service.routing import referee
from service.routing.solver import warm

Runs = dict[str, dict[str, Any]]

LISTS = {"no lunch": PLAIN - {Feature.lunches}, "lunch": PLAIN}


def main() -> None:
    """Run what is missing, then print the table."""
    asked = _arguments()
    runs: Runs = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    warm()
    for visits, name, solver in _cases(asked):
        for seed in asked.seeds:
            key = _key(asked, visits, name, solver, seed)
            if key not in runs:
                runs[key] = _run(district(visits, max(2, visits // 8), seed, LISTS[name]), solver, asked.seconds, seed)
                asked.out.write_text(json.dumps(runs, indent=1))
    _report(asked, runs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=_numbers, default=[50, 100, 200])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seeds", type=_numbers, default=[1, 2, 3])
    parser.add_argument("--solvers", type=lambda text: text.split(","), default=list(SOLVERS))
    parser.add_argument("--out", type=Path, default=Path("bench-district.json"))
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _cases(asked: argparse.Namespace) -> Iterator[tuple[int, str, str]]:
    for name in LISTS:
        for visits in asked.visits:
            for solver in asked.solvers:
                if name == "no lunch" or solver not in NO_LUNCH:
                    yield visits, name, solver


def _key(asked: argparse.Namespace, visits: int, name: str, solver: str, seed: int) -> str:
    return f"{visits} visits, {name}, {asked.seconds:g} s, seed {seed}, {solver}"


def _run(this: District, solver: str, seconds: float, seed: int) -> dict[str, Any]:
    wall, spent = time.monotonic(), time.process_time()
    orders = SOLVERS[solver](this.problem, seconds, seed)
    wall, spent = time.monotonic() - wall, time.process_time() - spent
    plan = plan_of(this.problem, orders)
    verdict = referee.check_plan(this.problem, plan)
    return {
        "cost": verdict.total,
        "kilometres": round((travelled(this, plan) or 0) / 1000, 1),
        "late": verdict.component("tardiness").amount,
        "unassigned": len(plan.unassigned),
        "cpu": round(spent, 2),
        "wall": round(wall, 2),
        "broken": len(verdict.violations),
    }


def _report(asked: argparse.Namespace, runs: Runs) -> None:
    print("| day | solver | cost | km | late s | left out | CPU s | wall s | valid |")
    print("|---|---|---|---|---|---|---|---|---|")
    for visits, name, solver in _cases(asked):
        made = [runs[_key(asked, visits, name, solver, seed)] for seed in asked.seeds]
        good = [run for run in made if not run["broken"]]
        names = ("cost", "kilometres", "late", "unassigned", "cpu", "wall")
        figures = [f"{statistics.median(run[each] for run in good):g}" if good else "-" for each in names]
        print(f"| {visits}, {name} | {solver} | {' | '.join(figures)} | {len(good)}/{len(made)} |")


if __name__ == "__main__":
    main()
