"""An institution's price book: dated rows; a new price ends the running one the day before."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import repository, rules, schemas
from service.catalog.models import PriceRow
from service.catalog.usecases import services
from service.core import access, problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions


async def price_rows(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, on: date
) -> list[rules.PriceFacts]:
    """Return an institution's prices in force on a day."""
    own = [repository.of_institution(PriceRow, institution_id)]
    found = await repository.find_in_force(session, PriceRow, region_id=region_id, where=own, on=on)
    return [_facts(row) for row in found]


async def add_price(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, asked: schemas.PriceCreate
) -> schemas.PriceRead:
    """Enter a price; an open one ends the running open one the day before, in the same transaction.

    Raises:
        problems.NotFound: another's institution.
        errors.CodeReserved: VISIT_FEE or BED_DAY.
        errors.ItemUnknown: the code, or one it includes or excludes, is not in the region's list.
        errors.PricesOverlap: another price holds on some of these days.
    """
    access.require_institution(principal, institution_id)
    rules.refuse_reserved(asked.code)
    named = {asked.code, *asked.includes, *asked.excludes}
    await services.refuse_unlisted(session, region_id=principal.region_id, codes=named)
    listed = await services.items(session, region_id=principal.region_id, codes=[asked.code])
    row = PriceRow(
        region_id=principal.region_id,
        institution_id=institution_id,
        **asked.model_dump(exclude={"name"}),
        name=asked.name or listed[asked.code].name,
    )
    same = repository.of_institution(PriceRow, institution_id), repository.of_code(PriceRow, asked.code)
    await repository.add_dated(session, row, *same)
    return _read(row)


async def list_prices(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID,
    code: str | None,
    on: date | None,
    page: PageRequest,
) -> list[schemas.PriceRead]:
    """Return a page (and one more) of an institution's prices: all ever, of one code, or those of a day (明码标价).

    Raises:
        problems.NotFound: the region has no such institution.
    """
    region_id = principal.region_id
    await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    where = [repository.of_institution(PriceRow, institution_id)]
    if code is not None:
        where.append(repository.of_code(PriceRow, code))
    found = await repository.list_dated(session, PriceRow, region_id=region_id, where=where, page=page, on=on)
    return [_read(row) for row in found]


async def end_price(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, price_id: UUID, asked: schemas.CatalogEnding
) -> schemas.PriceRead:
    """End a price on a day (included).

    Raises:
        problems.NotFound: no such price of one's own institution.
        errors.EndingInvalid: before it began, or after its present end.
    """
    access.require_institution(principal, institution_id)
    own = [repository.of_institution(PriceRow, institution_id)]
    row = await repository.find_dated(
        session, PriceRow, region_id=principal.region_id, row_id=price_id, where=own, lock=True
    )
    if row is None:
        raise problems.NotFound(what="价格")
    rules.refuse_ending(row.valid_from, row.valid_to, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    return _read(row)


def _facts(row: PriceRow) -> rules.PriceFacts:
    return rules.PriceFacts(
        code=row.code,
        name=row.name,
        unit_price=row.unit_price,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        per_visit_max=row.per_visit_max,
        includes=frozenset(row.includes),
        excludes=frozenset(row.excludes),
        insurance_class=rules.InsuranceClass(row.insurance_class),
        self_ratio=row.self_ratio,
    )


def _read(row: PriceRow) -> schemas.PriceRead:
    return schemas.PriceRead.model_validate(row.model_dump(exclude={"region_id"}))
