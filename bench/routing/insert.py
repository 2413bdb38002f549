"""How long a change of a full day takes: `python -m bench.routing.insert`.

A day of 600 visits and 60 staff, planned; then one visit after the other is asked for: one in five needs two people.
Seconds of the wall clock from the question to five places that the referee has judged, and CPU seconds beside them.
Then each of the first ten falls ill in turn, on this day and on one of 100 visits: from the news to a mended plan
that the referee has judged.
"""

import time
from dataclasses import replace

import numpy as np

from service.routing import referee
from service.routing.changing import mending, places
from service.routing.problem import Job, Lunch, Plan, Problem, Route, Rules, Service, Staff, Unassigned, Window

HOUR = 3600
VISITS, STAFF, ASKED = 600, 60, 100


def main() -> None:
    """Print the median and the 95th percentile."""
    problem = day(VISITS + ASKED, STAFF)
    standing = filled(problem, VISITS)
    verdict = referee.check_plan(problem, standing)
    planned = VISITS + ASKED - len(standing.unassigned)
    print(f"{planned} visits planned for {STAFF} staff, {len(verdict.violations)} rules broken")
    wall, cpu, found = [], [], 0
    for job in range(VISITS, VISITS + ASKED):
        began, used = time.perf_counter(), time.process_time()
        answer = places.places(problem, standing, job)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
        found += isinstance(answer, list)
    for name, taken in (("wall", wall), ("CPU", cpu)):
        middle, high = np.percentile(taken, (50, 95)) * 1000
        print(f"{name}: median {middle:.0f} ms, 95th percentile {high:.0f} ms; {found} of {ASKED} have a place")
    for visits, staff in ((100, 10), (VISITS, STAFF)):
        fall_ill(day(visits, staff), visits)


def fall_ill(problem: Problem, visits: int) -> None:
    """Print how long it takes to mend a day when one of the staff falls ill."""
    standing, taken, broken = filled(problem, visits), [], 0
    for who in range(10):
        people = list(problem.staff)
        people[who] = replace(people[who], shift=Window(0, 0), lunch=None)
        ill = replace(problem, staff=tuple(people))
        began = time.perf_counter()
        mended = mending.mend(ill, standing)
        taken.append((time.perf_counter() - began) * 1000)
        broken += len(referee.check_plan(ill, mended).violations)
    middle, most = np.median(taken), max(taken)
    print(f"repair of {visits} visits: median {middle:.0f} ms, at most {most:.0f} ms; {broken} rules broken")


def filled(problem: Problem, visits: int) -> Plan:
    """Return a plan with as many of the first `visits` jobs as fit, put in one after the other."""
    nobody = Plan(tuple(Route(staff, ()) for staff in range(len(problem.staff))))
    left = tuple(Unassigned(job, "no_capacity") for job in range(len(problem.jobs)))
    return mending.put_in(problem, replace(nobody, unassigned=left), range(visits))


def day(visits: int, staff: int, seed: int = 1) -> Problem:
    """Make a day from 8 to 18 o'clock in a town of 12 by 12 km."""
    chance = np.random.default_rng(seed)
    at = chance.integers(0, 12_000, (visits + 1, 2))
    legs = (np.abs(at[:, None] - at[None]).sum(axis=2) / 6).astype(np.int64)
    people = tuple(_person(who) for who in range(staff))
    return Problem(
        visits + 1, (legs,), people, tuple(_job(chance, job, staff) for job in range(visits)), Rules(not_preferred=900)
    )


def _person(who: int) -> Staff:
    skills = frozenset({"care", "doctor"} if who % 3 == 0 else {"care"})
    return Staff(f"p{who}", skills, 0, 0, Window(8 * HOUR, 18 * HOUR), Lunch(11 * HOUR, 14 * HOUR, HOUR // 2))


def _job(chance: np.random.Generator, at: int, staff: int) -> Job:
    opening = int(chance.integers(8 * HOUR, 15 * HOUR))
    services = [Service(int(chance.integers(15, 35)) * 60, frozenset({"doctor"} if at % 7 == 0 else {"care"}))]
    if at % 5 == 0:
        services.append(Service(services[0].duration, frozenset({"care"})))
    return Job(
        f"v{at}",
        at + 1,
        (Window(opening, opening + 2 * HOUR),),
        tuple(services),
        drop_penalty=10 * HOUR,
        preferred_staff=frozenset({at % staff}) if at % 4 == 1 else None,
    )


if __name__ == "__main__":
    main()
