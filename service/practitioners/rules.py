"""The words of practitioners, and what a person may do on a day: skills, licence, shift."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from service.core import dates
from service.core.geo import Point, TravelMode
from service.patients.rules import Sex
from service.practitioners import errors

LONGEST_SHIFT: Final = timedelta(hours=16)


class PractitionerRole(StrEnum):
    """What somebody is licensed as; a service asks for it as the skill `role:<role>`."""

    doctor = "doctor"
    village_doctor = "village_doctor"
    nurse = "nurse"
    therapist = "therapist"
    pharmacist = "pharmacist"


class Title(StrEnum):
    """专业技术职称, ascending: none, 士, 师, 主管/主治, 副高, 正高."""

    none = "none"
    assistant = "assistant"
    junior = "junior"
    intermediate = "intermediate"
    associate = "associate"
    senior = "senior"


class QualificationKind(StrEnum):
    """A licence to practise, or a skill certified beyond it."""

    licence = "licence"
    skill = "skill"


class Travels(StrEnum):
    """How a practitioner gets about: `shared` (共用车辆) has no vehicle of his own, walks, or rides with others."""

    walk = "walk"
    bike = "bike"
    ebike = "ebike"
    car = "car"
    shared = "shared"

    @property
    def on_his_own(self) -> TravelMode:
        """How he travels where no shared vehicle takes him."""
        return TravelMode.walk if self is Travels.shared else TravelMode(self.value)


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    """A shared vehicle as it stands at its station (WGS-84): `seats` beside the driver's; when on a day it may be away;
    out of service from `out_from` to `out_to`, both included (None = not, or open).
    """

    id: UUID
    institution_id: UUID
    plate_no: str
    seats: int
    lon: float
    lat: float
    away_from: time
    away_to: time
    out_from: date | None
    out_to: date | None

    def serves_on(self, on: date) -> bool:
        """Return whether it is in service on a day."""
        if self.out_from is None:
            return True
        return on < self.out_from or (self.out_to is not None and on > self.out_to)


@dataclass(frozen=True, slots=True)
class PractitionerFacts:
    """What other rooms may know of a practitioner. `start_place` and `end_place` are his own (home), None = the
    station; only he himself and whoever sets them see them. `carries`: units of supplies in a shift, None = any.
    """

    id: UUID
    institution_id: UUID
    name: str
    role: PractitionerRole
    station_id: UUID
    staff_no: str
    sex: Sex
    title: Title
    travel_mode: Travels
    active: bool
    account_id: UUID | None
    pace_percent: int = 100
    languages: tuple[str, ...] = ()
    team: str | None = None
    grids: tuple[str, ...] = ()
    start_place: Point | None = None
    end_place: Point | None = None
    carries: int | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """A family-doctor team (家庭医生团队): a code within its institution."""

    institution_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """A licence to practise, in force from … to (both days included)."""

    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class QualificationFacts:
    """A licence or a skill of one practitioner, in force from … to (both days included)."""

    id: UUID
    practitioner_id: UUID
    kind: QualificationKind
    code: str
    certificate_no: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """A working span [start, end) of its `service_on`; a break of `lunch_minutes` lies within its lunch window.

    With `lunch_at_station` the break is had there and nowhere else.
    """

    id: UUID
    practitioner_id: UUID
    service_on: date
    start: datetime
    end: datetime
    lunch_from: datetime | None
    lunch_to: datetime | None
    lunch_minutes: int
    lunch_at_station: bool = False


@dataclass(frozen=True, slots=True)
class StaffDay:
    """One member of staff on one day: station (`lon`, `lat`, WGS-84), how he travels, what he may do, when he works.

    Who works several times on it has one for each; `away_after`: an absence begins at the end. A service takes him
    `pace_percent` of its minutes. `grids` are those that he looks after. Who `rides` shares vehicles. He starts from
    `start_place` and goes back to `end_place`, both private, None = the station; and carries `carries` units.
    """

    practitioner_id: UUID
    institution_id: UUID
    name: str
    role: PractitionerRole
    sex: Sex
    skills: frozenset[str]
    licensed: bool
    lon: float
    lat: float
    travel_mode: TravelMode
    shift_start: datetime
    shift_end: datetime
    lunch_from: datetime | None
    lunch_to: datetime | None
    lunch_minutes: int
    lunch_at_station: bool = False
    pace_percent: int = 100
    languages: frozenset[str] = frozenset()
    away_after: bool = False
    team: Team | None = None
    grids: frozenset[str] = frozenset()
    rides: bool = False
    start_place: Point | None = None
    end_place: Point | None = None
    carries: int | None = None


def team_of(person: PractitionerFacts) -> Team | None:
    """Return the family-doctor team that a practitioner belongs to, None when he belongs to none."""
    return Team(person.institution_id, person.team) if person.team is not None else None


def is_licensed(qualifications: Iterable[QualificationFacts], on: date) -> bool:
    """Return whether a licence to practise is in force on a day."""
    return any(each.kind is QualificationKind.licence for each in dates.in_force(qualifications, on))


def certificates_on(qualifications: Iterable[QualificationFacts], practitioner_id: UUID, on: date) -> tuple[str, ...]:
    """Return the numbers of a person's certificates in force on a day, in order, for whoever checks them."""
    in_force = dates.in_force(qualifications, on)
    return tuple(sorted({each.certificate_no for each in in_force if each.practitioner_id == practitioner_id}))


