"""Public time-window instances, in turns: `python -m bench.routing.vrptw FILE... --seconds 10 --best BEST.csv`.

Each instance is given to the `--solvers` (this one, PyVRP and VROOM), one after the other, each with the same seconds
of one core (CPU seconds, but VROOM's are of the wall clock), for each seed. Every answer is measured from its routes
and the file alone; what breaks a rule counts as no answer. Runs already in the file that `--out` names are not
repeated. Printed are how many of a solver's answers count, their mean gap to the best-known distance (a CSV with the
columns instance and best_known_distance), and the geometric mean of the first solver's distance over its own.
"""

import argparse
import math
import statistics
import time
from pathlib import Path

from bench.routing.rivals import SOLVERS
from bench.routing.runs import Figures, Runs, numbers
from service.cli import bench_files
from service.cli.bench_vrptw import BEST
from service.routing.readers import vrptw as reader
from service.routing.solver import warm
from service.routing.writers import vrptw as writer


def main() -> None:
    """Run what is missing, then print the tables."""
    asked = _arguments()
    runs = Runs(asked.out)
    warm()
    for path in asked.instances:
        for seed in asked.seeds:
            for name in asked.solvers:
                found = _told(asked, runs, path, seed, name)
                key = _key(asked, path, seed, name)
                print(f"{key:45} {found['tenths'] / 10:10.1f} {found['cpu']:7.1f} CPU s", flush=True)
    _report(asked, runs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instances", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seeds", type=numbers, default=[1])
    parser.add_argument("--solvers", type=lambda text: text.split(","), default=list(SOLVERS))
    parser.add_argument("--best", type=Path)
    parser.add_argument("--out", type=Path, default=Path("var/bench-vrptw.json"))
    return parser.parse_args()


def _key(asked: argparse.Namespace, path: Path, seed: int, name: str) -> str:
    return f"{path.stem} {asked.seconds:g} s seed {seed} {name}"


def _told(asked: argparse.Namespace, runs: Runs, path: Path, seed: int, name: str) -> Figures:
    return runs.of(_key(asked, path, seed, name), lambda: _run(path, name, asked.seconds, seed))


def _run(path: Path, name: str, seconds: float, seed: int) -> Figures:
    text = path.read_text()
    problem = reader.read(text)
    begun = time.process_time()
    routes = SOLVERS[name](problem, seconds, seed)
    spent = time.process_time() - begun
    found = writer.measure(text, {"routes": routes})
    return {"tenths": found.tenths, "cpu": round(spent, 2), "faults": list(found.faults)}


def _report(asked: argparse.Namespace, runs: Runs) -> None:
    best = bench_files.best_known(asked.best, BEST)
    mine = asked.solvers[0]
    print(f"\n{'solver':10} {'answers':>8} {'mean gap':>9} {'CPU s':>7}   {mine}'s distance over its, geometric mean")
    for name in asked.solvers:
        told = [
            (best.get(path.stem.lower()), *(_told(asked, runs, path, seed, each) for each in (name, mine)))
            for path in asked.instances
            for seed in asked.seeds
        ]
        good = [(known, run, own) for known, run, own in told if not run["faults"]]
        gaps = [100 * (run["tenths"] / 10 / known - 1) for known, run, _ in good if known]
        logs = [math.log(own["tenths"] / run["tenths"]) for _, run, own in good if not own["faults"]]
        gap = f"{statistics.mean(gaps):.2f} %" if gaps else "-"
        ratio = f"{math.exp(statistics.mean(logs)):.4f}" if logs else "-"
        cpu = statistics.mean(run["cpu"] for _, run, _ in good) if good else 0.0
        print(f"{name:10} {len(good):4}/{len(told):<3} {gap:>9} {cpu:7.1f}   {ratio}")


if __name__ == "__main__":
    main()
