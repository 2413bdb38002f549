"""What a problem says of single stops and ways, read by another hand than the solver's, for those who judge it."""

from service.routing.problem import LUNCH, Problem, Service, Staff

Spot = tuple[int, int]
"""Job and service, as in a `Stop`."""


def may_be_late(problem: Problem, job: int) -> bool:
    """Return whether the job may begin after its windows, at a price."""
    wanted, rules = problem.jobs[job], problem.rules
    priced = wanted.tardiness is not None or rules.tardiness is not None
    return priced and rules.max_tardiness is not None and not wanted.punctual


def length(problem: Problem, row: int, spot: Spot) -> int:
    """Return how long a stop takes that person."""
    person = problem.staff[row]
    if spot[1] == LUNCH:
        return person.lunch.duration if person.lunch else 0
    return -(-problem.jobs[spot[0]].services[spot[1]].duration * person.pace // 1000)


def point(problem: Problem, row: int, spot: Spot) -> int:
    """Return where a stop is; a lunch that is at no job, at its own point or at the start."""
    person = problem.staff[row]
    if spot[0] >= 0:
        return problem.jobs[spot[0]].point
    return person.start_point if person.lunch is None or person.lunch.point is None else person.lunch.point


def leg(problem: Problem, row: int, here: int, there: int, free: int) -> int:
    """Return how long that person takes from point to point, leaving at `free`."""
    matrix = problem.staff[row].matrix
    travel = int(problem.matrices[matrix][here, there])
    for band in reversed(problem.traffic[matrix] if problem.traffic else ()):
        if band.start <= free or band is problem.traffic[matrix][0]:
            return -(-travel * band.factor // 1000)
    return travel


def is_able(person: Staff, service: Service) -> bool:
    """Return whether the person has all skills asked for, and one of those of which one is enough."""
    needed, one_of = service.skills, service.any_skills
    return needed <= person.skills and (not one_of or bool(one_of & person.skills))
