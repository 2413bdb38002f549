"""减免 of an institution or of the whole region: dated rows under a code; a new one ends the running one before it."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.catalog import errors, repository, rules
from service.catalog import reduction_schemas as forms
from service.catalog.reduction_models import ReductionRule
from service.catalog.reduction_rules import ReductionFacts
from service.catalog.schemas import CatalogEnding
from service.catalog.usecases import services
from service.core import access, money, problems
from service.core.db import refusals
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.patients.rules import KeyGroup


async def reduction_rules(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, on: date
) -> list[ReductionFacts]:
    """Return what is taken off at an institution on a day: its own rules and the region's, by id."""
    found = await repository.REDUCTIONS.ask(session, region_id=region_id, institution_id=institution_id, on=on)
    return [_facts(row) for row in found]


async def reduction_rules_between(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, first: date, last: date
) -> list[ReductionFacts]:
    """Return what is taken off at an institution on any of some days, both included: by id, each with its days."""
    own = or_(col(ReductionRule.institution_id).is_(None), col(ReductionRule.institution_id) == institution_id)
    found = await repository.find_overlapping(
        session, ReductionRule, region_id=region_id, where=[own], first=first, last=last
    )
    return [_facts(row) for row in found]


async def add_reduction_rule(
    session: AsyncSession, *, principal: Principal, institution_id: UUID | None, asked: forms.ReductionRuleCreate
) -> forms.ReductionRuleRead:
    """Take something off from a day on; an open rule ends the running open one of its code the day before.

    Raises:
        problems.NotFound: another's institution.
        errors.ItemUnknown: it names a service that is not in the region's list.
        errors.ReductionRulesOverlap: another rule of the code holds on some of these days.
    """
    _require(principal, institution_id)
    await services.refuse_unlisted(
        session, region_id=principal.region_id, codes=set(asked.codes) - {rules.VISIT_FEE_CODE, rules.BED_DAY_CODE}
    )
    row = ReductionRule(
        region_id=principal.region_id,
        institution_id=institution_id,
        **asked.model_dump(exclude={"key_groups", "codes", "bill_cap"}),
        key_groups=sorted(asked.key_groups),
        codes=sorted(asked.codes),
        bill_cap_fen=None if asked.bill_cap is None else money.whole_fen(asked.bill_cap),
    )
    await repository.add_dated(session, row, _of(institution_id), col(ReductionRule.code) == asked.code)
    return _read(row)


async def list_reduction_rules(
    session: AsyncSession, *, principal: Principal, institution_id: UUID | None, on: date | None, page: PageRequest
) -> list[forms.ReductionRuleRead]:
    """Return a page (and one more) of the rules of an institution, or (None) of the region: all ever, or of a day.

    Raises:
        problems.NotFound: the region has no such institution.
    """
    if institution_id is not None:
        await institutions.get_institution(session, region_id=principal.region_id, institution_id=institution_id)
    found = await repository.list_dated(
        session, ReductionRule, region_id=principal.region_id, where=[_of(institution_id)], page=page, on=on
    )
    return [_read(row) for row in found]


async def end_reduction_rule(
    session: AsyncSession, *, principal: Principal, institution_id: UUID | None, rule_id: UUID, asked: CatalogEnding
) -> forms.ReductionRuleRead:
    """End a rule on a day (included).

    Raises:
        problems.NotFound: no such rule of one's own institution, or of the region.
        errors.EndingInvalid: before it began, or after its present end.
    """
    _require(principal, institution_id)
    row = await repository.find_dated(
        session, ReductionRule, region_id=principal.region_id, row_id=rule_id, where=[_of(institution_id)], lock=True
    )
    if row is None:
        raise problems.NotFound(what="减免规则")
    rules.refuse_ending(row.valid_from, row.valid_to, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    return _read(row)


def _require(principal: Principal, institution_id: UUID | None) -> None:
    if institution_id is not None:
        access.require_institution(principal, institution_id)


def _of(institution_id: UUID | None) -> ColumnElement[bool]:
    return col(ReductionRule.institution_id).is_not_distinct_from(institution_id)


def _facts(row: ReductionRule) -> ReductionFacts:
    return ReductionFacts(
        id=row.id,
        institution_id=row.institution_id,
        code=row.code,
        title=row.title,
        key_groups=frozenset(KeyGroup(each) for each in row.key_groups),
        codes=frozenset(row.codes),
        ratio=row.ratio,
        bill_cap_fen=row.bill_cap_fen,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _read(row: ReductionRule) -> forms.ReductionRuleRead:
    return forms.ReductionRuleRead.model_validate(row.model_dump(exclude={"region_id"}))


refusals.name_constraints({"reduction_rules_one": errors.ReductionRulesOverlap})
