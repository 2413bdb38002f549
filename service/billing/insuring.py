"""Which insurances pay for a patient at an institution on a day: only where the institution is designated (定点).

Where it is not, medical insurance does not reach the kernel at all. Long-term care insurance does, with nothing left to
pay: a service of its catalogue is never medical insurance's instead. The labels tell the family why neither pays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import rules, statement
from service.catalog import usecases as catalog
from service.catalog.ltci_rules import LtciRule
from service.catalog.rules import InsuranceFacts
from service.institutions import usecases as institutions
from service.institutions.rules import LTCI_PLAN
from service.patients import usecases as patients
from service.patients.rules import CoverageFacts


@dataclass(frozen=True, slots=True)
class Insurances:
    """What pays by insurance: the coverage and its rule, and long-term care insurance as the kernel knows it.

    `ltci_cap_fen` is what is granted for the month; None where LTCI pays nothing.
    """

    coverage: CoverageFacts | None
    rule: InsuranceFacts | None
    ltci_grade: int | None
    ltci: rules.LtciTerms | None
    ltci_cap_fen: int | None
    labels: Mapping[str, str]

    @property
    def plan_code(self) -> str | None:
        """The plan of the medical insurance that pays."""
        return self.coverage.plan_code if self.coverage else None


async def insurances_on(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, person_id: UUID, on: date
) -> Insurances:
    """Return which insurances pay for a patient at an institution on a day."""
    at = {"region_id": region_id, "institution_id": institution_id}
    coverage = await patients.coverage_on(session, region_id=region_id, person_id=person_id, on=on)
    rule = None
    labels: dict[str, str] = {}
    if coverage is not None:
        rule = await catalog.insurance_rule(session, region_id=region_id, plan_code=coverage.plan_code, on=on)
        if rule is not None and not await institutions.designated_on(
            session, **at, plan_code=coverage.plan_code, on=on
        ):
            labels[statement.NOT_DESIGNATED] = f"本机构当日不是“{rule.name}”定点机构，医保不支付"
            coverage = rule = None
    grade, terms = await _ltci(session, region_id=region_id, person_id=person_id, on=on)
    cap = terms.monthly_cap_fen if terms else None
    if terms is not None and not await institutions.designated_on(session, **at, plan_code=LTCI_PLAN, on=on):
        labels[statement.NOT_DESIGNATED_LTCI] = (
            "属于长期护理保险目录，但本机构当日不是长期护理保险定点机构，长期护理保险和医保都不支付"
        )
        terms, cap = _with_nothing_left(terms), None
    return Insurances(coverage, rule, grade if terms else None, terms, cap, labels)


async def _ltci(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date
) -> tuple[int | None, rules.LtciTerms | None]:
    """Return the patient's grade and what LTCI pays for it; None where it pays for no such grade."""
    rule = await catalog.ltci_rule(session, region_id=region_id, on=on)
    held = await patients.ltci_on(session, region_id=region_id, person_id=person_id, on=on) if rule else None
    if rule is None or held is None or held.grade not in rule.monthly_caps:
        return None, None
    return held.grade, _terms(rule, held.grade)


def _terms(rule: LtciRule, grade: int) -> rules.LtciTerms:
    return rules.LtciTerms(rule.eligible_grades, rule.codes, rule.pay_ratio, rule.monthly_caps[grade])


def _with_nothing_left(terms: rules.LtciTerms) -> rules.LtciTerms:
    return rules.LtciTerms(terms.eligible_grades, terms.catalog, terms.pay_ratio, 0)
