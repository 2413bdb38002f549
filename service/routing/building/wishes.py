"""Whom the elder's side wishes for and why, whom not, who lives too far away, and whom the plan before promised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from service.catalog.rules import ItemFacts
from service.core.geo import Point, geodesic_metres
from service.orders.rules import OrderFacts
from service.routing.building import overflow
from service.routing.building.facts import DayFacts
from service.routing.building.staffing import Segment, station_of

Rows = Mapping[UUID, frozenset[int]]
"""The positions of a practitioner's segments."""


class Wish(StrEnum):
    """Whose wish it is that certain people come; the first that somebody on duty meets counts."""

    named = "named"
    language = "language"
    familiar = "familiar"
    sex = "sex"
    team = "team"
    grid = "grid"


SENTENCES: Final[Mapping[Wish, str]] = MappingProxyType(
    {
        Wish.named: "是居民指定的人员",
        Wish.language: "会说居民使用的语言",
        Wish.familiar: "是老人熟悉的人员（上一次来的就是此人）",
        Wish.sex: "是居民希望的性别",
        Wish.team: "属于居民签约的家庭医生团队",
        Wish.grid: "负责居民住址所在的网格",
    }
)
"""What dispatchers read of whoever is sent because of it."""


@dataclass(frozen=True, slots=True)
class Who:
    """Positions of segments: None = no wish, anybody, nothing promised; `wish` says why some are preferred."""

    preferred: frozenset[int] | None = None
    forbidden: frozenset[int] = frozenset()
    allowed: frozenset[int] | None = None
    promised: frozenset[int] | None = None
    wish: Wish | None = None


def who_of(facts: DayFacts, order: OrderFacts, segments: Sequence[Segment], rows: Rows) -> Who:
    """Return who should, may and must not come to an order.

    A person asked for by name is preferred to whoever came last, if he speaks the elder's language; these to all who
    speak it. Then come those of the sex that the order wishes for without its being a must, of them first whoever came
    last; then whoever came last at all, the team of the family doctor, and those who look after the grid of the home.
    Who is not on duty or must not come is no wish.

    Nobody comes whom the order excludes, or the elder's side for good.

    On days on which institutions help each other out, forbidding has a price: it falls on the neighbours' staff, and
    who must not come at all is not among those who may.
    """
    out = (*order.excluded_practitioner_ids, *facts.care_of(order.person_id).excluded_practitioner_ids)
    excluded = frozenset[int]().union(*(rows.get(each, frozenset()) for each in out))
    wish, preferred = _wished(facts, order, segments, rows, excluded)
    allowed = _near(facts, order, segments)
    if facts.agreements and excluded:
        allowed = (frozenset(range(len(segments))) if allowed is None else allowed) - excluded
    return Who(
        preferred=preferred,
        forbidden=overflow.helpers(facts.agreements, order, segments) if facts.agreements else excluded,
        allowed=allowed,
        promised=_promised(facts, order, rows),
        wish=wish,
    )


def _wished(
    facts: DayFacts, order: OrderFacts, segments: Sequence[Segment], rows: Rows, excluded: frozenset[int]
) -> tuple[Wish | None, frozenset[int] | None]:
    language, team = facts.care_of(order.person_id).language, facts.teams.get(order.person_id)
    grid = facts.homes[order.home_id].grid
    sex = None if order.staff_sex_required else order.staff_sex
    # a visit is made by the staff of the institution that it was ordered from: another's teams cannot come
    at_home = team is not None or grid is not None
    own = [
        (at, each.staff)
        for at, each in enumerate(segments if at_home else ())
        if each.staff.institution_id == order.institution_id
    ]
    speakers = {at for at, each in enumerate(segments if language else ()) if language in each.staff.languages}
    same = {at for at, each in enumerate(segments if sex else ()) if each.staff.sex is sex}
    familiar = _familiar(facts, order, segments, rows)
    found = (
        (Wish.named, _named(order, rows)),
        (Wish.familiar, familiar & speakers),
        (Wish.language, speakers),
        (Wish.familiar, familiar & same),
        (Wish.sex, same),
        (Wish.familiar, familiar),
        (Wish.team, {at for at, staff in own if team is not None and staff.team == team}),
        (Wish.grid, {at for at, staff in own if grid in staff.grids}),
    )
    return next(((wish, frozenset(wished - excluded)) for wish, wished in found if wished - excluded), (None, None))


def _familiar(facts: DayFacts, order: OrderFacts, segments: Sequence[Segment], rows: Rows) -> frozenset[int]:
    """Return whoever came to the elder last and has the skills for this order: the doctor who came last is not wished
    for where a nurse is to come.
    """
    last = facts.last.get(order.person_id)
    if last is None:
        return frozenset()
    asked = [facts.items[code] for code, _ in order.items]
    return frozenset(
        at for at in rows.get(last, frozenset()) if all(_is_able(segments[at].staff.skills, each) for each in asked)
    )


def _is_able(skills: frozenset[str], item: ItemFacts) -> bool:
    return item.skills <= skills and not (item.any_skills and item.any_skills.isdisjoint(skills))


def _named(order: OrderFacts, rows: Rows) -> frozenset[int]:
    named = order.preferred_practitioner_id
    return rows.get(named, frozenset()) if named is not None else frozenset()


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
