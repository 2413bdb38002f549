"""上门服务费 of an institution: dated tariffs; a new one ends the running one the day before."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import repository, rules, schemas
from service.catalog.models import VisitFeeTariff
from service.core import access, problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions


async def tariff_on(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, on: date
) -> rules.TariffFacts | None:
    """Return the tariff in force on a day, or None: then the institution charges no visit fee."""
    own = [repository.of_institution(VisitFeeTariff, institution_id)]
    found = await repository.find_in_force(session, VisitFeeTariff, region_id=region_id, where=own, on=on)
    return _facts(found[0]) if found else None


async def add_tariff(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, asked: schemas.TariffCreate
) -> schemas.TariffRead:
    """Set the visit fee from a day on; an open one ends the running open one the day before.

    Raises:
        problems.NotFound: another's institution.
        errors.TariffsOverlap: another tariff holds on some of these days.
    """
    access.require_institution(principal, institution_id)
    row = VisitFeeTariff(
        region_id=principal.region_id,
        institution_id=institution_id,
        **asked.model_dump(exclude={"tiers", "night"}),
        # as text inside the document: a JSON number would come back as a float
        tiers=[tier.model_dump(mode="json") for tier in asked.tiers],
        night=asked.night.model_dump(mode="json") if asked.night else None,
    )
    await repository.add_dated(session, row, repository.of_institution(VisitFeeTariff, institution_id))
    return _read(row)


async def list_tariffs(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, on: date | None, page: PageRequest
) -> list[schemas.TariffRead]:
    """Return a page (and one more) of an institution's tariffs: all ever, or the one of a day.

    Raises:
        problems.NotFound: the region has no such institution.
    """
    region_id = principal.region_id
    await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    own = [repository.of_institution(VisitFeeTariff, institution_id)]
    found = await repository.list_dated(session, VisitFeeTariff, region_id=region_id, where=own, page=page, on=on)
    return [_read(row) for row in found]


async def end_tariff(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, tariff_id: UUID, asked: schemas.CatalogEnding
) -> schemas.TariffRead:
    """End a tariff on a day (included).

    Raises:
        problems.NotFound: no such tariff of one's own institution.
        errors.EndingInvalid: before it began, or after its present end.
    """
    access.require_institution(principal, institution_id)
    own = [repository.of_institution(VisitFeeTariff, institution_id)]
    row = await repository.find_dated(
        session, VisitFeeTariff, region_id=principal.region_id, row_id=tariff_id, where=own, lock=True
    )
    if row is None:
        raise problems.NotFound(what="上门服务费标准")
    rules.refuse_ending(row.valid_from, row.valid_to, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    return _read(row)


def _facts(row: VisitFeeTariff) -> rules.TariffFacts:
    # the document was written from this schema, so it reads back through it
    said = _read(row)
    night = said.night
    return rules.TariffFacts(
        id=row.id,
        unit=said.unit,
        tiers=tuple(rules.TierFacts(tier.up_to_km, tier.price) for tier in said.tiers),
        night=rules.NightFacts(night.starts_at, night.ends_at, night.multiplier) if night else None,
        insurance_class=said.insurance_class,
        self_ratio=said.self_ratio,
        distance_base=said.distance_base,
        distance_method=said.distance_method,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _read(row: VisitFeeTariff) -> schemas.TariffRead:
    note = rules.describe_distance(rules.DistanceBase(row.distance_base), rules.DistanceMethod(row.distance_method))
    return schemas.TariffRead.model_validate(row.model_dump(exclude={"region_id"}) | {"distance_note": note})
