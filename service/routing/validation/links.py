"""What is wrong with the links of a problem."""

from collections import Counter
from collections.abc import Iterator, Mapping

from service.routing.problem import Carer, Link, Problem
from service.routing.validation.fault import Fault


def faults(problem: Problem) -> Iterator[Fault]:
    """Yield links of unknown jobs, of a job with itself, without a possible length, and orders that go in a circle."""
    sound = True
    for at, link in enumerate(problem.links):
        for fault in _link(f"links[{at}]", link, problem):
            sound = False
            yield fault
    if sound:
        yield from _circle(problem)


def _link(field: str, link: Link, problem: Problem) -> Iterator[Fault]:
    unknown = False
    for name, job in (("first", link.first), ("second", link.second)):
        if not 0 <= job < len(problem.jobs):
            unknown = True
            yield f"{field}.{name}", f"{job} is out of range: there are {len(problem.jobs)} jobs"
    if unknown:
        return
    if link.first == link.second:
        yield f"{field}.second", f"links job {link.second} with itself"
    if link.low < 0:
        yield f"{field}.low", f"is {link.low}, expected at least 0"
    if link.high is not None and link.high < link.low:
        yield f"{field}.high", f"is {link.high}, less than low, {link.low}"
    # of a crew one may do what comes after
    alone = (link.second,) if link.ordered else (link.first, link.second)
    several = [job for job in alone if len(problem.jobs[job].services) > 1]
    if link.carer is Carer.same and several:
        yield f"{field}.carer", f"cannot be the same: job {several[0]} has several services"


def _circle(problem: Problem) -> Iterator[Fault]:
    """Yield an ordered link that lies on a circle of such links."""
    following: dict[int, set[int]] = {}
    for link in problem.links:
        if link.ordered:
            following.setdefault(link.first, set()).add(link.second)
    held = _held(following)
    for at, link in enumerate(problem.links):
        if link.ordered and {link.first, link.second} <= held and _reaches(following, link.second, link.first):
            yield f"links[{at}]", f"job {link.first} before job {link.second} closes a circle of ordered links"
            return


def _held(following: Mapping[int, set[int]]) -> set[int]:
    """Return the jobs that can never be next: those on a circle, and what waits for them."""
    waits_for: Counter[int] = Counter()
    for then in following.values():
        waits_for.update(then)
    free = [job for job in following if not waits_for[job]]
    while free:
        for job in following.get(free.pop(), ()):
            waits_for[job] -= 1
            if not waits_for[job]:
                free.append(job)
    return {job for job, count in waits_for.items() if count}


def _reaches(following: Mapping[int, set[int]], start: int, goal: int) -> bool:
    seen, ahead = {start}, [start]
    while ahead:
        job = ahead.pop()
        if job == goal:
            return True
        new = following.get(job, set()) - seen
        seen |= new
        ahead.extend(new)
    return False
