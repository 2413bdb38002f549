"""Limits of the region (限次): dated rows under a code; a new one ends the running one the day before."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.catalog import errors, repository, rules
from service.catalog import limit_schemas as forms
from service.catalog.limit_models import PriceLimit
from service.catalog.limit_rules import LimitFacts, LimitPer
from service.catalog.schemas import CatalogEnding
from service.catalog.usecases import services
from service.core import problems
from service.core.db import refusals
from service.core.paging import PageRequest
from service.core.principal import Principal


async def price_limits(session: AsyncSession, *, region_id: UUID, on: date) -> list[LimitFacts]:
    """Return the limits in force on a day, by code."""
    return [_facts(row) for row in await repository.LIMITS.ask(session, region_id=region_id, on=on)]


async def add_price_limit(
    session: AsyncSession, *, principal: Principal, asked: forms.PriceLimitCreate
) -> forms.PriceLimitRead:
    """Limit how often something is charged from a day on; an open limit ends the running open one of its code.

    Raises:
        errors.ItemUnknown: it names a service that is not in the region's list.
        errors.PriceLimitsOverlap: another limit of the code holds on some of these days.
    """
    await services.refuse_unlisted(
        session, region_id=principal.region_id, codes=set(asked.codes) - {rules.VISIT_FEE_CODE}
    )
    row = PriceLimit(region_id=principal.region_id, **asked.model_dump(exclude={"codes"}), codes=sorted(asked.codes))
    await repository.add_dated(session, row, col(PriceLimit.code) == asked.code)
    return _read(row)


async def list_price_limits(
    session: AsyncSession, *, principal: Principal, on: date | None, page: PageRequest
) -> list[forms.PriceLimitRead]:
    """Return a page (and one more) of the region's limits: all ever, or those of a day."""
    found = await repository.list_dated(session, PriceLimit, region_id=principal.region_id, where=[], page=page, on=on)
    return [_read(row) for row in found]


async def end_price_limit(
    session: AsyncSession, *, principal: Principal, limit_id: UUID, asked: CatalogEnding
) -> forms.PriceLimitRead:
    """End a limit on a day (included).

    Raises:
        problems.NotFound: no such limit.
        errors.EndingInvalid: before it began, or after its present end.
    """
    row = await repository.find_dated(session, PriceLimit, region_id=principal.region_id, row_id=limit_id, lock=True)
    if row is None:
        raise problems.NotFound(what="限次规则")
    rules.refuse_ending(row.valid_from, row.valid_to, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    return _read(row)


def _facts(row: PriceLimit) -> LimitFacts:
    return LimitFacts(
        id=row.id,
        code=row.code,
        title=row.title,
        codes=frozenset(row.codes),
        per=LimitPer(row.per),
        maximum=row.maximum,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _read(row: PriceLimit) -> forms.PriceLimitRead:
    return forms.PriceLimitRead.model_validate(row.model_dump(exclude={"region_id"}))


refusals.name_constraints({"price_limits_one": errors.PriceLimitsOverlap})
