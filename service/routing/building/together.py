"""What ties the visits of a day to each other: one person's to his others, a specimen's to its delivery, the parts of
one service.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from uuid import UUID

from service.patients.rules import Precaution
from service.routing import states
from service.routing.building.facts import DayFacts
from service.routing.building.visits import RANKS, Visit
from service.routing.building.windows import WHOLE_DAY
from service.routing.problem import Carer, Job, Link, Service


@dataclass(frozen=True, slots=True)
class Behind:
    """What a job behind the visits belongs to: the position of its visit, and which part of it; None = the delivery of
    the specimen that was taken at part `of` it.
    """

    visit: int
    part: int | None = None
    of: int = 1


def behind_of(facts: DayFacts, visits: Sequence[Visit]) -> tuple[Behind, ...]:
    """Return the jobs that come behind the visits: deliveries of their specimens, then their further parts."""
    deliveries = [
        Behind(at, of=number)
        for at, each in enumerate(visits)
        for number in (1, *(part.number for part, _ in each.parts))
        if _specimen_minutes(facts, each, number) is not None
    ]
    return (
        *deliveries,
        *(Behind(at, part.number) for at, each in enumerate(visits) for part, _ in each.parts),
    )


def links_of(facts: DayFacts, visits: Sequence[Visit], behind: Sequence[Behind]) -> tuple[Link, ...]:
    """Return the links of a day whose jobs are the visits and what comes behind them."""
    return (
        *_of_persons(facts, visits, behind),
        *_of_specimens(facts, visits, behind),
        *_of_parts(visits, behind),
    )


def delivery_of(facts: DayFacts, visit: Visit, job: Job, point: int, part: int = 1) -> Job:
    """Return the handing in of what was taken at a part of a visit, at a point.

    A specimen that was taken before an infectious person's visit is handed in before it, too.
    """
    minutes = facts.policy(visit.order.institution_id).specimen_handover_minutes
    return Job(
        id=f"{states.label(job.id, part, len(visit.parts) + 1)}（送标本）",
        point=point,
        windows=(WHOLE_DAY,),
        services=(Service(minutes * 60, frozenset()),),
        drop_penalty=0,
        rank=max(job.rank, RANKS[Precaution.none]),
    )


def _of_persons(facts: DayFacts, visits: Sequence[Visit], behind: Sequence[Behind]) -> Iterator[Link]:
    """Keep one person's visits apart, and have them given by the same people where that is wished for."""
    by_person: defaultdict[UUID, list[int]] = defaultdict(list)
    for at, each in enumerate(visits):
        by_person[each.order.person_id].append(at)
    jobs = {at: [at] for at in range(len(visits))}
    for job, follows in enumerate(behind, start=len(visits)):
        if follows.part is not None:
            jobs[follows.visit].append(job)
    for own in by_person.values():
        for first, second in combinations(own, 2):
            one, other = visits[first].order, visits[second].order
            gap = max(facts.policy(each.institution_id).minimum_gap_minutes for each in (one, other))
            # another institution's staff can never be the same, and a problem ties no crew to another
            single = one.institution_id == other.institution_id and one.staff_count == other.staff_count == 1
            same = single and (one.same_staff or other.same_staff)
            for pair in product(jobs[first], jobs[second]):
                yield Link(*pair, low=gap * 60, ordered=False, carer=Carer.same if same else Carer.anybody)


def _of_specimens(facts: DayFacts, visits: Sequence[Visit], behind: Sequence[Behind]) -> Iterator[Link]:
    """Have each specimen handed in, in time after the visit, by whoever took it: of a crew that comes at once by one of
    it, of those who come apart by the first, who gives the service.
    """
    taken_at = {(each.visit, each.part): at for at, each in enumerate(behind, start=len(visits)) if each.part}
    for delivery, each in enumerate(behind, start=len(visits)):
        minutes = _specimen_minutes(facts, visits[each.visit], each.of)
        if each.part is None and minutes is not None:
            first = taken_at.get((each.visit, each.of), each.visit)
            yield Link(first, delivery, high=minutes * 60, carer=Carer.same, bound=True)


def _of_parts(visits: Sequence[Visit], behind: Sequence[Behind]) -> Iterator[Link]:
    """Bring the same person back for each further part, in time after the one before; none without the others."""
    before = {at: at for at in range(len(visits))}
    for job, each in enumerate(behind, start=len(visits)):
        if each.part is not None:
            part = next(part for part, _ in visits[each.visit].parts if part.number == each.part)
            low, high = part.after_min_minutes * 60, part.after_max_minutes * 60
            yield Link(before[each.visit], job, low=low, high=high, carer=Carer.same, bound=True)
            before[each.visit] = job


def _specimen_minutes(facts: DayFacts, visit: Visit, part: int = 1) -> int | None:
    """Return how soon what is taken at a part of a visit is to be handed in; None: nothing is."""
    asked = (facts.items[code] for code, _ in visit.order.items)
    given = (each.specimen_minutes for each in asked if len(each.parts) >= part - 1)
    return min((each for each in given if each is not None), default=None)
