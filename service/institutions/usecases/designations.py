"""Designations (定点): at which institution which insurance pays, on which days. The region decides."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import designation_repository, repository, rules
from service.institutions import designation_schemas as schemas
from service.institutions.designation_models import InstitutionDesignation


async def designated_on(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, plan_code: str, on: date
) -> bool:
    """Return whether an insurance pays at an institution on a day; `rules.LTCI_PLAN` is long-term care insurance."""
    found = await designation_repository.DESIGNATIONS.ask(
        session, region_id=region_id, institution_id=institution_id, on=on
    )
    return any(row.plan_code == plan_code for row in found)


async def designations_between(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, first: date, last: date
) -> list[rules.DesignationFacts]:
    """Return which insurances pay at an institution on some day from `first` to `last`, both included."""
    found = await designation_repository.designations_between(session, region_id, institution_id, first, last)
    return [_facts(row) for row in found]


async def designate(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, draft: schemas.DesignationCreate
) -> rules.DesignationFacts:
    """Let an insurance pay at an institution from a day on.

    Raises:
        problems.NotFound: there is no such institution.
        PeriodReversed: it would end before it starts.
        DesignatedAlready: at the flush; it pays there for part of the period already.
    """
    await _require_known(session, principal.region_id, institution_id)
    rules.refuse_reversed(draft.valid_from, draft.valid_to)
    row = InstitutionDesignation(region_id=principal.region_id, institution_id=institution_id, **draft.model_dump())
    session.add(row)
    await session.flush()
    return _facts(row)


async def list_designations(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, page: PageRequest
) -> list[rules.DesignationFacts]:
    """Return a page (and one more) of an institution's designations, past ones included.

    Raises:
        problems.NotFound: there is no such institution.
    """
    await _require_known(session, region_id, institution_id)
    found = await designation_repository.list_designations(session, region_id, institution_id, page)
    return [_facts(row) for row in found]


async def change_designation(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID,
    designation_id: UUID,
    change: schemas.DesignationUpdate,
) -> rules.DesignationFacts:
    """Say when a designation ends, or that it has no end.

    Raises:
        problems.NotFound: the institution has none with this id.
        PeriodReversed: it would end before it starts.
        DesignatedAlready: at the flush; it would reach into the next one.
    """
    row = await designation_repository.lock_designation(session, principal.region_id, designation_id)
    if row is None or row.institution_id != institution_id:
        raise problems.NotFound(what="定点记录")
    rules.refuse_reversed(row.valid_from, change.valid_to)
    row.valid_to = change.valid_to
    await session.flush()
    return _facts(row)


async def _require_known(session: AsyncSession, region_id: UUID, institution_id: UUID) -> None:
    if await repository.find_institution(session, region_id, institution_id) is None:
        raise problems.NotFound(what="机构")


def _facts(row: InstitutionDesignation) -> rules.DesignationFacts:
    return rules.DesignationFacts(
        id=row.id,
        institution_id=row.institution_id,
        plan_code=row.plan_code,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
