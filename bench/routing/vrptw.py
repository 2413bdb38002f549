"""Public time-window instances, in turns: `python -m bench.routing.vrptw FILE... --seconds S --out RUNS.json`.

Each instance is given to this solver, to PyVRP and to VROOM, one after the other, each with the same CPU seconds of one
core (VROOM knows only the wall clock), for each seed. Every answer is measured from its routes and the file alone; what
breaks a rule counts as no answer. Runs already in the file of runs are not repeated. Printed are each solver's mean gap
to the best-known distance (a CSV with the columns instance and best_known_distance) and the geometric mean of this
solver's distance over the rival's.
"""

import argparse
import csv
import json
import math
import statistics
import time
from pathlib import Path
from typing import Any

from bench.routing.rivals import SOLVERS
from service.routing.readers import vrptw as reader
from service.routing.solver import warm
from service.routing.writers import vrptw as writer

Runs = dict[str, dict[str, Any]]


def main() -> None:
    """Run what is missing, then print the tables."""
    asked = _arguments()
    runs: Runs = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    warm()
    for path in asked.instances:
        for seed in asked.seeds:
            for name in asked.solvers:
                key = f"{path.stem} {asked.seconds:g} s seed {seed} {name}"
                if key not in runs:
                    runs[key] = _run(path, name, asked.seconds, seed)
                    asked.out.write_text(json.dumps(runs, indent=1))
                    print(f"{key:45} {runs[key]['tenths'] / 10:10.1f} {runs[key]['cpu']:7.1f} CPU s", flush=True)
    _report(asked, runs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instances", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seeds", type=lambda text: [int(part) for part in text.split(",")], default=[1])
    parser.add_argument("--solvers", type=lambda text: text.split(","), default=list(SOLVERS))
    parser.add_argument("--best", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def _run(path: Path, name: str, seconds: float, seed: int) -> dict[str, Any]:
    text = path.read_text()
    problem = reader.read(text)
    begun = time.process_time()
    routes = SOLVERS[name](problem, seconds, seed)
    spent = time.process_time() - begun
    found = writer.measure(text, {"routes": routes})
    return {"tenths": found.tenths, "cpu": round(spent, 2), "faults": list(found.faults)}


def _report(asked: argparse.Namespace, runs: Runs) -> None:
    best = _best_known(asked.best)
    mine = asked.solvers[0]
    print(f"\n{'solver':10} {'answers':>8} {'mean gap':>9} {'CPU s':>7}   {mine}'s distance over its, geometric mean")
    for name in asked.solvers:
        keys = [(p.stem, f"{p.stem} {asked.seconds:g} s seed {seed} ") for p in asked.instances for seed in asked.seeds]
        good = [(stem, runs[key + name], runs[key + mine]) for stem, key in keys if not runs[key + name]["faults"]]
        gaps = [100 * (run["tenths"] / 10 / best[stem.lower()] - 1) for stem, run, _ in good if stem.lower() in best]
        logs = [math.log(own["tenths"] / run["tenths"]) for _, run, own in good if not own["faults"]]
        gap = f"{statistics.mean(gaps):.2f} %" if gaps else "-"
        ratio = f"{math.exp(statistics.mean(logs)):.4f}" if logs else "-"
        cpu = statistics.mean(run["cpu"] for _, run, _ in good) if good else 0.0
        print(f"{name:10} {len(good):4}/{len(keys):<3} {gap:>9} {cpu:7.1f}   {ratio}")


def _best_known(path: Path | None) -> dict[str, float]:
    if path is None:
        return {}
    with path.open() as file:
        return {row["instance"].lower(): float(row["best_known_distance"]) for row in csv.DictReader(file)}


if __name__ == "__main__":
    main()
