"""Per-diem agreements (按床日付费协议): dated rows; a new one ends the running one the day before."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.catalog import per_diem_schemas as agreed
from service.catalog import repository, rules, schemas
from service.catalog.per_diem_models import PerDiemAgreement
from service.catalog.per_diem_rules import PerDiemFacts, StayKind
from service.core import money, problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions


async def per_diem_on(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, kind: StayKind, plan_code: str | None, on: date
) -> PerDiemFacts | None:
    """Return the agreement for a stay that begins on a day, None without one.

    The one for the patient's insurance goes before the one for all of them.
    """
    where = [
        col(PerDiemAgreement.institution_id) == institution_id,
        col(PerDiemAgreement.kind) == kind,
        col(PerDiemAgreement.plan_code).is_(None) | (col(PerDiemAgreement.plan_code) == plan_code),
    ]
    found = await repository.find_in_force(session, PerDiemAgreement, region_id=region_id, where=where, on=on)
    own = sorted(found, key=lambda row: row.plan_code is None)
    return _facts(own[0]) if own else None


async def get_per_diem(session: AsyncSession, *, region_id: UUID, agreement_id: UUID) -> PerDiemFacts:
    """Return an agreement.

    Raises:
        problems.NotFound: there is no such agreement.
    """
    row = await repository.find_dated(session, PerDiemAgreement, region_id=region_id, row_id=agreement_id)
    if row is None:
        raise problems.NotFound(what="按床日付费协议")
    return _facts(row)


async def add_per_diem_agreement(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, asked: agreed.PerDiemAgreementCreate
) -> agreed.PerDiemAgreementRead:
    """Agree what a day of a stay costs from a day on; an open agreement ends the running open one the day before.

    Raises:
        problems.NotFound: there is no such institution.
        errors.AgreementsOverlap: another agreement holds on some of these days.
    """
    region_id = principal.region_id
    await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    row = PerDiemAgreement(
        region_id=region_id,
        institution_id=institution_id,
        **asked.model_dump(exclude={"year_cap"}),
        year_cap_fen=money.whole_fen(asked.year_cap),
    )
    await repository.add_dated(session, row, *_same(row))
    return _read(row)


async def list_per_diem_agreements(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, on: date | None, page: PageRequest
) -> list[agreed.PerDiemAgreementRead]:
    """Return a page (and one more) of an institution's agreements: all ever, or those of a day.

    Raises:
        problems.NotFound: there is no such institution.
    """
    region_id = principal.region_id
    await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    own = [col(PerDiemAgreement.institution_id) == institution_id]
    found = await repository.list_dated(session, PerDiemAgreement, region_id=region_id, where=own, page=page, on=on)
    return [_read(row) for row in found]


async def end_per_diem_agreement(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID,
    agreement_id: UUID,
    asked: schemas.CatalogEnding,
) -> agreed.PerDiemAgreementRead:
    """End an agreement on a day (included); stays that began under it keep it.

    Raises:
        problems.NotFound: the institution has no such agreement.
        errors.EndingInvalid: before it began, or after its present end.
    """
    own = [col(PerDiemAgreement.institution_id) == institution_id]
    row = await repository.find_dated(
        session, PerDiemAgreement, region_id=principal.region_id, row_id=agreement_id, where=own, lock=True
    )
    if row is None:
        raise problems.NotFound(what="按床日付费协议")
    rules.refuse_ending(row.valid_from, row.valid_to, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    return _read(row)


def _same(row: PerDiemAgreement) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that an agreement is about the same stays and the same insurance."""
    return (
        col(PerDiemAgreement.institution_id) == row.institution_id,
        col(PerDiemAgreement.kind) == row.kind,
        col(PerDiemAgreement.plan_code).is_not_distinct_from(row.plan_code),
    )


def _facts(row: PerDiemAgreement) -> PerDiemFacts:
    return PerDiemFacts(
        id=row.id,
        institution_id=row.institution_id,
        kind=StayKind(row.kind),
        plan_code=row.plan_code,
        daily_rate=row.daily_rate,
        pay_ratio=row.pay_ratio,
        year_cap_fen=row.year_cap_fen,
        excluded_codes=frozenset(row.excluded_codes),
        institution_share=row.institution_share,
        income_class=rules.IncomeClass(row.income_class),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _read(row: PerDiemAgreement) -> agreed.PerDiemAgreementRead:
    return agreed.PerDiemAgreementRead.model_validate(row.model_dump(exclude={"region_id"}))
