"""What a bulk load brings of homes and people, and in what it differs from what is there. A blank says nothing."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.core import places
from service.patients.numbers import IdNumber
from service.patients.rules import KeyGroup, Precaution


@dataclass(frozen=True, slots=True)
class HomeDraft:
    """A home as an institution's list has it; `place` None = look the address up, `grid` None = it does not say."""

    institution_id: UUID
    home_no: str
    address: str
    place: places.Place | None
    floor: int
    has_lift: bool
    care_institution_id: UUID | None
    grid: str | None = None


@dataclass(frozen=True, slots=True)
class HomeStands:
    """A home as it stands; coordinates WGS-84."""

    address: str
    lon: float | None
    lat: float | None
    floor: int
    has_lift: bool
    care_institution_id: UUID | None
    grid: str | None


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """A person as an institution's list has him: `phone` E.164; in the groups from `groups_from` on, insured likewise.

    `institution_id` is the one that cares for him. Of `language`, `language_required` and
    `precaution` None says nothing.
    """

    institution_id: UUID
    number: IdNumber
    name: str
    phone: str | None
    home_id: UUID | None
    groups: frozenset[KeyGroup]
    groups_from: date
    plan_code: str | None
    plan_from: date
    language: str | None = None
    language_required: bool | None = None
    precaution: Precaution | None = None


@dataclass(frozen=True, slots=True)
class PersonStands:
    """A person as he stands; groups and insurance of the day from which the draft's would be."""

    name: str
    phone_index: bytes | None
    home_id: UUID | None
    cared_for: bool
    groups: frozenset[KeyGroup]
    plan_code: str | None
    language: str | None
    language_required: bool
    precaution: str


def home_differs(draft: HomeDraft, stands: HomeStands) -> tuple[str, ...]:
    """Return the fields in which a home's draft says something else."""
    point = draft.place.point() if draft.place else None
    differs = {
        "address": draft.address != stands.address,
        "place": point is not None and (point.lon, point.lat) != (stands.lon, stands.lat),
        "floor": draft.floor != stands.floor,
        "has_lift": draft.has_lift != stands.has_lift,
        "care_institution": draft.care_institution_id != stands.care_institution_id,
        "grid": draft.grid is not None and draft.grid != stands.grid,
    }
    return tuple(field for field, is_so in differs.items() if is_so)


def person_differs(draft: PersonDraft, stands: PersonStands, phone_index: bytes | None) -> tuple[str, ...]:
    """Return the fields in which a person's draft says something else; `phone_index` is the draft's phone's."""
    differs = {
        "name": draft.name != stands.name,
        "phone": phone_index is not None and phone_index != stands.phone_index,
        "home_no": draft.home_id is not None and draft.home_id != stands.home_id,
        "institution": not stands.cared_for,
        "key_groups": not draft.groups <= stands.groups,
        "plan": draft.plan_code is not None and draft.plan_code != stands.plan_code,
        "language": draft.language is not None and draft.language != stands.language,
        "language_required": draft.language_required is not None
        and draft.language_required != stands.language_required,
        "precaution": draft.precaution is not None and draft.precaution != stands.precaution,
    }
    return tuple(field for field, is_so in differs.items() if is_so)