def skills_on(
    role: PractitionerRole, title: Title, qualifications: Iterable[QualificationFacts], on: date
) -> frozenset[str]:
    """Return what a service may ask of the person on a day.

    The skills in force, `role:<role>`, and `title:<title>` for his own title and every lower one, so that a service
    that asks for `title:junior` (护师以上) is open to everyone from there up.
    """
    skills = {each.code for each in dates.in_force(qualifications, on) if each.kind is QualificationKind.skill}
    grades = tuple(Title)
    reached = {f"title:{grade}" for grade in grades[1 : grades.index(title) + 1]}
    return frozenset(skills | reached | {f"role:{role}"})


def staff_day(
    person: PractitionerFacts,
    shift: ShiftFacts,
    qualifications: Sequence[QualificationFacts],
    *,
    lon: float,
    lat: float,
    away_after: bool = False,
) -> StaffDay:
    """Return a person's day of work from his station (`lon`, `lat`), with what he may do on that day."""
    return StaffDay(
        practitioner_id=person.id,
        institution_id=person.institution_id,
        name=person.name,
        role=person.role,
        sex=person.sex,
        skills=skills_on(person.role, person.title, qualifications, shift.service_on),
        licensed=is_licensed(qualifications, shift.service_on),
        lon=lon,
        lat=lat,
        travel_mode=person.travel_mode.on_his_own,
        shift_start=shift.start,
        shift_end=shift.end,
        lunch_from=shift.lunch_from,
        lunch_to=shift.lunch_to,
        lunch_minutes=shift.lunch_minutes,
        lunch_at_station=shift.lunch_at_station,
        pace_percent=person.pace_percent,
        languages=frozenset(person.languages),
        away_after=away_after,
        team=team_of(person),
        grids=frozenset(person.grids),
        rides=person.travel_mode is Travels.shared,
        carries=person.carries,
    )


def at_own_places(person: PractitionerFacts, parts: Sequence[StaffDay]) -> list[StaffDay]:
    """Return a person's parts of a day, in the order of time, the first from his own place and the last back to it.

    Between them he is at the station. Who shares vehicles is fetched and brought back there: tours are shown to all.
    """
    found = list(parts)
    if found and person.travel_mode is not Travels.shared:
        found[0] = replace(found[0], start_place=person.start_place)
        found[-1] = replace(found[-1], end_place=person.end_place)
    return found


def refuse_impossible_shift(
    start: datetime, end: datetime, lunch: tuple[datetime, datetime] | None, lunch_minutes: int
) -> None:
    """Refuse a shift that ends before it starts or is too long, and a lunch break that does not fit into it.

    Raises:
        ShiftImpossible: it ends before it starts, or lasts longer than 16 hours.
        LunchImpossible: the window lies outside the shift, or is shorter than the break.
    """
    if not timedelta(0) < end - start <= LONGEST_SHIFT:
        raise errors.ShiftImpossible(hours=LONGEST_SHIFT // timedelta(hours=1))
    if lunch is None:
        if lunch_minutes:
            raise errors.LunchImpossible
        return
    opens, closes = lunch
    if not (start <= opens and closes <= end and timedelta(0) < timedelta(minutes=lunch_minutes) <= closes - opens):
        raise errors.LunchImpossible


def refuse_impossible_hours(away_from: time, away_to: time) -> None:
    """Refuse a vehicle that would have to be back before it may leave.

    Raises:
        VehicleHoursImpossible: it would.
    """
    if away_to <= away_from:
        raise errors.VehicleHoursImpossible


def refuse_impossible_outage(out_from: date | None, out_to: date | None) -> None:
    """Refuse a time out of service that ends before it begins, or ends without beginning.

    Raises:
        VehicleOutageImpossible: it does.
    """
    if out_to is not None and (out_from is None or out_to < out_from):
        raise errors.VehicleOutageImpossible


def refuse_begun(start: datetime, now: datetime) -> None:
    """Refuse to change a shift that has begun.

    Raises:
        ShiftBegun: it has.
    """
    if start <= now:
        raise errors.ShiftBegun


def refuse_end_before_start(valid_from: date, valid_to: date | None) -> None:
    """Refuse a qualification that would end before it starts.

    Raises:
        QualificationImpossible: it would.
    """
    if valid_to is not None and valid_to < valid_from:
        raise errors.QualificationImpossible(valid_from=valid_from, valid_to=valid_to)
