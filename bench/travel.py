"""A district's travel matrix: our vectorised great circle against geopy's geodesic, leg by leg, in one run."""

import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from geopy.distance import geodesic

from service.core.geo import Point, great_circle_metres

POINTS, ROUNDS = 150, 5


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def leg_by_leg(points: Sequence[Point]) -> list[float]:
    """Return all legs as geopy measures them."""
    return [geodesic((a.lat, a.lon), (b.lat, b.lon)).meters for a in points for b in points]


def main() -> None:
    """Print the ratio of the medians of interleaved rounds."""
    draw = random.Random(1)
    points = [Point(106.38 + draw.gauss(0, 0.012), 39.02 + draw.gauss(0, 0.009)) for _ in range(POINTS)]
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(seconds_of(lambda: great_circle_metres(points)))
        theirs.append(seconds_of(lambda: leg_by_leg(points)))
    ratio = statistics.median(theirs) / statistics.median(ours)
    sys.stdout.write(f"travel matrix {POINTS}×{POINTS}: ours is {ratio:.0f} × as fast as geopy's geodesic\n")


if __name__ == "__main__":
    main()
