"""Tiny days with one vehicle, drawn at random."""

import random

import numpy as np

from service.routing.problem import Job, Problem, Rules, Service, Staff, Vehicle, Window

NONE = frozenset[str]()


def tiny(seed: int, jobs: int = 3, riders: int = 2) -> Problem:
    """Draw a day of a few places around a station: by car a few minutes, on foot four times as long."""
    chance = random.Random(f"tiny {seed}")
    at = np.array([(0, 0), *((chance.randint(-60, 60), chance.randint(-60, 60)) for _ in range(jobs))])
    car = np.abs(at[:, None] - at[None, :]).sum(axis=2).astype(np.int64)
    staff = tuple(Staff(f"r{row}", NONE, 0, 0, Window(0, 900), None, rides=True) for row in range(riders))
    crew = chance.randrange(jobs) if seed % 3 == 0 else -1
    return Problem(
        len(at),
        (car * 4, car),
        staff,
        tuple(_job(chance, job, 2 if job == crew else 1) for job in range(jobs)),
        Rules(),
        vehicles=(Vehicle("c", chance.choice((1, 1, 2)), 0, 0, Window(0, 900), 1),),
    )


def _job(chance: random.Random, job: int, crew: int) -> Job:
    opening = chance.randint(0, 500)
    windows = (Window(opening, opening + chance.choice((30, 80, 200))),)
    services = (Service(chance.randint(10, 90), NONE),) * crew
    return Job(f"j{job}", job + 1, windows, services, drop_penalty=chance.choice((120, 400, 2000)))
