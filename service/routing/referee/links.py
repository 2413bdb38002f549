"""The rules between two jobs: which comes first, how long after the other, by whom, and that both are done or none."""

from collections.abc import Iterator, Mapping

from service.routing.problem import Carer, Link, Problem, Sync
from service.routing.referee.jobs import Visit
from service.routing.referee.people import human_being
from service.routing.referee.verdict import Rule, Violation


def check_links(problem: Problem, visits: Mapping[int, list[Visit]]) -> Iterator[Violation]:
    """Yield every breach of a link; the second job is named, of a bound pair the one that is done alone."""
    for index, link in enumerate(problem.links):
        first, second = visits.get(link.first), visits.get(link.second)
        if first and second:
            first = _counted(problem, link, first)
            yield from _time(index, link, first, second)
            yield from _carers(problem, index, link, first, second)
        elif link.bound and (first or second):
            alone, missing = (link.first, link.second) if first else (link.second, link.first)
            yield Violation(Rule.link_bound, job=alone, facts={"link": index, "missing": missing})


def _counted(problem: Problem, link: Link, first: list[Visit]) -> list[Visit]:
    """Return what counts of the first job: of those who come apart what the first gives, if the same is asked for."""
    if link.carer is not Carer.same or problem.jobs[link.first].sync is Sync.simultaneous:
        return first
    return [visit for visit in first if visit.stop.service == 0] or first


def _time(index: int, link: Link, first: list[Visit], second: list[Visit]) -> Iterator[Violation]:
    gap = _gap(first, second)
    if link.ordered and gap < 0:
        yield Violation(Rule.link_order, job=link.second, facts={"link": index, "gap": gap})
        return
    gaps = (gap,) if link.ordered else (gap, _gap(second, first))
    if not any(link.low <= each and (link.high is None or each <= link.high) for each in gaps):
        yield Violation(Rule.link_gap, job=link.second, facts={"link": index, "gap": max(gaps)})


def _gap(earlier: list[Visit], later: list[Visit]) -> int:
    """Return how long after the last service of one job the first service of the other begins."""
    return min(visit.stop.start for visit in later) - max(visit.stop.end for visit in earlier)


def _carers(problem: Problem, index: int, link: Link, first: list[Visit], second: list[Visit]) -> Iterator[Violation]:
    at_first, at_second = ({human_being(problem, visit.staff) for visit in given} for given in (first, second))
    if link.carer is Carer.same:
        # of a crew that begins at once any one is the same
        kept = at_second <= at_first
    else:
        kept = link.carer is Carer.anybody or not at_first & at_second
    if not kept:
        yield Violation(Rule.link_carer, job=link.second, facts={"link": index})
