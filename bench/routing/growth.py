"""How the solver grows: `python -m bench.routing.growth --visits 250,500,1000,2000,4000 --seconds 60`.

District days with everything in them, ten visits to a person: seconds for the matrices of the three modes from the
day's places as the service makes them without a road server, then one `solve()` of so many seconds of wall clock on two
cores: when the first plan was there, when the answer, its cost a visit, what it leaves out, and what the referee says.
"""

import argparse
import asyncio
import functools
import math
import os
import time
from pathlib import Path

from bench.routing.runs import Figures, Runs, numbers
from service.cli.districts import ALL, district, places
from service.core.geo import Point, TravelMode
from service.core.settings import Settings
from service.gateways.maps import Pace
from service.routing import referee
from service.routing.building import Means
from service.routing.problem import Limits
from service.routing.solver import Progress, solve, warm
from service.routing.travel import Roads

CORES = 2
MEANS = (
    Means(TravelMode.walk, Pace(1.3, 4.3, 0)),
    Means(TravelMode.ebike, Pace(1.3, 18.0, 60)),
    Means(TravelMode.car, Pace(1.3, 30.0, 240)),
)
METRES_PER_DEGREE = 111_000
MIDDLE = (106.38, 39.02)


def main() -> None:
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=numbers, default=[250, 500, 1000, 2000, 4000])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("var/bench-growth.json"))
    asked = parser.parse_args()
    runs = Runs(asked.out)
    warm()
    print("| visits | staff | matrices s | first plan s | answer s | cost a visit | left out | rules broken |")
    print("|---|---|---|---|---|---|---|---|")
    for visits in asked.visits:
        key = f"{visits} visits, {asked.seconds:g} s, seed {asked.seed}"
        figures = runs.of(key, functools.partial(_run, visits, asked.seconds, asked.seed))
        print(f"| {visits} | {visits // 10} | {' | '.join(str(figure) for figure in figures.values())} |", flush=True)


def _run(visits: int, seconds: float, seed: int) -> Figures:
    problem = district(visits, visits // 10, seed, ALL).problem
    matrices = _matrix_seconds(visits, seed)
    told: list[float] = []
    begun = time.monotonic()

    def hear(_: Progress) -> None:
        told.append(time.monotonic() - begun)

    plan = solve(problem, Limits(seconds, workers=min(CORES, os.cpu_count() or 1)), seed, hear)
    took = time.monotonic() - begun
    verdict = referee.check_plan(problem, plan)
    return {
        "matrices": round(matrices, 2),
        "first": round(told[0], 2),
        "took": round(took, 2),
        "cost_a_visit": round(verdict.total / visits),
        "left_out": len(plan.unassigned),
        "broken": len(verdict.violations),
    }


def _matrix_seconds(visits: int, seed: int) -> float:
    """Time the matrices of all modes between the day's places."""
    east, north = MIDDLE
    here = METRES_PER_DEGREE * math.cos(math.radians(north))
    points = [
        Point(east + place.east / here, north + place.north / METRES_PER_DEGREE)
        for place in places(visits, visits // 10, seed, ALL)
    ]
    begun = time.monotonic()
    asyncio.run(Roads(Settings()).matrices(points, MEANS, outside=False))
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
