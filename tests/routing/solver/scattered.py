"""Days of every kind that the search by strings suits: places at random, people who differ, optional jobs."""

from dataclasses import replace

import numpy as np

from service.routing.problem import Job, Problem, Rules, Service, Staff, Window

HORIZON = 1000


def day(seed: int, jobs: int = 25, people: int = 5) -> Problem:
    """Make a day: two speeds, shifts and ends of one's own, skills, wishes, one to three windows, loads."""
    chance = np.random.default_rng(seed)
    points = jobs + 3
    places = chance.integers(0, 100, (points, 2))
    legs = np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1)).astype(np.int64)
    slow = legs * 3 // 2 + chance.integers(0, 5, legs.shape)
    np.fill_diagonal(slow, 0)
    return Problem(
        points=points,
        matrices=(legs, slow),
        staff=tuple(_person(chance, at) for at in range(people)),
        jobs=tuple(_job(chance, at, people) for at in range(jobs)),
        rules=Rules(travel=2, not_preferred=7, forbidden=40 if seed % 2 else None),
    )


def _person(chance: np.random.Generator, at: int) -> Staff:
    shift = Window(int(chance.integers(0, 200)), int(chance.integers(600, HORIZON))) if at else None
    start, end = (int(point) for point in chance.integers(0, 3, 2))
    skills = frozenset("ab") if at < 2 else frozenset("a")
    return Staff(f"p{at}", skills, start, end, shift, None, at % 2, capacity=12 if at % 3 else None)


def _job(chance: np.random.Generator, at: int, people: int) -> Job:
    job = Job(
        f"j{at}",
        3 + at,
        tuple(_window(chance) for _ in range(chance.integers(0, 4))),
        (Service(int(chance.integers(0, 40)), frozenset("ab"[chance.integers(0, 2)])),),
        drop_penalty=int(chance.integers(50, 500)) if chance.random() < 0.7 else None,
        load=int(chance.integers(0, 4)),
    )
    lot = chance.random()
    if lot < 0.1:
        return replace(job, allowed_staff=frozenset({0, int(chance.integers(people))}))
    if lot < 0.2:
        return replace(job, forbidden_staff=frozenset({int(chance.integers(people))}))
    if lot < 0.4:
        return replace(job, preferred_staff=frozenset({int(chance.integers(people))}))
    return job


def _window(chance: np.random.Generator) -> Window:
    opening = int(chance.integers(0, 800))
    return Window(opening, opening + int(chance.integers(0, 150)))
