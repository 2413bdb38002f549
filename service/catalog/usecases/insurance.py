"""Medical insurance of the region (基本医保): dated rules; a new one ends the running one the day before."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import claim_schemas, repository, rules, schemas
from service.catalog.models import InsuranceRule
from service.core import money, problems
from service.core.paging import PageRequest
from service.core.principal import Principal


async def insurance_rule(
    session: AsyncSession, *, region_id: UUID, plan_code: str, on: date
) -> rules.InsuranceFacts | None:
    """Return what an insurance pays on a day, or None when it pays nothing."""
    found = await repository.INSURANCES.ask(session, region_id=region_id, on=on)
    return next((_facts(row) for row in found if row.plan_code == plan_code), None)


async def add_insurance_rule(
    session: AsyncSession, *, principal: Principal, asked: schemas.InsuranceRuleCreate
) -> schemas.InsuranceRuleRead:
    """Say what an insurance pays from a day on; an open rule ends the running open one the day before.

    Raises:
        errors.InsuranceRulesOverlap: another rule of the plan holds on some of these days.
    """
    row = InsuranceRule(
        region_id=principal.region_id,
        plan_code=asked.plan_code,
        name=asked.name,
        deductible_fen=money.whole_fen(asked.deductible),
        pay_ratio=asked.pay_ratio,
        yearly_cap_fen=money.whole_fen(asked.yearly_cap),
        valid_from=asked.valid_from,
        valid_to=asked.valid_to,
        insutype=asked.insutype,
        med_types=asked.kept(),
    )
    await repository.add_dated(session, row, repository.of_plan(asked.plan_code))
    return _read(row)


async def list_insurance_rules(
    session: AsyncSession, *, principal: Principal, plan_code: str | None, on: date | None, page: PageRequest
) -> list[schemas.InsuranceRuleRead]:
    """Return a page (and one more) of the region's insurance rules: all ever, of one plan, or those of a day."""
    where = [repository.of_plan(plan_code)] if plan_code is not None else []
    found = await repository.list_dated(
        session, InsuranceRule, region_id=principal.region_id, where=where, page=page, on=on
    )
    return [_read(row) for row in found]


async def end_insurance_rule(
    session: AsyncSession, *, principal: Principal, rule_id: UUID, asked: schemas.CatalogEnding
) -> schemas.InsuranceRuleRead:
    """End an insurance rule on a day (included).

    Raises:
        problems.NotFound: no such rule.
        errors.EndingInvalid: before it began, or after its present end.
    """
    row = await repository.find_dated(session, InsuranceRule, region_id=principal.region_id, row_id=rule_id, lock=True)
    if row is None:
        raise problems.NotFound(what="医保待遇规则")
    rules.refuse_ending(row.valid_from, row.valid_to, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    return _read(row)


def _facts(row: InsuranceRule) -> rules.InsuranceFacts:
    return rules.InsuranceFacts(
        plan_code=row.plan_code,
        name=row.name,
        deductible_fen=row.deductible_fen,
        pay_ratio=row.pay_ratio,
        yearly_cap_fen=row.yearly_cap_fen,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _read(row: InsuranceRule) -> schemas.InsuranceRuleRead:
    return schemas.InsuranceRuleRead.model_validate(
        row.model_dump(exclude={"region_id"}) | {"med_types": claim_schemas.shown(row.med_types)}
    )
