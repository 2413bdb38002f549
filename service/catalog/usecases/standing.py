"""The very rows on which something was charged, for whoever must show them: found by when they began, ended or not."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.catalog import book_schemas, books, repository, schemas
from service.catalog.models import PriceRow, VisitFeeTariff
from service.catalog.usecases import prices, tariffs
from service.institutions import usecases as institutions


async def prices_begun(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, begun: Mapping[str, date], on: date | None = None
) -> list[book_schemas.PriceInForceRead]:
    """Return the price rows of services at an institution that began on a day: code → `valid_from`, by code.

    Its own row goes before that of the level which it had on the day of the service (`on`; without it, on the day on
    which the newest of the rows began), as it did when it was charged.

    Raises:
        problems.NotFound: the region has no such institution.
    """
    await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    day = on or max(begun.values(), default=date.min)
    level = await institutions.level_on(session, region_id=region_id, institution_id=institution_id, on=day)
    query = select(PriceRow).where(
        col(PriceRow.region_id) == region_id,
        repository.of_either(institution_id, level),
        repository.of_codes(begun),
        col(PriceRow.valid_from).in_(set(begun.values())),
    )
    found = (await session.execute(query.order_by(col(PriceRow.code), col(PriceRow.id)))).scalars().all()
    meant = books.own_before_level([row for row in found if begun[row.code] == row.valid_from])
    return [book_schemas.PriceInForceRead.model_validate(prices.level_shown(row)) for row in meant]


async def tariff_begun(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, begun: date
) -> schemas.TariffRead | None:
    """Return the visit-fee tariff of an institution that began on a day, None without one."""
    query = select(VisitFeeTariff).where(
        col(VisitFeeTariff.region_id) == region_id,
        repository.of_institution(VisitFeeTariff, institution_id),
        col(VisitFeeTariff.valid_from) == begun,
    )
    row = (await session.execute(query.order_by(col(VisitFeeTariff.id)).limit(1))).scalar_one_or_none()
    return None if row is None else tariffs.shown(row)
