"""The words of institutions (kinds, service modes, facts) and when a service mode may be registered and used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from service.core import dates
from service.institutions import errors
from service.institutions.rules.setting_kinds import Setting
from service.institutions.rules.settings import SETTINGS

T = TypeVar("T")

__all__ = ["SETTINGS", "Setting"]


class InstitutionKind(StrEnum):
    """What sort of institution it is (R004)."""

    community_health_centre = "community_health_centre"
    """社区卫生服务中心"""
    township_health_centre = "township_health_centre"
    """乡镇卫生院"""
    village_clinic = "village_clinic"
    """村卫生室"""
    hospital = "hospital"
    """医院"""
    nursing_hospital = "nursing_hospital"
    """护理院"""
    nursing_centre = "nursing_centre"
    """护理中心"""
    rehab_hospital = "rehab_hospital"
    """康复医院"""
    rehab_centre = "rehab_centre"
    """康复医疗中心"""
    hospice_centre = "hospice_centre"
    """安宁疗护中心"""
    care_institution = "care_institution"
    """养老机构: no medical institution; elders live there"""


class InstitutionLevel(StrEnum):
    """等级 of a medical institution: which of the region's price books holds where its own has no row."""

    primary = "primary"
    """一级"""
    secondary = "secondary"
    """二级"""
    tertiary = "tertiary"
    """三级"""


FROM_THE_BEGINNING: Final = date(1900, 1, 1)
"""Since when the first level that was ever said of an institution holds."""


class ServiceMode(StrEnum):
    """服务方式 that a licence must name before staff go out."""

    round = "round"
    """巡诊"""
    home_bed = "home_bed"
    """家庭病床"""


class SettingSource(StrEnum):
    """Whose row a setting's value comes from."""

    institution = "institution"
    region = "region"
    default = "default"


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """A region (统筹区)."""

    id: UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class DistrictFacts:
    """A district (县/区) of a region."""

    id: UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class InstitutionFacts:
    """An institution; coordinates WGS-84, licence None for a plain care institution."""

    id: UUID
    code: str
    name: str
    kind: InstitutionKind
    lon: float
    lat: float
    licence_no: str | None
    licence_from: date | None
    licence_to: date | None
    district_id: UUID
    address: str
    published_phone: str | None

    def licensed_on(self, on: date) -> bool:
        """Return whether its 医疗机构执业许可证 is in force on a day."""
        if self.licence_from is None:
            return False
        return self.licence_from <= on and (self.licence_to is None or on <= self.licence_to)


@dataclass(frozen=True, slots=True)
class StationFacts:
    """Where staff start and end; WGS-84."""

    id: UUID
    institution_id: UUID
    code: str
    name: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class ModeFacts:
    """A registration of a service mode; both days included, `valid_to` None = open."""

    id: UUID
    institution_id: UUID
    mode: ServiceMode
    registration_no: str
    valid_from: date
    valid_to: date | None


LTCI_PLAN: Final = "LTCI"
"""The plan code of long-term care insurance (长期护理保险) among designations."""


@dataclass(frozen=True, slots=True)
class DesignationFacts:
    """An insurance that pays at an institution (定点); both days included, `valid_to` None = open."""

    id: UUID
    institution_id: UUID
    plan_code: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class LevelFacts:
    """The level of an institution on some days, both included; `level` None = it has none, `valid_to` None = open."""

    id: UUID
    institution_id: UUID
    level: InstitutionLevel | None
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class QualifiedFacts:
    """An institution that may serve at home on a day, and in which modes (R006)."""

    institution: InstitutionFacts
    district: DistrictFacts
    modes: tuple[ModeFacts, ...]


@dataclass(frozen=True, slots=True)
class SettingFacts:
    """A dated value of a setting; `institution_id` None = the region's."""

    id: UUID
    institution_id: UUID | None
    key: str
    value: object
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class SettingsOn:
    """The settings of one institution (or the region) on one day: ask it for any setting, without another query."""

    rows: Mapping[str, SettingFacts] = field(default_factory=dict)

    def of(self, setting: Setting[T]) -> T:
        """Return the value in force, the default when nobody set one."""
        row = self.rows.get(setting.key)
        return setting.default if row is None else setting.read(row.value)

    def source(self, setting: Setting[T]) -> SettingSource:
        """Return whose value is in force."""
        row = self.rows.get(setting.key)
        if row is None:
            return SettingSource.default
        return SettingSource.region if row.institution_id is None else SettingSource.institution


def settings_on(rows: Iterable[SettingFacts], on: date) -> SettingsOn:
    """Return what is in force on a day: an institution's row goes before the region's."""
    current = dates.in_force(rows, on)
    # the institution's come last, so they stay
    return SettingsOn({row.key: row for row in sorted(current, key=lambda row: row.institution_id is not None)})


def modes_in_force(institution: InstitutionFacts, modes: Iterable[ModeFacts], on: date) -> tuple[ModeFacts, ...]:
    """Return the registrations under which an institution's staff may go out on a day; none without a licence."""
    if not institution.licensed_on(on):
        return ()
    return tuple(row for row in dates.in_force(modes, on) if row.institution_id == institution.id)


def may_serve(institution: InstitutionFacts, modes: Iterable[ModeFacts], mode: ServiceMode, on: date) -> bool:
    """Return whether staff may go out in `mode` on a day: it is registered, and the licence is in force (R005)."""
    return any(row.mode is mode for row in modes_in_force(institution, modes, on))


def refuse_registration(institution: InstitutionFacts, valid_from: date) -> None:
    """Refuse to register a service mode for one who may not go out at all.

    Raises:
        CareInstitutionOnly: a plain care institution.
        LicenceMissing: no licence is in force on the first day.
    """
    if institution.kind is InstitutionKind.care_institution:
        raise errors.CareInstitutionOnly
    if not institution.licensed_on(valid_from):
        raise errors.LicenceMissing(valid_from=valid_from)


def refuse_reversed(valid_from: date, valid_to: date | None) -> None:
    """Refuse a period that ends before it starts.

    Raises:
        PeriodReversed: it does.
    """
    if valid_to is not None and valid_to < valid_from:
        raise errors.PeriodReversed(valid_from=valid_from, valid_to=valid_to)


def closing_day(running: dates.Dated, new_from: date, new_to: date | None) -> date | None:
    """Return the last day that a running row keeps when a new one begins, None when it must not be touched.

    Only a row without an end gives way, and only to one without an end that begins later.
    """
    gives_way = new_to is None and running.valid_to is None and running.valid_from < new_from
    return new_from - timedelta(days=1) if gives_way else None


def refuse_rewriting(row: SettingFacts, *, value: object, valid_to: date | None, today: date) -> None:
    """Refuse a change of a value that would alter a day gone by.

    Raises:
        PeriodReversed: the row would end before it starts.
        PastFixed: the value held already, or the row would end, or would have gone on, on a day before today.
    """
    refuse_reversed(row.valid_from, valid_to)
    begun = row.valid_from < today
    if begun and value != row.value:
        raise errors.PastFixed(valid_from=row.valid_from)
    if valid_to != row.valid_to and any(
        end is not None and end < today - timedelta(days=1) for end in (valid_to, row.valid_to)
    ):
        raise errors.PastFixed(valid_from=row.valid_from)
