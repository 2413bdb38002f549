"""`make bench-billing`: bills a second of the kernel, settling over HTTP against a hand-written twin, the month-end
statement against a plain GROUP BY; medians and ratios, each in one run.
"""

import argparse
import asyncio
import json
import statistics as sums
import sys
from typing import Any

from bench.api import load as api
from bench.billing import kernel, settle, statements

PARTS = ("kernel", "settle", "statements")


def kernel_figures(rounds: int) -> dict[str, Any]:
    """Return the kernel's bills per second: the median of the rounds, the lowest and the highest."""
    found = kernel.spread()
    kernel.round_of(found)  # warms up
    each = [kernel.round_of(found) for _ in range(rounds)]
    told = [round(figure) for figure in (sums.median(each), min(each), max(each))]
    return {"cases": len(found.cases), "bills": found.bills, "refused": found.refused, "bills_per_second": told}


async def run(given: argparse.Namespace) -> dict[str, Any]:
    """Measure the parts asked for; print each as soon as it is known, unless all are wanted as JSON."""
    figures: dict[str, Any] = {}
    for part in PARTS:
        if given.only not in {None, part}:
            continue
        if part == "kernel":
            figures[part] = kernel_figures(given.rounds)
        elif part == "settle":
            figures[part] = await settle.serve_and_run(rounds=given.rounds, seconds=given.seconds)
        else:
            figures[part] = await statements.run(given.lines)
        if not given.json:
            show(part, figures[part])
    return figures


def show(part: str, figures: dict[str, Any]) -> None:
    """Print the figures of a part."""
    if part == "kernel":
        middle, lowest, highest = figures["bills_per_second"]
        print(
            f"kernel: {middle:,} bills/s ({lowest:,}–{highest:,}), {figures['bills']:,} bills of random cases a round"
        )
    elif part == "settle":
        api.show(figures)
        print(f"  goal {settle.GOAL}", flush=True)
    else:
        print(f"month-end statement of {figures['lines']:,} bill lines: {figures['statement_ms']:.0f} ms")
        for name, each in figures["against"].items():
            print(f"  against a plain GROUP BY of {name}: {each['ms']:.0f} ms, ratio {each['ratio']:.2f}")
        print(f"  goal at most {statements.GOAL} against lines, of {statements.GOAL_LINES:,}", flush=True)


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3, help="of one contender's turn in a round of settling")
    parser.add_argument("--rounds", type=int, default=7, help="rounds that count, of the kernel and of settling")
    parser.add_argument("--lines", type=int, default=statements.LINES, help="bill lines of the month-end statement")
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    if given.lines < statements.LINES_OF_A_BILL:
        parser.error(f"--lines: at least {statements.LINES_OF_A_BILL}")
    figures = asyncio.run(run(given))
    if given.json:
        json.dump(figures, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
