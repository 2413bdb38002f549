"""The words of patients, and who may be served at home, who goes first, and what a relation to a person allows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from service.patients import errors
from service.patients.placing_rules import Placing

OLD_AGE: Final = 65
PERSON_AWAY: Final = "person.away"
"""News: a death or a stay in hospital was written down, or the days of one changed (subject: the person)."""


class Sex(StrEnum):
    """As on the identity card."""

    female = "female"
    male = "male"


class Right(StrEnum):
    """What one may do for a person."""

    view = "view"
    book = "book"
    pay = "pay"
    grant = "grant"


class RelationKind(StrEnum):
    """Why somebody may see a person at all."""

    institution = "institution"
    self_ = "self"
    proxy = "proxy"


class Kinship(StrEnum):
    """What a proxy is to the elder: the kinds of GB/T 4761 that matter here, and people who are no kin."""

    spouse = "spouse"
    child = "child"
    child_in_law = "child_in_law"
    grandchild = "grandchild"
    parent = "parent"
    sibling = "sibling"
    other_relative = "other_relative"
    guardian = "guardian"
    care_worker = "care_worker"
    acquaintance = "acquaintance"


CARERS: Final = frozenset(Kinship) - {Kinship.acquaintance}
"""Proxies who count as carers (照护者): family, guardian, care worker; not a neighbour who books by phone (R131)."""


class KeyGroup(StrEnum):
    """重点人群; each kind opens service at home or moves a person forward (or both)."""

    disabled = "disabled"
    semi_disabled = "semi_disabled"
    dementia = "dementia"
    chronic = "chronic"
    advanced_age = "advanced_age"
    disability = "disability"
    severe_illness = "severe_illness"
    special_family = "special_family"
    low_income = "low_income"


SERVED_AT_HOME: Final = frozenset(
    {KeyGroup.disabled, KeyGroup.dementia, KeyGroup.chronic, KeyGroup.advanced_age, KeyGroup.disability}
)
"""失能(含失智)、慢性病、高龄、残疾 (R001)."""
PRIORITY_POINTS: Final[Mapping[KeyGroup, int]] = {
    KeyGroup.advanced_age: 300,
    KeyGroup.severe_illness: 250,
    KeyGroup.disabled: 200,
    KeyGroup.dementia: 200,
    KeyGroup.semi_disabled: 100,
    KeyGroup.special_family: 50,
    KeyGroup.low_income: 10,
}
"""高龄、重病、失能(含失智)、半失能、计生特殊家庭, in the order of the policy (R015); poverty is the least."""
OLD_AGE_POINTS: Final = 50
OVER_RESIDENTS: Final = frozenset({Right.view, Right.book})
"""What the staff of a care home may do for those who live there: neither pay nor let others act for them."""


MOST_EXCLUDED: Final = 20
"""So many practitioners at most are not to come to one person; an order may exclude as many."""


class Precaution(StrEnum):
    """What a visit must be careful of: the person catches easily (免疫力低下), or others catch from him (传染期)."""

    none = "none"
    immunocompromised = "immunocompromised"
    infectious = "infectious"


@dataclass(frozen=True, slots=True)
class CareFacts:
    """What whoever is sent to a person must be: careful of what, and speaking which language (None = any).

    With `language_required` nobody else is sent; else it is a wish. Of `excluded_practitioner_ids` nobody is ever sent.
    """

    precaution: Precaution = Precaution.none
    language: str | None = None
    language_required: bool = False
    excluded_practitioner_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What other rooms may know of a person."""

    id: UUID
    name: str
    sex: Sex
    born_on: date
    home_id: UUID | None
    deceased_on: date | None


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """A home: WGS-84 degrees; `care_institution_id` where it is a care institution's house (养老机构).

    `entry_minutes`: what gate, porter and parking take beyond the usual. `grid`: the one in which it lies (网格).
    """

    id: UUID
    lon: float
    lat: float
    floor: int
    has_lift: bool
    care_institution_id: UUID | None
    placing: Placing = Placing.pinned
    entry_minutes: int = 0
    grid: str | None = None


@dataclass(frozen=True, slots=True)
class CoverageFacts:
    """A person's medical insurance: the region's plan, in force from … to (both days included)."""

    id: UUID
    plan_code: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class KeyGroupFacts:
    """A key group a person belongs to from … to (both days included)."""

    id: UUID
    person_id: UUID
    key_group: KeyGroup
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class RelationFacts:
    """Why somebody may see and act for a person: half-open in time, `valid_to` None = until revoked."""

    id: UUID
    person_id: UUID
    kind: RelationKind
    institution_id: UUID | None
    account_id: UUID | None
    kinship: Kinship | None
    rights: frozenset[Right]
    valid_from: datetime | None
    valid_to: datetime | None
    because: str


@dataclass(frozen=True, slots=True)
class ActsFor:
    """A person whom an account may act for, and how far."""

    person_id: UUID
    name: str
    kind: RelationKind
    relation: Kinship | None
    rights: frozenset[Right]
    valid_to: datetime | None


def may_be_served_at_home(groups: Iterable[KeyGroup]) -> bool:
    """Return whether one of the person's key groups opens booking of services at home. Source: R001."""
    return not SERVED_AT_HOME.isdisjoint(groups)


def priority_of(groups: Iterable[KeyGroup], age: int) -> int:
    """Return a person's priority: points of 65+ and of each group added up; 0 = nobody waits for him. Source: R015."""
    return sum(PRIORITY_POINTS.get(each, 0) for each in set(groups)) + (OLD_AGE_POINTS if age >= OLD_AGE else 0)


def age_on(born_on: date, on: date) -> int:
    """Return the age in completed years (周岁) on a day."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def floors_on_foot(floor: int, has_lift: bool) -> int:
    """Return how many flights of stairs lead to a home's door: none with a lift; the ground floor is 1."""
    return 0 if has_lift else floor - 1


def rights_of(relations: Iterable[RelationFacts]) -> frozenset[Right]:
    """Return what relations allow together: an account's its own rights, an institution's view and book."""
    allowed: set[Right] = set()
    for each in relations:
        allowed |= {Right.view, Right.book} if each.kind is RelationKind.institution else each.rights
    return frozenset(allowed)


def granted(rights: Iterable[Right]) -> frozenset[Right]:
    """Return the rights that a grant gives: nobody books or pays for what he may not see."""
    return frozenset(rights) | {Right.view}


def refuse_end_before_start(valid_from: date, valid_to: date | None) -> None:
    """Refuse a period that would end before it starts.

    Raises:
        EndsBeforeStart: it would.
    """
    if valid_to is not None and valid_to < valid_from:
        raise errors.EndsBeforeStart(valid_from=valid_from, valid_to=valid_to)


def refuse_impossible_death(born_on: date, deceased_on: date, today: date) -> None:
    """Refuse a day of death before birth or in the future.

    Raises:
        DeathImpossible: it is.
    """
    if not born_on <= deceased_on <= today:
        raise errors.DeathImpossible(deceased_on=deceased_on)


def refuse_deceased(person: PersonFacts) -> None:
    """Refuse to give anybody new rights over a person who has died.

    Raises:
        PersonDeceased: he has.
    """
    if person.deceased_on is not None:
        raise errors.PersonDeceased(deceased_on=person.deceased_on)


def sorted_rights(rights: Iterable[Right]) -> list[Right]:
    """Return rights in the order in which they are read out: view, book, pay, grant."""
    order: Sequence[Right] = tuple(Right)
    return sorted(set(rights), key=order.index)
