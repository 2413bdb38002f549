"""Small days on a straight line: point p stands at 10 * p, so travel between p and q takes 10 * |p - q|."""

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


@st.composite
def problems(draw: st.DrawFn, rules: Rules, *, droppable: bool) -> Problem:
    """Any small day: up to 4 people (the first two can do everything), up to 7 jobs, all kinds of meetings."""
    number = draw(st.integers(2, 4))
    lunch = draw(st.sampled_from([None, Lunch(100, 160, 20)]))
    staff = []
    for at in range(number):
        begin = draw(st.integers(0, 60))
        skills = "nd" if at < 2 else draw(st.sampled_from(["n", "d"]))
        staff.append(person(f"s{at}", skills=skills, shift=(begin, begin + draw(st.integers(180, 300))), lunch=lunch))
    jobs = [draw(_jobs(at, number, droppable)) for at in range(draw(st.integers(1, 7)))]
    return day(staff, jobs, rules)


@st.composite
def _jobs(draw: st.DrawFn, at: int, staff: int, droppable: bool) -> Job:
    opening = draw(st.integers(0, 200))
    width = draw(st.integers(0, 80))
    windows = [(opening, opening + width)]
    if draw(st.booleans()):
        windows.append((opening + width + 30, opening + width + 60))
    return job(
        f"j{at}",
        draw(st.integers(1, POINTS - 1)),
        *windows,
        duration=draw(st.integers(5, 30)),
        skills=draw(st.sampled_from(["n", "d", "n,d", "n,n"])),
        sync=draw(st.sampled_from(list(Sync))),
        lag=Window(5, 25),
        drop_penalty=draw(st.integers(50, 400)) if droppable else None,
        preferred_staff=draw(st.sampled_from([None, frozenset({0}), frozenset({staff - 1})])),
    )
