"""What other rooms ask institutions: who is licensed and registered, where staff start, which setting holds."""

from collections.abc import Collection
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.db.questions import Asked
from service.institutions import designation_repository, facts, repository, rules

T = TypeVar("T")


async def find_region(session: AsyncSession, *, code: str) -> rules.RegionFacts | None:
    """Return the region with a code, or None; the directory of regions is public, no fence needed."""
    row = await repository.find_region(session, code)
    return rules.RegionFacts(id=row.id, code=row.code, name=row.name) if row else None


async def list_region_ids(session: AsyncSession) -> list[UUID]:
    """Return the regions of this database, for jobs that go through all of them; the directory needs no fence."""
    return list(await repository.list_region_ids(session))


async def list_regions(session: AsyncSession) -> list[rules.RegionFacts]:
    """Return all regions by code; the directory needs no fence."""
    return [
        rules.RegionFacts(id=row.id, code=row.code, name=row.name) for row in await repository.list_regions(session)
    ]


async def list_institution_ids(session: AsyncSession, *, region_id: UUID) -> list[UUID]:
    """Return the ids of all institutions of a region."""
    return [row.id for row in await repository.list_institutions(session, region_id)]


async def get_institution(session: AsyncSession, *, region_id: UUID, institution_id: UUID) -> rules.InstitutionFacts:
    """Return an institution of the region.

    Raises:
        problems.NotFound: there is none with this id.
    """
    found = await repository.INSTITUTION.ask(session, region_id=region_id, institution_id=institution_id)
    if found is None:
        raise problems.NotFound(what="机构")
    return found


async def list_institutions_facts(
    session: AsyncSession, *, region_id: UUID, institution_ids: Collection[UUID]
) -> list[rules.InstitutionFacts]:
    """Return those of the named institutions that the region has, in the order of their ids."""
    rows = await repository.list_institutions(session, region_id, ids=institution_ids)
    return [facts.institution(row) for row in rows]


async def list_stations(
    session: AsyncSession, *, region_id: UUID, institution_ids: Collection[UUID]
) -> list[rules.StationFacts]:
    """Return the stations of some institutions."""
    return await repository.STATIONS.ask(session, region_id=region_id, institution_ids=list(institution_ids))


async def get_station(session: AsyncSession, *, region_id: UUID, station_id: UUID) -> rules.StationFacts:
    """Return a station of the region.

    Raises:
        problems.NotFound: there is none with this id.
    """
    row = await repository.find_station(session, region_id, station_id)
    if row is None:
        raise problems.NotFound(what="站点")
    return facts.station(row)


async def list_modes(session: AsyncSession, *, region_id: UUID, institution_id: UUID) -> list[rules.ModeFacts]:
    """Return every registration of an institution's service modes, past and future ones included."""
    return await repository.MODES.ask(session, region_id=region_id, institution_ids=[institution_id])


async def has_mode(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, mode: rules.ServiceMode, on: date
) -> bool:
    """Return whether staff may go out in `mode` on a day: registered then, and the licence in force (R005).

    Raises:
        problems.NotFound: there is no such institution.
    """
    institution = await get_institution(session, region_id=region_id, institution_id=institution_id)
    modes = await list_modes(session, region_id=region_id, institution_id=institution_id)
    return rules.may_serve(institution, modes, mode, on)


async def list_qualified(
    session: AsyncSession, *, region_id: UUID, on: date, district_code: str | None = None
) -> list[rules.QualifiedFacts]:
    """Return the institutions that may serve at home on a day, with the modes in which they may (R006).

    A region's directory is public: the fence needs the region only.
    """
    districts = {row.id: facts.district(row) for row in await repository.list_districts(session, region_id)}
    listed = [facts.institution(row) for row in await repository.list_institutions(session, region_id)]
    found = [each for each in listed if district_code in {None, districts[each.district_id].code}]
    modes = await repository.MODES.ask(session, region_id=region_id, institution_ids=[each.id for each in found])
    return [
        rules.QualifiedFacts(each, districts[each.district_id], own)
        for each in found
        if (own := rules.modes_in_force(each, modes, on))
    ]


async def setting(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID | None, key: rules.Setting[T], on: date
) -> T:
    """Return a setting's value on a day: the institution's, else the region's, else the default."""
    # all of them: whoever asks for one setting asks for another soon
    return (await settings_on(session, region_id=region_id, institution_id=institution_id, on=on)).of(key)


async def settings_on(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID | None, on: date
) -> rules.SettingsOn:
    """Return all settings of a day in one query; ask the answer with `.of(settings.TRAVEL_DETOUR_FACTOR)`."""
    found = await repository.SETTINGS.ask(session, region_id=region_id, institution_id=institution_id, on=on)
    return rules.settings_on(found, on)


def asked_of_day(*, region_id: UUID, institution_id: UUID, on: date) -> list[Asked[Any]]:
    """Return what others ask of an institution whose staff go out on a day, to be asked together."""
    own = {"region_id": region_id, "institution_ids": [institution_id]}
    return [
        repository.INSTITUTION.of(region_id=region_id, institution_id=institution_id),
        repository.MODES.of(**own),
        repository.STATIONS.of(**own),
        asked_settings(region_id=region_id, institution_id=institution_id, on=on),
        designation_repository.DESIGNATIONS.of(region_id=region_id, institution_id=institution_id, on=on),
    ]


def asked_settings(*, region_id: UUID, institution_id: UUID, on: date) -> Asked[Any]:
    """Return the question which settings hold on a day, to be asked together with others."""
    return repository.SETTINGS.of(region_id=region_id, institution_id=institution_id, on=on)
