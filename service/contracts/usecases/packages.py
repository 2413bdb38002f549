"""Service packages of an institution (签约服务包): dated versions that are never changed once they are there."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import rules as catalog_rules
from service.catalog import usecases as catalog
from service.contracts import repository, schemas
from service.contracts.models import Package, PackageItem
from service.core import access, problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions


async def add_package(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, asked: schemas.PackageCreate
) -> schemas.PackageRead:
    """Offer a version of a package; an open one ends the running open one of its code the day before.

    Contracts signed on an earlier version keep it.

    Raises:
        problems.NotFound: another's institution, or it names one that the region does not have.
        catalog.errors.ItemUnknown: a code is not in the region's list.
        errors.PackagesOverlap: another version is offered on some of these days.
    """
    access.require_institution(principal, institution_id)
    region_id = principal.region_id
    codes = {*asked.capitated_codes, *(item.code for item in asked.items)}
    await catalog.refuse_unlisted(session, region_id=region_id, codes=codes)
    for named in asked.valid_at:
        await institutions.get_institution(session, region_id=region_id, institution_id=named)
    row = Package(region_id=region_id, institution_id=institution_id, **asked.model_dump(exclude={"items"}))
    await repository.add_package(session, row, catalog_rules.day_before(asked.valid_from))
    session.add_all(
        PackageItem(region_id=region_id, institution_id=institution_id, package_id=row.id, **item.model_dump())
        for item in asked.items
    )
    await session.flush()
    return _read(row, asked.items)


async def list_packages(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, on: date | None, page: PageRequest
) -> list[schemas.PackageRead]:
    """Return a page (and one more) of an institution's packages: all ever, or those offered on a day.

    Raises:
        problems.NotFound: the region has no such institution.
    """
    region_id = principal.region_id
    await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    found = await repository.list_packages(
        session, region_id=region_id, institution_id=institution_id, on=on, page=page
    )
    items = await items_of(session, region_id=region_id, package_ids=[row.id for row in found])
    return [_read(row, items[row.id]) for row in found]


async def read_package(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, package_id: UUID
) -> schemas.PackageRead:
    """Return one version of a package.

    Raises:
        problems.NotFound: the institution has no such package.
    """
    row = await repository.find_package(session, region_id=principal.region_id, package_id=package_id)
    if row is None or row.institution_id != institution_id:
        raise problems.NotFound(what="服务包")
    return _read(row, (await items_of(session, region_id=principal.region_id, package_ids=[row.id]))[row.id])


async def end_package(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID,
    package_id: UUID,
    asked: schemas.ContractEnding,
) -> schemas.PackageRead:
    """Offer a version until a day (included); contracts signed on it go on.

    Raises:
        problems.NotFound: no such package of one's own institution.
        catalog.errors.EndingInvalid: before it began, or after its present end.
    """
    access.require_institution(principal, institution_id)
    region_id = principal.region_id
    row = await repository.find_package(session, region_id=region_id, package_id=package_id, lock=True)
    if row is None or row.institution_id != institution_id:
        raise problems.NotFound(what="服务包")
    catalog_rules.refuse_ending(row.valid_from, row.valid_to, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    return _read(row, (await items_of(session, region_id=region_id, package_ids=[row.id]))[row.id])


async def items_of(
    session: AsyncSession, *, region_id: UUID, package_ids: Collection[UUID]
) -> dict[UUID, list[schemas.PackageItem]]:
    """Return what packages grant, by package."""
    items: dict[UUID, list[schemas.PackageItem]] = defaultdict(list)
    for item in await repository.items_of(session, region_id=region_id, package_ids=package_ids):
        read = schemas.PackageItem.model_validate(item.model_dump(include={"code", "quantity", "counting"}))
        items[item.package_id].append(read)
    return items


def _read(row: Package, items: list[schemas.PackageItem]) -> schemas.PackageRead:
    return schemas.PackageRead.model_validate(row.model_dump(exclude={"region_id"}) | {"items": items})
