"""Public programmes of the region: what they pay per person and year, and out of whose purse."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import repository, rules, schemas
from service.catalog.models import Programme, ProgrammeItem
from service.catalog.programme_rules import Criteria, ProgrammeKind
from service.catalog.usecases import services
from service.core import problems
from service.core.paging import PageRequest
from service.core.principal import Principal


async def programmes(session: AsyncSession, *, region_id: UUID, on: date) -> list[rules.ProgrammeFacts]:
    """Return the region's programmes in force on a day, with what they pay."""
    found = await repository.PROGRAMMES.ask(session, region_id=region_id, on=on)
    return [_facts(row, dict(row.paid)) for row in found]


async def add_programme(
    session: AsyncSession, *, principal: Principal, asked: schemas.ProgrammeCreate
) -> schemas.ProgrammeRead:
    """Enter a programme with what it pays; an open one of the same code, begun in an earlier year, ends the day before.

    Raises:
        errors.ItemUnknown: it pays a code that is not in the region's list.
        errors.ProgrammeCodeTaken: the code is used already in one of its years.
    """
    paid = {item.code: item.per_year for item in asked.items}
    await services.refuse_unlisted(session, region_id=principal.region_id, codes=paid)
    row = Programme(region_id=principal.region_id, **asked.model_dump(exclude={"items"}))
    # before its items, which refer to it
    await repository.add_dated(session, row, repository.of_programme(row.code))
    session.add_all(
        ProgrammeItem(region_id=principal.region_id, programme_id=row.id, code=code, per_year=per_year)
        for code, per_year in paid.items()
    )
    await session.flush()
    return _read(row, paid)


async def list_programmes(
    session: AsyncSession, *, principal: Principal, on: date | None, page: PageRequest
) -> list[schemas.ProgrammeRead]:
    """Return a page (and one more) of the region's programmes: all ever, or those in force on a day."""
    region_id = principal.region_id
    found = await repository.list_dated(session, Programme, region_id=region_id, where=[], page=page, on=on)
    paid = await _paid(session, region_id=region_id, rows=found)
    return [_read(row, paid[row.id]) for row in found]


async def read_programme(session: AsyncSession, *, region_id: UUID, programme_id: UUID) -> schemas.ProgrammeRead:
    """Return one programme.

    Raises:
        problems.NotFound: no such programme.
    """
    row = await _get(session, region_id=region_id, programme_id=programme_id)
    paid = await _paid(session, region_id=region_id, rows=[row])
    return _read(row, paid[row.id])


async def get_programme(session: AsyncSession, *, region_id: UUID, programme_id: UUID) -> rules.ProgrammeFacts:
    """Return one programme, whether in force or not.

    Raises:
        problems.NotFound: no such programme.
    """
    row = await _get(session, region_id=region_id, programme_id=programme_id)
    paid = await _paid(session, region_id=region_id, rows=[row])
    return _facts(row, paid[row.id])


async def end_programme(
    session: AsyncSession, *, principal: Principal, programme_id: UUID, asked: schemas.CatalogEnding
) -> schemas.ProgrammeRead:
    """End a programme on a day (included).

    Raises:
        problems.NotFound: no such programme.
        errors.EndingInvalid: before it began, or after its present end.
    """
    row = await _get(session, region_id=principal.region_id, programme_id=programme_id, lock=True)
    rules.refuse_ending(row.valid_from, row.valid_to, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    paid = await _paid(session, region_id=principal.region_id, rows=[row])
    return _read(row, paid[row.id])


async def _get(session: AsyncSession, *, region_id: UUID, programme_id: UUID, lock: bool = False) -> Programme:
    row = await repository.find_dated(session, Programme, region_id=region_id, row_id=programme_id, lock=lock)
    if row is None:
        raise problems.NotFound(what="公共项目")
    return row


async def _paid(session: AsyncSession, *, region_id: UUID, rows: Sequence[Programme]) -> dict[UUID, dict[str, int]]:
    paid: dict[UUID, dict[str, int]] = defaultdict(dict)
    ids = [row.id for row in rows]
    for item in await repository.list_programme_items(session, region_id=region_id, programme_ids=ids):
        paid[item.programme_id][item.code] = item.per_year
    return paid


def _facts(row: Programme, paid: dict[str, int]) -> rules.ProgrammeFacts:
    return rules.ProgrammeFacts(
        id=row.id,
        code=row.code,
        name=row.name,
        payer=row.payer,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        items=paid,
        kind=ProgrammeKind(row.kind),
        criteria=Criteria(row.minimum_age, frozenset(row.key_groups), frozenset(row.diagnosis_prefixes)),
    )


def _read(row: Programme, paid: dict[str, int]) -> schemas.ProgrammeRead:
    items = [{"code": code, "per_year": per_year} for code, per_year in sorted(paid.items())]
    return schemas.ProgrammeRead.model_validate(row.model_dump(exclude={"region_id"}) | {"items": items})
