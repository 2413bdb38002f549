"""An institution registers its shared vehicles; planning asks which of them serve on a day."""

from collections.abc import Collection
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.practitioners import rules, vehicle_repository, vehicle_schemas
from service.practitioners.vehicle_models import Vehicle

_MAY_BE_NOTHING: Final = frozenset({"out_from", "out_to"})


async def add_vehicle(
    session: AsyncSession, *, principal: Principal, draft: vehicle_schemas.VehicleCreate
) -> vehicle_schemas.VehicleRead:
    """Register a vehicle of one's institution.

    Raises:
        problems.NotFound: the institution is another's, or the station is not the institution's.
        VehicleHoursImpossible: it would have to be back before it may leave.
        VehicleOutageImpossible: it would be out of service until before it is so.
        PlateTaken: at the flush.
    """
    access.require_institution(principal, draft.institution_id)
    await _require_station(session, principal.region_id, draft.institution_id, draft.station_id)
    row = Vehicle(region_id=principal.region_id, **draft.model_dump())
    _refuse_impossible(row)
    session.add(row)
    await session.flush()
    return _read(row)


async def list_vehicles(
    session: AsyncSession, *, principal: Principal, page: PageRequest
) -> list[vehicle_schemas.VehicleRead]:
    """Return a page of the vehicles of one's institutions, one more than asked for when there are more."""
    found = await vehicle_repository.list_vehicles(session, principal.region_id, principal.institution_ids, page)
    return [_read(row) for row in found]


async def read_vehicle(session: AsyncSession, *, principal: Principal, vehicle_id: UUID) -> vehicle_schemas.VehicleRead:
    """Return a vehicle of one's institutions.

    Raises:
        problems.NotFound: there is none, or it is another's.
    """
    return _read(await _own(session, principal, vehicle_id))


async def change_vehicle(
    session: AsyncSession, *, principal: Principal, vehicle_id: UUID, change: vehicle_schemas.VehicleUpdate
) -> vehicle_schemas.VehicleRead:
    """Change what is given; a plan in force keeps the vehicle as it was planned with.

    Raises:
        problems.NotFound: there is no such vehicle, or the station is not the institution's.
        VehicleHoursImpossible: it would have to be back before it may leave.
        VehicleOutageImpossible: it would be out of service until before it is so.
    """
    row = await _own(session, principal, vehicle_id, lock=True)
    if change.station_id is not None:
        await _require_station(session, principal.region_id, row.institution_id, change.station_id)
    for name, value in change.model_dump(exclude_unset=True).items():
        if value is not None or name in _MAY_BE_NOTHING:
            setattr(row, name, value)
    _refuse_impossible(row)
    await session.flush()
    return _read(row)


async def vehicles_on(
    session: AsyncSession, *, region_id: UUID, institution_ids: Collection[UUID], on: date
) -> list[rules.VehicleFacts]:
    """Return the vehicles of some institutions that are in service on a day, by id."""
    rows = await vehicle_repository.list_vehicles(session, region_id, institution_ids)
    if not rows:
        return []
    found = await institutions.list_stations(session, region_id=region_id, institution_ids=institution_ids)
    stations = {each.id: each for each in found}
    facts = [
        rules.VehicleFacts(
            lon=stations[row.station_id].lon,
            lat=stations[row.station_id].lat,
            **row.model_dump(exclude={"region_id", "station_id"}),
        )
        for row in rows
    ]
    return [each for each in facts if each.serves_on(on)]


async def _own(session: AsyncSession, principal: Principal, vehicle_id: UUID, *, lock: bool = False) -> Vehicle:
    row = await vehicle_repository.find_vehicle(session, principal.region_id, vehicle_id, lock=lock)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="车辆")
    return row


async def _require_station(session: AsyncSession, region_id: UUID, institution_id: UUID, station_id: UUID) -> None:
    station = await institutions.get_station(session, region_id=region_id, station_id=station_id)
    if station.institution_id != institution_id:
        raise problems.NotFound(what="站点")


def _refuse_impossible(row: Vehicle) -> None:
    rules.refuse_impossible_hours(row.away_from, row.away_to)
    rules.refuse_impossible_outage(row.out_from, row.out_to)


def _read(row: Vehicle) -> vehicle_schemas.VehicleRead:
    return vehicle_schemas.VehicleRead.model_validate(row, from_attributes=True)
