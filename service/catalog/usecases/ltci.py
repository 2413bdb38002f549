"""Long-term care insurance of the region (长期护理保险): dated rules; a new one ends the running one the day before."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import claim_schemas, errors, ltci_rules, repository, rules
from service.catalog import ltci_schemas as forms
from service.catalog.ltci_models import LtciRuleRow
from service.catalog.schemas import CatalogEnding
from service.catalog.usecases import services
from service.core import money, problems
from service.core.db import refusals
from service.core.paging import PageRequest
from service.core.principal import Principal


async def ltci_rule(session: AsyncSession, *, region_id: UUID, on: date) -> ltci_rules.LtciRule | None:
    """Return what long-term care insurance pays on a day, or None when the region has none."""
    found = await repository.LTCI_RULES.ask(session, region_id=region_id, on=on)
    return _facts(found[0]) if found else None


async def add_ltci_rule(
    session: AsyncSession, *, principal: Principal, asked: forms.LtciRuleCreate
) -> forms.LtciRuleRead:
    """Say what long-term care insurance pays from a day on; an open rule ends the running open one the day before.

    Raises:
        errors.ItemUnknown: it pays a code that is not in the region's list.
        errors.LtciRulesOverlap: another rule holds on some of these days.
    """
    await services.refuse_unlisted(session, region_id=principal.region_id, codes=set(asked.codes))
    row = LtciRuleRow(
        region_id=principal.region_id,
        name=asked.name,
        codes=sorted(asked.codes),
        pay_ratio=asked.pay_ratio,
        monthly_caps={str(each.grade): money.whole_fen(each.monthly_cap) for each in asked.grades},
        valid_from=asked.valid_from,
        valid_to=asked.valid_to,
        insutype=asked.insutype,
        med_types=asked.kept(),
    )
    await repository.add_dated(session, row)
    return _read(row)


async def list_ltci_rules(
    session: AsyncSession, *, principal: Principal, on: date | None, page: PageRequest
) -> list[forms.LtciRuleRead]:
    """Return a page (and one more) of the region's rules: all ever, or that of a day."""
    found = await repository.list_dated(session, LtciRuleRow, region_id=principal.region_id, where=[], page=page, on=on)
    return [_read(row) for row in found]


async def end_ltci_rule(
    session: AsyncSession, *, principal: Principal, rule_id: UUID, asked: CatalogEnding
) -> forms.LtciRuleRead:
    """End a rule on a day (included).

    Raises:
        problems.NotFound: no such rule.
        errors.EndingInvalid: before it began, or after its present end.
    """
    row = await repository.find_dated(session, LtciRuleRow, region_id=principal.region_id, row_id=rule_id, lock=True)
    if row is None:
        raise problems.NotFound(what="长护险待遇规则")
    rules.refuse_ending(row.valid_from, row.valid_to, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    return _read(row)


def _caps(row: LtciRuleRow) -> dict[int, int]:
    return {int(grade): int(fen) for grade, fen in sorted(row.monthly_caps.items())}


def _facts(row: LtciRuleRow) -> ltci_rules.LtciRule:
    return ltci_rules.LtciRule(
        name=row.name,
        codes=frozenset(row.codes),
        pay_ratio=row.pay_ratio,
        monthly_caps=_caps(row),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _read(row: LtciRuleRow) -> forms.LtciRuleRead:
    return forms.LtciRuleRead(
        id=row.id,
        name=row.name,
        codes=row.codes,
        pay_ratio=row.pay_ratio,
        grades=[forms.GradeCapRead(grade=grade, monthly_cap_fen=fen) for grade, fen in _caps(row).items()],
        insutype=row.insutype,
        med_types=claim_schemas.shown(row.med_types),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


refusals.name_constraints({"ltci_rules_one": errors.LtciRulesOverlap})
