"""Large days: quarters of a town around several stations, more work than one search can look over."""

import numpy as np

from service.routing.problem import Job, Lunch, Problem, Rules, Service, Staff, Sync, Window

SHIFT = Window(8 * 3600, 17 * 3600)

LIVE = Rules(travel=1, waiting=1, tardiness=None, missed_lunch=1800, not_preferred=600, balance=0)
SOFT = Rules(travel=1, tardiness=2, max_tardiness=2, overtime=3, missed_lunch=1800)
WHOLE_ROUTES = Rules(travel=1)


def day(jobs: int, people: int, seed: int = 1, rules: Rules = LIVE, pairs: float = 0.1) -> Problem:
    """Make a day in seconds: places in a town of 24 by 24 minutes, skills, windows of one to three hours, pairs, and
    with `LIVE` or `SOFT` a lunch for everybody.
    """
    chance = np.random.default_rng(seed)
    bases = max(2, people // 12)
    quarters = chance.uniform(0, 1440, (max(4, jobs // 40), 2))
    spots = quarters[chance.integers(0, len(quarters), jobs)] + chance.normal(0, 120, (jobs, 2))
    places = np.vstack([chance.uniform(200, 1240, (bases, 2)), spots])
    legs = np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1)).astype(np.int64)
    lunch = None if rules is WHOLE_ROUTES else Lunch(11 * 3600 + 1800, 14 * 3600, 1800)
    staff = []
    for at in range(people):
        base = at % bases
        skills = frozenset("nd") if at % 3 == 0 else frozenset("n")
        staff.append(Staff(f"s{at}", skills, base, base, SHIFT, lunch))
    return Problem(
        bases + jobs,
        (legs,),
        tuple(staff),
        tuple(_job(chance, at, bases + at, people, pairs) for at in range(jobs)),
        rules,
    )


def _job(chance: np.random.Generator, at: int, point: int, people: int, pairs: float) -> Job:
    opening = int(chance.integers(8 * 60, 15 * 60)) * 60
    lot = chance.random()
    needed = ["n", "n"] if lot < pairs else ["d"] if lot < pairs + 0.15 else ["n"]
    length = int(chance.integers(15, 50)) * 60
    return Job(
        id=f"j{at}",
        point=point,
        windows=(Window(opening, opening + int(chance.integers(60, 180)) * 60),),
        services=tuple(Service(length, frozenset(skill)) for skill in needed),
        sync=Sync.simultaneous,
        drop_penalty=20_000,
        preferred_staff=frozenset({int(chance.integers(people))}) if chance.random() < 0.2 else None,
    )
