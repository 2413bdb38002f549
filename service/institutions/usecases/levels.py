"""The level (等级) of an institution, dated: which of the region's price books holds there. The region decides."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import level_repository, repository, rules
from service.institutions import level_schemas as schemas
from service.institutions.level_models import InstitutionLevelRow


async def level_on(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, on: date
) -> rules.InstitutionLevel | None:
    """Return an institution's level on a day, None when it had none."""
    found = await levels_on(session, region_id=region_id, institution_ids=[institution_id], on=on)
    return found.get(institution_id)


async def levels_on(
    session: AsyncSession, *, region_id: UUID, institution_ids: Collection[UUID], on: date
) -> dict[UUID, rules.InstitutionLevel]:
    """Return the levels of some institutions on a day; who has none is left out."""
    found = await level_repository.LEVELS.ask(
        session, region_id=region_id, institution_ids=list(institution_ids), on=on
    )
    return {row.institution_id: rules.InstitutionLevel(row.level) for row in found if row.level is not None}


async def add_level(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, draft: schemas.LevelCreate
) -> rules.LevelFacts:
    """Say an institution's level from a day on; the one that ran without end gets the day before as its last.

    What was settled before stays as it was settled.

    Raises:
        problems.NotFound: there is no such institution.
        PeriodReversed: it would end before it starts.
        LevelsOverlap: at the flush; another level holds on part of these days.
    """
    region_id = principal.region_id
    # two levels of one institution that are said at once come one after the other
    if await repository.lock_institution(session, region_id, institution_id) is None:
        raise problems.NotFound(what="机构")
    rules.refuse_reversed(draft.valid_from, draft.valid_to)
    running = await level_repository.find_running_level(session, region_id, institution_id)
    last = rules.closing_day(running, draft.valid_from, draft.valid_to) if running is not None else None
    if running is not None and last is not None:
        running.valid_to = last
        await session.flush()  # before the insert: the constraint would not let both stand
    row = InstitutionLevelRow(region_id=region_id, institution_id=institution_id, **draft.model_dump())
    session.add(row)
    await session.flush()
    return _facts(row)


async def list_levels(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, page: PageRequest
) -> list[rules.LevelFacts]:
    """Return a page (and one more) of an institution's levels, past ones included.

    Raises:
        problems.NotFound: there is no such institution.
    """
    if await repository.find_institution(session, region_id, institution_id) is None:
        raise problems.NotFound(what="机构")
    return [_facts(row) for row in await level_repository.list_levels(session, region_id, institution_id, page)]


async def end_level(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, level_id: UUID, change: schemas.LevelUpdate
) -> rules.LevelFacts:
    """Say when a level ends, or that it has no end.

    Raises:
        problems.NotFound: the institution has none with this id.
        PeriodReversed: it would end before it starts.
        LevelsOverlap: at the flush; it would reach into the next one.
    """
    row = await level_repository.lock_level(session, principal.region_id, level_id)
    if row is None or row.institution_id != institution_id:
        raise problems.NotFound(what="等级记录")
    rules.refuse_reversed(row.valid_from, change.valid_to)
    row.valid_to = change.valid_to
    await session.flush()
    return _facts(row)


def _facts(row: InstitutionLevelRow) -> rules.LevelFacts:
    return rules.LevelFacts(
        id=row.id,
        institution_id=row.institution_id,
        level=rules.InstitutionLevel(row.level) if row.level else None,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
