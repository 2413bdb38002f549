"""Days on which everything is asked for at once that only some days ask for, each thing also by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from service.routing.problem import Band, Carer, Job, Link, Lunch, Problem, Rules, Service, Staff, Sync, Window
from tests.routing.solver import days

RULES: Final = Rules(
    travel=2,
    waiting=1,
    max_idle=1,
    tardiness=3,
    max_tardiness=1,
    overtime=2,
    missed_lunch=40,
    not_preferred=5,
    balance=1,
    travel_balance=2,
    arrival=7,
    changed=11,
    moved=6,
    moved_step=15,
)
HARD: Final = replace(RULES, tardiness=None, overtime=None, waiting=0, max_idle=0)
TRAFFIC: Final = (Band(0, 1000), Band(90, 1800), Band(170, 700), Band(300, 1250))


def everything(jobs: int, staff: int, seed: int, rules: Rules = RULES, *, traffic: bool = True) -> Problem:
    """A large day with all of it."""
    chance = np.random.default_rng(seed)
    people = [_person(at, staff, chance) for at in range(staff)]
    visits = [_visit(at, staff, chance) for at in range(jobs)]
    problem = days.day(people, visits, rules, points=20)
    links = _links([at for at, job in enumerate(visits) if len(job.services) == 1], chance)
    links += (Link(*_several(visits), low=5, high=150, ordered=False, carer=Carer.other),)
    links += tuple(_handed_in(visits, {job for link in links for job in (link.first, link.second)}))
    return replace(problem, links=links, traffic=(TRAFFIC,) if traffic else ())


def _person(at: int, staff: int, chance: np.random.Generator) -> Staff:
    morning, evening = Window(int(chance.integers(0, 40)), 220), Window(240, 500)
    twice = at >= staff - 4  # the last four rows are two people with two shifts each
    lunch = Lunch(150, 260, 20, point=13 if at % 3 == 0 else None)
    return Staff(
        f"s{at}",
        frozenset("nd" if at % 2 else "n") | frozenset({f"w{at % 3}"}),
        at % 4,
        at % 3,
        (evening if at % 2 else morning) if twice else Window(int(chance.integers(0, 50)), 500),
        None if twice else lunch,
        pace=(1000, 1300, 850)[at % 3],
        max_work=260 if twice or at == 0 else None,
        person=(at - staff + 4) // 2 if twice else None,
    )


def _visit(at: int, staff: int, chance: np.random.Generator) -> Job:
    opening = int(chance.integers(0, 400))
    groups = str(chance.choice(["n", "n", "n", "d", "n,d", "n,n"])).split(",")
    either = frozenset({"w0", "w1"}) if at % 4 == 0 else frozenset()
    return Job(
        f"j{at}",
        int(chance.integers(1, 20)),
        (Window(opening, opening + int(chance.integers(20, 120))),),
        tuple(Service(int(chance.integers(5, 30)), frozenset(group), either) for group in groups),
        list(Sync)[int(chance.integers(3))],
        Window(-5 if at % 7 == 0 else 0, 30),
        drop_penalty=int(chance.integers(200, 900)) if at % 5 else None,
        preferred_staff=frozenset({0, 1}) if at % 5 == 0 else None,
        tardiness=9 if at % 6 == 0 else None,
        punctual=at % 6 == 1,
        ends_in_window=at % 6 == 2,
        rank=int(at % 9 == 0) - int(at % 11 == 0),
        promised=opening + 10 if at % 3 == 0 else None,
        promised_staff=frozenset({at % staff}) if at % 3 == 0 else None,
    )


def _links(single: Sequence[int], chance: np.random.Generator) -> tuple[Link, ...]:
    """Pairs of jobs of one service, each asking for something else; one bundle of three."""
    order = [int(job) for job in chance.permutation(single)]
    return (
        Link(order[0], order[1], low=10, high=90, bound=True),
        Link(order[1], order[2], low=0, carer=Carer.same, bound=True),
        Link(order[3], order[4], low=20, high=200, ordered=False),
        Link(order[5], order[6], low=0, high=400, ordered=False, carer=Carer.same),
        Link(order[7], order[8], low=0, ordered=False, carer=Carer.other),
        Link(order[3], order[9], low=0, high=300, carer=Carer.same),
    )


def _handed_in(visits: Sequence[Job], linked: set[int]) -> Iterator[Link]:
    """Of each kind of crew one whose specimen is a job of its own, given by one of it."""
    single = (at for at, job in enumerate(visits) if len(job.services) == 1 and at not in linked)
    crews = [at for at, job in enumerate(visits) if len(job.services) > 1 and at not in linked]
    ones = [next((at for at in crews if visits[at].sync is sync), None) for sync in Sync]
    for crew, delivery in zip([at for at in ones if at is not None], single, strict=False):
        bound = visits[crew].sync is not Sync.sequential
        yield Link(crew, delivery, high=300, carer=Carer.same, bound=bound)


def _several(visits: Sequence[Job]) -> tuple[int, int]:
    found = [at for at, job in enumerate(visits) if len(job.services) > 1 and job.sync is Sync.independent]
    return found[0], found[1]
