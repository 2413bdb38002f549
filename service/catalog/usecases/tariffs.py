"""上门服务费 of an institution: dated tariffs, the first one entered here, every later one by a proposal."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import errors, proposal_repository, repository, rules, schemas
from service.catalog.models import VisitFeeTariff
from service.core import access, problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions


async def tariff_on(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, on: date
) -> rules.TariffFacts | None:
    """Return the tariff in force on a day, or None: then the institution charges no visit fee."""
    found = await repository.TARIFFS.ask(session, region_id=region_id, institution_id=institution_id, on=on)
    return _facts(found[0]) if found else None


async def add_tariff(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, asked: schemas.TariffCreate
) -> schemas.TariffRead:
    """Set an institution's first visit fee; every later one is proposed, published and approved.

    Raises:
        problems.NotFound: another's institution.
        errors.TariffNeedsProposal: it has had a tariff before.
    """
    access.require_institution(principal, institution_id)
    latest = await proposal_repository.latest_tariff(
        session, region_id=principal.region_id, institution_id=institution_id
    )
    if latest is not None:
        raise errors.TariffNeedsProposal
    row = VisitFeeTariff(
        region_id=principal.region_id,
        institution_id=institution_id,
        **asked.model_dump(exclude={"tiers", "night"}),
        # as text inside the document: a JSON number would come back as a float
        tiers=[tier.model_dump(mode="json") for tier in asked.tiers],
        night=asked.night.model_dump(mode="json") if asked.night else None,
    )
    session.add(row)
    await session.flush()
    return shown(row)


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
    return [shown(row) for row in found]


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
    return shown(row)


def _facts(row: Any) -> rules.TariffFacts:
    # the document was written from this schema, so it reads back through it
    said = shown(row)
    night = said.night
    return rules.TariffFacts(
        id=said.id,
        unit=said.unit,
        tiers=tuple(rules.TierFacts(tier.up_to_km, tier.price) for tier in said.tiers),
        night=rules.NightFacts(night.starts_at, night.ends_at, night.multiplier) if night else None,
        insurance_class=said.insurance_class,
        self_ratio=said.self_ratio,
        distance_base=said.distance_base,
        distance_method=said.distance_method,
        valid_from=said.valid_from,
        valid_to=said.valid_to,
        income_class=said.income_class,
    )


def shown(row: Any) -> schemas.TariffRead:
    """Return a tariff as it is shown, of its row however it was fetched; for this room only."""
    note = rules.describe_distance(rules.DistanceBase(row.distance_base), rules.DistanceMethod(row.distance_method))
    told = {name: getattr(row, name) for name in schemas.TariffRead.model_fields.keys() - {"distance_note"}}
    return schemas.TariffRead.model_validate(told | {"distance_note": note})
