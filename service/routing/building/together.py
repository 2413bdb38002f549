"""What ties the visits of a day to each other: one person's to his others, a specimen's to its delivery."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final
from uuid import UUID

from service.patients.rules import Precaution
from service.routing.building.facts import DayFacts
from service.routing.building.visits import RANKS, Visit
from service.routing.problem import Carer, Job, Link, Service, Window

_WHOLE_DAY: Final = Window(0, 2 * 86_400)


def links_of(facts: DayFacts, visits: Sequence[Visit], deliveries: Sequence[int]) -> tuple[Link, ...]:
    """Return the links of a day whose jobs are the visits and behind them the deliveries of some of these."""
    return (*_of_persons(facts, visits), *_of_specimens(facts, visits, deliveries))


def with_specimen(facts: DayFacts, visits: Sequence[Visit]) -> list[int]:
    """Return the positions of the visits at which a specimen is taken by one who goes alone.

    Which of a crew carries it is theirs to agree; a problem ties only single people to each other.
    """
    alone = (at for at, each in enumerate(visits) if each.order.staff_count == 1)
    return [at for at in alone if _specimen_minutes(facts, visits[at]) is not None]


def delivery_of(facts: DayFacts, visit: Visit, job: Job, point: int) -> Job:
    """Return the handing in of a visit's specimen at a point.

    A specimen that was taken before an infectious person's visit is handed in before it, too.
    """
    minutes = facts.policy(visit.order.institution_id).specimen_handover_minutes
    return Job(
        id=f"{job.id}（送标本）",
        point=point,
        windows=(_WHOLE_DAY,),
        services=(Service(minutes * 60, frozenset()),),
        drop_penalty=0,
        rank=max(job.rank, RANKS[Precaution.none]),
    )


def _of_persons(facts: DayFacts, visits: Sequence[Visit]) -> Iterator[Link]:
    """Keep one person's visits apart, and have them given by the same people where that is wished for."""
    by_person: defaultdict[UUID, list[int]] = defaultdict(list)
    for at, each in enumerate(visits):
        by_person[each.order.person_id].append(at)
    for own in by_person.values():
        for first, second in combinations(own, 2):
            one, other = visits[first].order, visits[second].order
            gap = max(facts.policy(each.institution_id).minimum_gap_minutes for each in (one, other))
            # another institution's staff can never be the same, and a problem ties only single people to each other
            single = one.institution_id == other.institution_id and one.staff_count == other.staff_count == 1
            same = single and (one.same_staff or other.same_staff)
            yield Link(first, second, low=gap * 60, ordered=False, carer=Carer.same if same else Carer.anybody)


def _of_specimens(facts: DayFacts, visits: Sequence[Visit], deliveries: Sequence[int]) -> Iterator[Link]:
    for delivery, at in enumerate(deliveries, start=len(visits)):
        minutes = _specimen_minutes(facts, visits[at])
        if minutes is not None:
            yield Link(at, delivery, high=minutes * 60, carer=Carer.same, bound=True)


def _specimen_minutes(facts: DayFacts, visit: Visit) -> int | None:
    asked = (facts.items[code].specimen_minutes for code, _ in visit.order.items)
    return min((each for each in asked if each is not None), default=None)
