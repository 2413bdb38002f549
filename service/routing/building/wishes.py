"""Whom the elder's side wishes for and whom not, who lives too far away, and whom the plan before promised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.core.geo import Point, geodesic_metres
from service.orders.rules import OrderFacts
from service.routing.building.facts import DayFacts
from service.routing.building.staffing import Segment, station_of

Rows = Mapping[UUID, frozenset[int]]
"""The positions of a practitioner's segments."""


@dataclass(frozen=True, slots=True)
class Who:
    """Positions of segments: None = no wish, anybody, nothing promised."""

    preferred: frozenset[int] | None = None
    forbidden: frozenset[int] = frozenset()
    allowed: frozenset[int] | None = None
    promised: frozenset[int] | None = None


def who_of(facts: DayFacts, order: OrderFacts, segments: Sequence[Segment], rows: Rows) -> Who:
    """Return who should, may and must not come to an order.

    A person asked for by name is preferred to those who speak the elder's language; one who is not on duty is no wish.
    """
    return Who(
        preferred=_named(order, rows) or _speakers(facts, order, segments),
        forbidden=frozenset().union(*(rows.get(each, frozenset()) for each in order.excluded_practitioner_ids)),
        allowed=_near(facts, order, segments),
        promised=_promised(facts, order, rows),
    )


def _named(order: OrderFacts, rows: Rows) -> frozenset[int] | None:
    return rows.get(order.preferred_practitioner_id) if order.preferred_practitioner_id is not None else None


def _speakers(facts: DayFacts, order: OrderFacts, segments: Sequence[Segment]) -> frozenset[int] | None:
    language = facts.care_of(order.person_id).language
    found = frozenset(at for at, each in enumerate(segments) if language in each.staff.languages)
    return found or None


def _near(facts: DayFacts, order: OrderFacts, segments: Sequence[Segment]) -> frozenset[int] | None:
    radius = facts.policy(order.institution_id).radius_km * 1000
    if not radius:
        return None
    home = Point(facts.homes[order.home_id].lon, facts.homes[order.home_id].lat)
    return frozenset(at for at, each in enumerate(segments) if geodesic_metres(home, station_of(each.staff)) <= radius)


def _promised(facts: DayFacts, order: OrderFacts, rows: Rows) -> frozenset[int] | None:
    promise = facts.promised.get(order.id)
    told = promise.practitioner_ids if promise is not None else ()
    return frozenset().union(*(rows.get(each, frozenset()) for each in told)) or None
