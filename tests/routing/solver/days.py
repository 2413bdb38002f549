"""Small days on a straight line: point p stands at 10 * p, so travel between p and q takes 10 * |p - q|."""

import random
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from service.routing.problem import Job, Lunch, Problem, Rules, Service, Staff, Sync, Window

POINTS = 6

SOFT = Rules(
    travel=1, waiting=1, max_idle=1, tardiness=1, max_tardiness=1, overtime=1, missed_lunch=20, not_preferred=5
)
HARD = Rules(travel=1)


def line(points: int = POINTS) -> np.ndarray:
    at = np.arange(points) * 10
    return np.abs(at[:, None] - at[None, :])


def person(
    name: str = "a", *, skills: str = "n", shift: tuple[int, int] = (0, 300), lunch: Lunch | None = None
) -> Staff:
    return Staff(name, frozenset(skills), 0, 0, Window(*shift), lunch)


def job(name: str, point: int, *windows: tuple[int, int], duration: int = 20, skills: str = "n", **more: object) -> Job:
    """One service per group of letters in `skills`, divided by commas."""
    services = tuple(Service(duration, frozenset(group)) for group in skills.split(","))
    return replace(Job(name, point, tuple(Window(*window) for window in windows), services), **more)


def day(staff: list[Staff], jobs: list[Job], rules: Rules = SOFT, points: int = POINTS) -> Problem:
    return Problem(points, (line(points),), tuple(staff), tuple(jobs), rules)


def drawn_person(chance: random.Random, at: int, lunch: Lunch | None) -> Staff:
    """Draw somebody; the first two can do everything."""
    begin = chance.randint(0, 60)
    skills = "nd" if at < 2 else chance.choice(["n", "d"])
    return person(f"s{at}", skills=skills, shift=(begin, begin + chance.randint(180, 300)), lunch=lunch)


def drawn_job(chance: random.Random, at: int, staff: int, droppable: float) -> Job:
    """Draw a job with any kind of meeting, and one or two windows; it may be left out with the probability given."""
    opening, width = chance.randint(0, 200), chance.randint(0, 80)
    windows = [(opening, opening + width)]
    if chance.random() < 0.4:
        windows.append((opening + width + 30, opening + width + 60))
    return job(
        f"j{at}",
        chance.randint(1, POINTS - 1),
        *windows,
        duration=chance.randint(5, 30),
        skills=chance.choice(["n", "d", "n,d", "n,n"]),
        sync=chance.choice(list(Sync)),
        lag=Window(5, 25),
        drop_penalty=chance.randint(50, 400) if chance.random() < droppable else None,
        preferred_staff=chance.choice([None, frozenset({0}), frozenset({staff - 1})]),
    )


@st.composite
def problems(draw: st.DrawFn, rules: Rules, *, droppable: bool) -> Problem:
    """Any small day: up to 4 people, up to 7 jobs."""
    chance = draw(st.randoms(use_true_random=False))
    number = draw(st.integers(2, 4))
    lunch = draw(st.sampled_from([None, Lunch(100, 160, 20)]))
    staff = [drawn_person(chance, at, lunch) for at in range(number)]
    jobs = [drawn_job(chance, at, number, float(droppable)) for at in range(draw(st.integers(1, 7)))]
    return day(staff, jobs, rules)
