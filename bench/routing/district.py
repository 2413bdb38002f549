"""District days against open solvers: `python -m bench.routing.district --visits 50,100 --seconds 10 --out RUNS.json`.

Each day is given to this solver, to VROOM, to PyVRP and to OR-Tools' routing library, one after the other, each with
the same seconds of one core (CPU seconds for this solver and PyVRP; the others know only the wall clock, which is the
same on an idle machine), for each seed. Days have what all of them can express: skills, shifts, own speeds, one hard
window, one person a visit, visits that may be left out at a price; one list without lunches, one with (not PyVRP).
Every order is timed by one hand (`timing`), and judged and priced by the referee; what breaks a rule counts as no
answer. Runs already in the file are not repeated. Printed are the medians over the seeds.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from bench.routing.district_rivals import NO_LUNCH, SOLVERS
from bench.routing.runs import Figures, Runs, numbers
from bench.routing.timing import plan_of
from service.cli.districts import PLAIN, District, Feature, district, travelled
from service.routing import referee
from service.routing.solver import warm

Case = tuple[int, str, str]
"""Visits, one of `LISTS`, solver."""

LISTS = {"no lunch": PLAIN - {Feature.lunches}, "lunch": PLAIN}


def main() -> None:
    """Run what is missing, then print the table."""
    asked = _arguments()
    runs = Runs(asked.out)
    warm()
    for visits, name, solver in _cases(asked):
        for seed in asked.seeds:
            _told(asked, runs, (visits, name, solver), seed)
    _report(asked, runs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=numbers, default=[50, 100, 200])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seeds", type=numbers, default=[1, 2, 3])
    parser.add_argument("--solvers", type=lambda text: text.split(","), default=list(SOLVERS))
    parser.add_argument("--out", type=Path, default=Path("var/bench-district.json"))
    return parser.parse_args()


def _cases(asked: argparse.Namespace) -> Iterator[Case]:
    for name in LISTS:
        for visits in asked.visits:
            for solver in asked.solvers:
                if name == "no lunch" or solver not in NO_LUNCH:
                    yield visits, name, solver


def _told(asked: argparse.Namespace, runs: Runs, case: Case, seed: int) -> Figures:
    visits, name, solver = case
    key = f"{visits} visits, {name}, {asked.seconds:g} s, seed {seed}, {solver}"
    return runs.of(
        key, lambda: _run(district(visits, max(2, visits // 8), seed, LISTS[name]), solver, asked.seconds, seed)
    )


def _run(this: District, solver: str, seconds: float, seed: int) -> Figures:
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
        made = [_told(asked, runs, (visits, name, solver), seed) for seed in asked.seeds]
        good = [run for run in made if not run["broken"]]
        names = ("cost", "kilometres", "late", "unassigned", "cpu", "wall")
        figures = [f"{statistics.median(run[each] for run in good):g}" if good else "-" for each in names]
        print(f"| {visits}, {name} | {solver} | {' | '.join(figures)} | {len(good)}/{len(made)} |")


if __name__ == "__main__":
    main()
