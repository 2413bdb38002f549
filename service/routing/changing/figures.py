"""A plan in figures that dispatchers argue with: ways, punctuality, continuity, fairness; and two plans compared."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Visited:
    """One member of a crew at one order's door."""

    order_id: UUID
    practitioner_id: UUID
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Worked:
    """The sums of one person's route."""

    practitioner_id: UUID
    travel_metres: int
    travel_seconds: int
    service_seconds: int

    @property
    def work_seconds(self) -> int:
        """Travel and service together."""
        return self.travel_seconds + self.service_seconds


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the greatest and the mean of what each of those sent out has, in seconds."""

    least: int
    greatest: int
    mean: int


@dataclass(frozen=True, slots=True)
class Share:
    """`kept` of `of`; nothing of nothing where there was nothing to keep."""

    kept: int
    of: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a plan comes to."""

    travel_metres: int
    travel_seconds: int
    service_seconds: int
    on_time: Share
    wished: Share
    familiar: Share
    work: Spread
    travel: Spread
    unassigned: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the orders: the spans each was wished in, whom the elder wished for, who came last time."""

    windows: Mapping[UUID, Sequence[tuple[datetime, datetime]]]
    wishes: Mapping[UUID, UUID]
    last: Mapping[UUID, UUID]


def figures(visits: Iterable[Visited], people: Sequence[Worked], known: Known, reasons: Iterable[str]) -> Figures:
    """Return a plan's figures. On time is a visit that begins within a wished span; the share of the wished person
    counts orders that wish for somebody, that of the familiar one orders of elders who have been visited before.
    """
    given = list(visits)
    crews, starts = crews_of(given), starts_of(given)
    punctual = [order for order in starts if order in known.windows]
    return Figures(
        travel_metres=sum(each.travel_metres for each in people),
        travel_seconds=sum(each.travel_seconds for each in people),
        service_seconds=sum(each.service_seconds for each in people),
        on_time=Share(
            sum(any(start <= starts[order] <= end for start, end in known.windows[order]) for order in punctual),
            len(punctual),
        ),
        wished=_kept(crews, known.wishes),
        familiar=_kept(crews, known.last),
        work=_spread([each.work_seconds for each in people]),
        travel=_spread([each.travel_seconds for each in people]),
        unassigned=dict(sorted(Counter(reasons).items())),
    )


def _kept(crews: Mapping[UUID, frozenset[UUID]], wanted: Mapping[UUID, UUID]) -> Share:
    asked = [order for order in crews if order in wanted]
    return Share(sum(wanted[order] in crews[order] for order in asked), len(asked))


def _spread(values: Sequence[int]) -> Spread:
    return Spread(min(values, default=0), max(values, default=0), sum(values) // max(1, len(values)))


def crews_of(visits: Iterable[Visited]) -> dict[UUID, frozenset[UUID]]:
    """Return who comes for each order."""
    found: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for each in visits:
        found[each.order_id].add(each.practitioner_id)
    return {order: frozenset(crew) for order, crew in found.items()}


def starts_of(visits: Iterable[Visited]) -> dict[UUID, datetime]:
    """Return when each order begins."""
    found: dict[UUID, datetime] = {}
    for each in visits:
        found[each.order_id] = min(each.start, found.get(each.order_id, each.start))
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """An order that two plans treat otherwise; nobody and no start where a plan leaves it out."""

    order_id: UUID
    before: frozenset[UUID]
    after: frozenset[UUID]
    start_before: datetime | None
    start_after: datetime | None

    @property
    def minutes(self) -> int | None:
        """By how many minutes it begins later (earlier: negative); None where one of the plans leaves it out."""
        if self.start_before is None or self.start_after is None:
            return None
        return round((self.start_after - self.start_before).total_seconds() / 60)


def compare(before: Iterable[Visited], after: Iterable[Visited]) -> list[Difference]:
    """Return the orders that have another crew or another start in a second plan, or are in only one of the two."""
    one, other = list(before), list(after)
    crews, starts, nobody = (crews_of(one), crews_of(other)), (starts_of(one), starts_of(other)), frozenset[UUID]()
    return [
        Difference(
            order, crews[0].get(order, nobody), crews[1].get(order, nobody), starts[0].get(order), starts[1].get(order)
        )
        for order in sorted(crews[0].keys() | crews[1].keys())
        if crews[0].get(order) != crews[1].get(order) or starts[0].get(order) != starts[1].get(order)
    ]
