"""What people have done on a day, or are promised to do elsewhere, binds to whom they may go besides; pure.

Who comes from somebody whom others catch from goes to nobody who must come before, whichever plan sends him; an elder
who is to see one person only sees whom he has seen.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from service.orders.rules import OrderFacts
from service.patients.rules import Precaution
from service.routing.building.facts import Busy, DayFacts
from service.routing.building.staffing import Segment
from service.routing.building.visits import RANKS
from service.routing.building.wishes import Rows
from service.routing.problem import Job

Barred = Mapping[int, frozenset[int]]
"""The positions of the segments in which nobody of a rank is visited."""


def barred(facts: DayFacts, segments: Sequence[Segment]) -> Barred:
    """Return in which segments whom is not visited, for what their people are busy with before them and behind."""
    ranks: defaultdict[UUID, list[tuple[int, int]]] = defaultdict(list)
    for busy in facts.busy:
        if busy.precaution is not None:
            ranks[busy.practitioner_id].append((facts.seconds(busy.start), _rank_of(busy, busy.precaution)))
    return barred_by(ranks, segments)


def barred_by(ranks: Mapping[UUID, Sequence[tuple[int, int]]], segments: Sequence[Segment]) -> Barred:
    """Return the same by what each person does: from which second of the day on, and of which rank it is."""
    return {
        rank: frozenset(
            at
            for at, each in enumerate(segments)
            for start, other in ranks.get(each.staff.practitioner_id, ())
            if is_out_of_turn(other, rank, is_before=start < each.shift.start)
        )
        for rank in RANKS.values()
    }


def bound(facts: DayFacts, order: OrderFacts, job: Job, rank: int, *, rows: Rows, never: Barred) -> Job:
    """Return the job of an order, or what follows its visit, that only those may be given whose day lets them.

    `rows` are the positions of people's segments.
    """
    allowed = job.allowed_staff
    for who in same_carers(order, ((each.practitioner_id, each.order) for each in facts.seen)):
        own = rows.get(who, frozenset())
        allowed = own if allowed is None else allowed & own
    if never[rank]:
        allowed = (frozenset[int]().union(*rows.values()) if allowed is None else allowed) - never[rank]
    return job if allowed == job.allowed_staff else replace(job, allowed_staff=allowed)


def rank_of(facts: DayFacts, order: OrderFacts) -> int:
    """Return before and after whom an order's visit comes."""
    return RANKS[facts.care_of(order.person_id).precaution]


def rank_of_delivery(facts: DayFacts, order: OrderFacts) -> int:
    """Return before and after whom the specimen of an order's visit is handed in."""
    return max(rank_of(facts, order), RANKS[Precaution.none])


def is_out_of_turn(other: int, rank: int, *, is_before: bool) -> bool:
    """Tell whether who is of a rank cannot be visited in a stretch before or behind which somebody visits another."""
    return other > rank if is_before else other < rank


def same_carers(order: OrderFacts, past: Iterable[tuple[UUID, OrderFacts]]) -> Iterator[UUID]:
    """Yield who goes to the elder for another order, where that one or this one asks for the same person."""
    for who, other in past:
        single = other.institution_id == order.institution_id and other.staff_count == order.staff_count == 1
        is_other_visit = other.person_id == order.person_id and other.id != order.id
        if is_other_visit and single and (other.same_staff or order.same_staff):
            yield who


def _rank_of(busy: Busy, precaution: Precaution) -> int:
    return max(RANKS[precaution], RANKS[Precaution.none]) if busy.is_handover else RANKS[precaution]
