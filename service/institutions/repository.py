"""Every query of institutions, and which refusal each constraint stands for."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import refusals
from service.core.db.asked_once import asked_once
from service.core.db.questions import Question
from service.core.paging import PageRequest
from service.institutions import errors, facts, rules
from service.institutions.models import District, Institution, Region, ServiceMode, SettingRow, Station

INSTITUTION: Final[Question[rules.InstitutionFacts | None]] = Question(
    Institution,
    "institutions where region_id = :region_id and id = :institution_id",
    lambda rows: next(map(facts.institution, rows), None),
)
STATIONS: Final[Question[list[rules.StationFacts]]] = Question(
    Station,
    "stations where region_id = :region_id and institution_id = any(:institution_ids) order by id",
    lambda rows: [facts.station(row) for row in rows],
)
MODES: Final[Question[list[rules.ModeFacts]]] = Question(
    ServiceMode,
    "service_modes where region_id = :region_id and institution_id = any(:institution_ids) order by id",
    lambda rows: [facts.mode(row) for row in rows],
)
# the rows in force on a day: the region's and, when one is named, the institution's
SETTINGS: Final[Question[list[rules.SettingFacts]]] = Question(
    SettingRow,
    "setting_rows where region_id = :region_id and valid_from <= :on and (valid_to is null or valid_to >= :on)"
    " and (institution_id is null or institution_id = :institution_id)",
    lambda rows: [facts.setting(row) for row in rows],
)


async def find_region(session: AsyncSession, code: str) -> Region | None:
    """Return the region with a code; the directory of regions needs no fence."""
    return (await session.execute(select(Region).where(col(Region.code) == code))).scalar_one_or_none()


async def list_region_ids(session: AsyncSession) -> Sequence[UUID]:
    """Return the ids of all regions of this database."""
    return (await session.execute(select(Region.id).order_by(col(Region.code)))).scalars().all()


async def list_regions(session: AsyncSession) -> Sequence[Region]:
    """Return all regions of this database, by code."""
    return (await session.execute(select(Region).order_by(col(Region.code)))).scalars().all()


async def find_district(session: AsyncSession, region_id: UUID, district_id: UUID) -> District | None:
    """Return a district."""
    return await session.get(District, (region_id, district_id))


async def list_districts(session: AsyncSession, region_id: UUID, page: PageRequest | None = None) -> Sequence[District]:
    """Return a page of the region's districts, or all of them."""
    query = select(District).where(col(District.region_id) == region_id).order_by(col(District.id))
    if page is not None:
        query = query.limit(page.limit + 1)
        if page.after is not None:
            query = query.where(col(District.id) > page.after)
    return (await session.execute(query)).scalars().all()


@asked_once
async def find_institution(session: AsyncSession, region_id: UUID, institution_id: UUID) -> Institution | None:
    """Return an institution."""
    return await session.get(Institution, (region_id, institution_id))


async def lock_institution(session: AsyncSession, region_id: UUID, institution_id: UUID) -> Institution | None:
    """Return an institution, locked: two changes of it at once come one after the other."""
    return await session.get(Institution, (region_id, institution_id), with_for_update=True)


async def list_institutions(
    session: AsyncSession,
    region_id: UUID,
    *,
    ids: Collection[UUID] | None = None,
    district_id: UUID | None = None,
    kind: str | None = None,
    page: PageRequest | None = None,
) -> Sequence[Institution]:
    """Return the region's institutions, narrowed as asked."""
    query = select(Institution).where(col(Institution.region_id) == region_id).order_by(col(Institution.id))
    if ids is not None:
        query = query.where(col(Institution.id).in_(ids))
    if district_id is not None:
        query = query.where(col(Institution.district_id) == district_id)
    if kind is not None:
        query = query.where(col(Institution.kind) == kind)
    if page is not None:
        query = query.limit(page.limit + 1)
        if page.after is not None:
            query = query.where(col(Institution.id) > page.after)
    return (await session.execute(query)).scalars().all()


