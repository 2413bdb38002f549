"""How soon there is a plan: `python -m bench.routing.first`.

Days of 100 and 300 visits with everything in them (meetings, lunches, several windows, wishes, jobs that may be left
out, hard windows and soft ones): the CPU seconds from the call of `solve` to its first plan, and the referee's verdict
on what is answered when the solver is stopped right after it.
"""

import time

import numpy as np

from service.routing import referee
from service.routing.problem import Job, Limits, Lunch, Problem, Rules, Service, Staff, Sync, Window
from service.routing.solver import Progress, solve, warm

HOUR = 3600
GOALS = {100: 0.3, 300: 2.0}
SEEDS = (1, 2, 3)
RULES = {
    "hard": Rules(travel=1, missed_lunch=1800, not_preferred=600),
    "soft": Rules(travel=1, waiting=1, tardiness=3, overtime=4, missed_lunch=1800, not_preferred=600, balance=1),
}


def main() -> None:
    """Print the slowest first plan of each kind of day."""
    warm()
    for visits, goal in GOALS.items():
        for name, rules in RULES.items():
            found = [_first(day(visits, rules, seed), seed) for seed in SEEDS]
            slowest = max(seconds for seconds, _ in found)
            broken = sum(faults for _, faults in found)
            print(f"{visits} visits, {name}: first plan in {slowest:.2f} CPU s (goal {goal}), {broken} rules broken")


def _first(problem: Problem, seed: int) -> tuple[float, int]:
    told: list[float] = []
    begun = time.process_time()

    def hear(_: Progress) -> None:
        told.append(time.process_time() - begun)

    plan = solve(problem, Limits(0.01, cpu=True), seed, hear)
    return told[0], len(referee.check_plan(problem, plan).violations)


def day(visits: int, rules: Rules, seed: int) -> Problem:
    """Make a day from 8 to 18 o'clock in a town of 12 by 12 km, eight visits to a person."""
    chance = np.random.default_rng(seed)
    at = chance.integers(0, 12_000, (visits + 1, 2))
    legs = (np.abs(at[:, None] - at[None]).sum(axis=2) / 6).astype(np.int64)
    staff = tuple(_person(who) for who in range(visits // 8))
    return Problem(visits + 1, (legs,), staff, tuple(_job(chance, job, len(staff)) for job in range(visits)), rules)


def _person(who: int) -> Staff:
    skills = frozenset({"care", "doctor"} if who % 3 == 0 else {"care"})
    return Staff(f"p{who}", skills, 0, 0, Window(8 * HOUR, 18 * HOUR), Lunch(11 * HOUR, 14 * HOUR, HOUR // 2))


def _job(chance: np.random.Generator, at: int, staff: int) -> Job:
    opening = int(chance.integers(8 * HOUR, 15 * HOUR))
    windows = (Window(opening, opening + HOUR), Window(opening + 2 * HOUR, opening + 3 * HOUR))
    meeting = at % 8 == 0
    services = [Service(int(chance.integers(10, 50)) * 60, frozenset({"care"}))]
    if meeting:
        services.append(Service(20 * 60, frozenset({"doctor"})))
    return Job(
        f"v{at}",
        at + 1,
        windows[: 1 + at % 2],
        tuple(services),
        sync=Sync.simultaneous if at % 16 else Sync.sequential,
        lag=Window(0, HOUR // 2) if meeting else Window(0, 0),
        drop_penalty=4 * HOUR,
        preferred_staff=frozenset({at % staff}) if at % 4 == 1 else None,
    )


if __name__ == "__main__":
    main()
