"""Small days drawn at random, with everything that a day may ask for but traffic."""

import random
from dataclasses import replace

from service.routing.problem import Carer, Job, Link, Lunch, Problem, Rules, Staff
from tests.routing.solver import days


def day(seed: int, jobs: int = 4, *, everything: bool = False) -> Problem:
    """Make a day of up to three people and `jobs` visits; uneven seeds have soft rules. Without `everything` only what
    the oldest searches know.
    """
    chance = random.Random(seed)
    number = chance.randint(2, 3)
    rules = days.SOFT if seed % 2 else days.HARD
    lunch = chance.choice([None, Lunch(100, 160, 20)])
    staff = [days.drawn_person(chance, at, lunch) for at in range(number)]
    visits = [days.drawn_job(chance, at, number, 0.7) for at in range(chance.randint(1, jobs))]
    problem = days.day(staff, visits, rules)
    return _with_everything(chance, problem) if everything else problem


def _with_everything(chance: random.Random, problem: Problem) -> Problem:
    links = []
    if len(problem.jobs) > 1:
        carer, high = chance.choice(list(Carer)), chance.choice([None, 60])
        low, ordered, bound = chance.choice([0, 20]), chance.random() < 0.5, chance.random() < 0.3
        links.append(Link(0, 1, low=low, high=high, ordered=ordered, carer=carer, bound=bound))
    return replace(
        problem,
        staff=tuple(_special_person(chance, at, who) for at, who in enumerate(problem.staff)),
        jobs=tuple(_special_job(chance, len(problem.staff), job) for job in problem.jobs),
        rules=_special_rules(chance, problem.rules),
        links=tuple(links),
    )


def _special_person(chance: random.Random, at: int, who: Staff) -> Staff:
    lunch = who.lunch
    if lunch is not None and chance.random() < 0.4:
        lunch = replace(lunch, point=chance.randrange(days.POINTS))
    return replace(
        who,
        lunch=lunch,
        pace=chance.choice([1000, 1000, 800, 1300]),
        max_work=chance.choice([None, 200]),
        person=chance.choice([None, None, at // 2]),
        capacity=chance.choice([None, 4]),
        start_point=chance.choice([0, 0, 3]),
    )


def _special_job(chance: random.Random, staff: int, job: Job) -> Job:
    needs = chance.choice([frozenset[str](), frozenset("dx")])
    return replace(
        job,
        services=(replace(job.services[0], any_skills=needs), *job.services[1:]),
        load=chance.choice([0, 1]),
        tardiness=chance.choice([None, 3]),
        punctual=chance.random() < 0.2,
        ends_in_window=chance.random() < 0.2,
        rank=chance.choice([0, 0, 0, 1]),
        promised=chance.choice([None, job.windows[0].start + 20]),
        promised_staff=chance.choice([None, frozenset({chance.randrange(staff)})]),
    )


def _special_rules(chance: random.Random, rules: Rules) -> Rules:
    return replace(
        rules,
        arrival=chance.choice([0, 7]),
        balance=chance.choice([0, 0, 1]),
        travel_balance=chance.choice([0, 0, 2]),
        changed=chance.choice([0, 9]),
        moved=chance.choice([0, 5]),
        moved_step=15,
        leave_at_shift_start=chance.random() < 0.2,
        window_end_at_service_end=chance.random() < 0.3,
        missed_lunch=chance.choice([None, 20]),
        waiting=chance.choice([0, 1]),
    )