async def find_station(session: AsyncSession, region_id: UUID, station_id: UUID) -> Station | None:
    """Return a station."""
    return await session.get(Station, (region_id, station_id))


@asked_once
async def list_stations(
    session: AsyncSession, region_id: UUID, institution_ids: Collection[UUID], page: PageRequest | None = None
) -> Sequence[Station]:
    """Return the stations of some institutions."""
    query = (
        select(Station)
        .where(col(Station.region_id) == region_id, col(Station.institution_id).in_(institution_ids))
        .order_by(col(Station.id))
    )
    if page is not None:
        query = query.limit(page.limit + 1)
        if page.after is not None:
            query = query.where(col(Station.id) > page.after)
    return (await session.execute(query)).scalars().all()


async def find_mode(session: AsyncSession, region_id: UUID, mode_id: UUID) -> ServiceMode | None:
    """Return a registration of a service mode."""
    return await session.get(ServiceMode, (region_id, mode_id))


@asked_once
async def list_modes(
    session: AsyncSession, region_id: UUID, institution_ids: Collection[UUID], page: PageRequest | None = None
) -> Sequence[ServiceMode]:
    """Return the registrations of some institutions, past ones included."""
    query = (
        select(ServiceMode)
        .where(col(ServiceMode.region_id) == region_id, col(ServiceMode.institution_id).in_(institution_ids))
        .order_by(col(ServiceMode.id))
    )
    if page is not None:
        query = query.limit(page.limit + 1)
        if page.after is not None:
            query = query.where(col(ServiceMode.id) > page.after)
    return (await session.execute(query)).scalars().all()


@asked_once
async def list_settings(
    session: AsyncSession, region_id: UUID, institution_id: UUID | None, on: date, *, key: str | None = None
) -> Sequence[SettingRow]:
    """Return the rows in force on a day: the region's and, when one is named, the institution's."""
    query = select(SettingRow).where(
        col(SettingRow.region_id) == region_id,
        col(SettingRow.valid_from) <= on,
        or_(col(SettingRow.valid_to).is_(None), col(SettingRow.valid_to) >= on),
        or_(col(SettingRow.institution_id).is_(None), col(SettingRow.institution_id) == institution_id),
    )
    if key is not None:
        query = query.where(col(SettingRow.key) == key)
    return (await session.execute(query)).scalars().all()


async def find_setting_row(session: AsyncSession, region_id: UUID, row_id: UUID) -> SettingRow | None:
    """Return a setting's row, locked, because it is about to be changed."""
    return await session.get(SettingRow, (region_id, row_id), with_for_update=True)


async def setting_history(
    session: AsyncSession,
    region_id: UUID,
    institution_id: UUID | None,
    key: str,
    *,
    page: PageRequest | None = None,
    lock: bool = False,
) -> Sequence[SettingRow]:
    """Return every row of one key of one owner (`institution_id` None = the region), oldest entry first."""
    owner = col(SettingRow.institution_id)
    query = (
        select(SettingRow)
        .where(
            col(SettingRow.region_id) == region_id,
            col(SettingRow.key) == key,
            owner.is_(None) if institution_id is None else owner == institution_id,
        )
        .order_by(col(SettingRow.id))
    )
    if page is not None:
        query = query.limit(page.limit + 1)
        if page.after is not None:
            query = query.where(col(SettingRow.id) > page.after)
    # locked: of two who set the same key at once, the second must see what the first has closed
    return (await session.execute(query.with_for_update() if lock else query)).scalars().all()


refusals.name_constraints(
    {
        "ix_regions_code": errors.RegionCodeTaken,
        "uq_regions_code": errors.RegionCodeTaken,
        "districts_code_once": errors.DistrictCodeTaken,
        "institutions_code_once": errors.InstitutionCodeTaken,
        "institutions_licence_once": errors.LicenceTaken,
        "stations_code_once": errors.StationCodeTaken,
        "service_modes_registered_once": errors.ModeRegistered,
        "service_modes_one_holder": errors.RegistrationTaken,
        "setting_rows_one_value": errors.SettingOverlaps,
        "setting_rows_past_stays": errors.PastFixed,
    }
)
