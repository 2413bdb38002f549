"""The region's list of services: listed and changed by the region's administration, read by everyone."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import crew_rules, errors, part_rules, repository, rules, schemas
from service.catalog.models import ServiceItem
from service.core import problems
from service.core.paging import PageRequest
from service.core.principal import Principal


async def items(session: AsyncSession, *, region_id: UUID, codes: Collection[str]) -> dict[str, rules.ItemFacts]:
    """Return the listed services among `codes`; one that is not listed is left out."""
    found = await repository.ITEMS.ask(session, region_id=region_id, codes=list(codes))
    return {row.code: _facts(row) for row in found}


async def refuse_unlisted(session: AsyncSession, *, region_id: UUID, codes: Collection[str]) -> None:
    """Refuse codes that the region has not listed.

    Raises:
        errors.ItemUnknown: names them.
    """
    unknown = sorted(set(codes) - set(await items(session, region_id=region_id, codes=codes)))
    if unknown:
        raise errors.ItemUnknown(codes="、".join(unknown))


async def add_service_item(
    session: AsyncSession, *, principal: Principal, asked: schemas.ServiceItemCreate
) -> schemas.ServiceItemRead:
    """List a service.

    Raises:
        errors.CodeReserved: the code is one that bills use themselves.
        errors.RefusalNoteMissing: not allowed at home, and no word why.
        errors.PartsNeedOnePerson: parts of something that cannot have any.
        errors.CrewTooSmall, errors.CrewLag…: how a crew comes contradicts itself.
        errors.ItemCodeTaken: listed already.
    """
    rules.refuse_reserved(asked.code)
    rules.refuse_silent_ban(asked.home_allowed, asked.refusal_note)
    part_rules.refuse_parts(asked.parts, staff_count=asked.staff_count)
    crew_rules.refuse_crew(
        asked.crew_sync, asked.crew_lag_min_minutes, asked.crew_lag_max_minutes, staff_count=asked.staff_count
    )
    row = ServiceItem(region_id=principal.region_id, **asked.model_dump())
    session.add(row)
    await session.flush()
    return _read(row)


async def list_service_items(
    session: AsyncSession, *, principal: Principal, order_kind: rules.OrderKind | None, page: PageRequest
) -> list[schemas.ServiceItemRead]:
    """Return a page (and one more) of the services, of one order kind if asked."""
    found = await repository.list_items(session, region_id=principal.region_id, order_kind=order_kind, page=page)
    return [_read(row) for row in found]


async def read_service_item(session: AsyncSession, *, principal: Principal, code: str) -> schemas.ServiceItemRead:
    """Return one service.

    Raises:
        problems.NotFound: not listed.
    """
    row = await repository.find_item(session, region_id=principal.region_id, code=code)
    if row is None:
        raise problems.NotFound(what="服务项目")
    return _read(row)


async def change_service_item(
    session: AsyncSession, *, principal: Principal, code: str, asked: schemas.ServiceItemUpdate
) -> schemas.ServiceItemRead:
    """Change what is said about a service from now on.

    Raises:
        problems.NotFound: not listed.
        errors.RefusalNoteMissing: not allowed at home after the change, and no word why.
        errors.PartsNeedOnePerson: parts of something that cannot have any.
        errors.CrewTooSmall, errors.CrewLag…: how a crew comes contradicts itself after the change.
    """
    row = await repository.lock_item(session, region_id=principal.region_id, code=code)
    if row is None:
        raise problems.NotFound(what="服务项目")
    for name, value in asked.model_dump(exclude_unset=True).items():
        setattr(row, name, value)
    rules.refuse_silent_ban(row.home_allowed, row.refusal_note)
    part_rules.refuse_parts(row.parts, staff_count=row.staff_count)
    crew_rules.refuse_crew(
        crew_rules.CrewSync(row.crew_sync),
        row.crew_lag_min_minutes,
        row.crew_lag_max_minutes,
        staff_count=row.staff_count,
    )
    await session.flush()
    return _read(row)


def _facts(row: ServiceItem) -> rules.ItemFacts:
    return rules.ItemFacts(
        code=row.code,
        name=row.name,
        duration_minutes=row.duration_minutes,
        staff_count=row.staff_count,
        skills=frozenset(row.skills),
        order_kinds=frozenset(row.order_kinds),
        latest_start=row.latest_start,
        home_allowed=row.home_allowed,
        refusal_note=row.refusal_note,
        any_skills=frozenset(row.any_skills),
        tolerance_minutes=row.tolerance_minutes,
        specimen_minutes=row.specimen_minutes,
        parts=part_rules.parts_of(row.parts),
        load=row.load,
        crew_sync=crew_rules.CrewSync(row.crew_sync),
        crew_lag_min_minutes=row.crew_lag_min_minutes,
        crew_lag_max_minutes=row.crew_lag_max_minutes,
    )


def _read(row: ServiceItem) -> schemas.ServiceItemRead:
    return schemas.ServiceItemRead.model_validate(row.model_dump(exclude={"region_id"}))
