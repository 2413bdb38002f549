"""What pays for a visit, and what stands around it, as facts: from rows that each contender has fetched in its own way.

Contracts, programmes and the entitlements' balances; medical and long-term care insurance where the institution is
designated; the price books, limits and reductions of the day.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from service.beds import rules as beds
from service.billing import insuring, reductions, rules, statement
from service.billing import limits as limiting
from service.catalog import books
from service.catalog import rules as catalog
from service.catalog.limit_rules import LimitPer
from service.catalog.per_diem_rules import StayKind
from service.catalog.programme_rules import Criteria, ProgrammeKind
from service.contracts import rules as contracts
from service.core import dates
from service.institutions.rules import LTCI_PLAN, InstitutionLevel
from service.patients import facts as patient_facts
from service.patients import rules as patients


@dataclass(frozen=True, slots=True)
class Payers:
    """Everything that may pay for a person on a day at an institution."""

    covers: list[contracts.ContractCover]
    bed: beds.BedFacts | None
    balances: list[contracts.Balance]
    programmes: list[catalog.ProgrammeFacts]
    enrolments: list[contracts.EnrolmentFacts]
    insured: insuring.Insurances

    def due(self, person_id: UUID, on: date) -> list[contracts.Grant]:
        """Return what he has by right in the year and the ledger does not know yet."""
        due = contracts.due_grants(
            person_id=person_id,
            on=on,
            enrolments=self.enrolments,
            programmes=self.programmes,
            insurance=self.insured.rule,
            ltci_cap_fen=self.insured.ltci_cap_fen,
        )
        return contracts.missing_grants(due, self.balances)

    @property
    def free_clinics(self) -> list[str]:
        """The programmes (义诊) of which a visit that they pay for has no fee."""
        return [str(each.id) for each in self.programmes if each.kind is ProgrammeKind.free_clinic]

    @property
    def labels(self) -> dict[str, str]:
        """What people read for the ids of those who pay."""
        automatic = {each.programme_id for each in self.enrolments if each.automatic}
        return (
            {**self.insured.labels}
            | {
                str(each.id): f"“{each.name}”（符合条件自动纳入）" if each.id in automatic else f"“{each.name}”"
                for each in self.programmes
            }
            | {str(cover.contract_id): f"（{cover.signed_on}签）" for cover in self.covers}
            | ({str(self.bed.bed_id): f"（{self.bed.opened_on}建床）"} if self.bed else {})
        )


def rows(record: Any, name: str) -> list[Any]:
    """Return rows of what was fetched; their columns are attributes."""
    return [row(each) for each in record[name] or ()]


def row(each: Any) -> Any:
    """Return a row; a mapped one has attributes already."""
    return SimpleNamespace(**each) if isinstance(each, Mapping) or hasattr(each, "keys") else each


def document(value: Any) -> Any:
    """Return a JSON document, however the driver told it."""
    return json.loads(value) if isinstance(value, str) else value


def payers_of(record: Any, person: patients.PersonFacts, groups: frozenset[patients.KeyGroup], on: date) -> Payers:
    """Return what may pay for a person of some key groups on a day."""
    covers = [
        contracts.ContractCover(
            *each[:7],
            frozenset(each[7]),
            tuple((i["code"], i["quantity"], contracts.Counting(i["counting"])) for i in document(each[8])),
            catalog.IncomeClass(each[9]),
        )
        for each in record["covers"] or ()
    ]
    programmes = _programmes(record)
    by_hand = [
        contracts.EnrolmentFacts(each.programme_id, each.valid_from, each.valid_to)
        for each in rows(record, "enrolments")
    ]
    enrolments = contracts.with_automatic(
        by_hand,
        [each for each in programmes if each.criteria],
        age=patients.age_on(person.born_on, on),
        groups=groups,
        # no programme of the bench's names one, and then nobody looks
        diagnoses=frozenset(),
        on=on,
    )
    return Payers(
        covers, _bed(record["bed"]), balances_of(record["balances"]), programmes, enrolments, _insured(record, on)
    )


def balances_of(found: Any) -> list[contracts.Balance]:
    """Return where the entitlements of a person stand."""
    return [
        contracts.Balance(
            each[0], contracts.Source(each[1]), *each[2:6], contracts.Counting(each[6]), *each[7:10]
        )
        for each in found or ()
    ]  # fmt: skip


def _bed(found: Any) -> beds.BedFacts | None:
    if found is None:
        return None
    bed_id, institution_id, opened_on, closed_on, payment, excluded, kind, pauses, *terms = found
    return beds.BedFacts(
        bed_id, institution_id, opened_on, closed_on, beds.BedPayment(payment), frozenset(excluded), StayKind(kind),
        tuple(
            beds.PauseFacts(date.fromisoformat(first), date.fromisoformat(until) if until else None)
            for first, until in document(pauses)
        ),
        None if terms[0] is None else beds.DayTerms(*terms),
    )  # fmt: skip


def _programmes(record: Any) -> list[catalog.ProgrammeFacts]:
    paid: dict[UUID, dict[str, int]] = {}
    for item in rows(record, "paid"):
        paid.setdefault(item.programme_id, {})[item.code] = item.per_year
    return [
        catalog.ProgrammeFacts(
            each.id, each.code, each.name, each.payer, each.valid_from, each.valid_to, paid.get(each.id, {}),
            ProgrammeKind(each.kind), Criteria(each.minimum_age, frozenset(each.key_groups)),
        )
        for each in rows(record, "programmes")
    ]  # fmt: skip


def _insured(record: Any, on: date) -> insuring.Insurances:
    designated = {each.plan_code for each in rows(record, "designations")}
    coverage = next(
        iter(dates.in_force([patient_facts.coverage(each) for each in rows(record, "coverages")], on)), None
    )
    rule, labels = _rule(record, coverage), {}
    if rule is not None and rule.plan_code not in designated:
        labels[statement.NOT_DESIGNATED] = f"本机构当日不是“{rule.name}”定点机构，医保不支付"
        coverage = rule = None
    grade, terms = _ltci(record, on)
    cap = terms.monthly_cap_fen if terms else None
    if terms is not None and LTCI_PLAN not in designated:
        labels[statement.NOT_DESIGNATED_LTCI] = (
            "属于长期护理保险目录，但本机构当日不是长期护理保险定点机构，长期护理保险和医保都不支付"
        )
        terms, cap = rules.LtciTerms(terms.eligible_grades, terms.catalog, terms.pay_ratio, 0), None
    return insuring.Insurances(coverage, rule, grade if terms else None, terms, cap, labels)


def _rule(record: Any, coverage: patients.CoverageFacts | None) -> catalog.InsuranceFacts | None:
    for each in rows(record, "insurances") if coverage else ():
        if coverage and each.plan_code == coverage.plan_code:
            return catalog.InsuranceFacts(
                each.plan_code, each.name, each.deductible_fen, each.pay_ratio, each.yearly_cap_fen, each.valid_from,
                each.valid_to,
            )  # fmt: skip
    return None


def _ltci(record: Any, on: date) -> tuple[int | None, rules.LtciTerms | None]:
    held = next(iter(dates.in_force(rows(record, "assessments"), on)), None)
    for rule in rows(record, "ltci_rules"):
        caps = {int(grade): int(fen) for grade, fen in document(rule.monthly_caps).items()}
        if held is not None and held.grade in caps:
            return held.grade, rules.LtciTerms(frozenset(caps), frozenset(rule.codes), rule.pay_ratio, caps[held.grade])
    return None, None


def prices_of(record: Any) -> list[catalog.PriceFacts]:
    """Return the prices in force: an institution's own row of a code goes before its level's."""
    return [
        catalog.PriceFacts(
            each.code, each.name, each.unit_price, each.valid_from, each.valid_to, each.per_visit_max,
            frozenset(each.includes), frozenset(each.excludes), catalog.InsuranceClass(each.insurance_class),
            each.self_ratio, catalog.PriceCategory(each.category), catalog.IncomeClass(each.income_class),
            each.national_code, each.unit, InstitutionLevel(each.level) if each.level else None,
        )
        for each in books.own_before_level(rows(record, "prices"))
    ]  # fmt: skip


def tariff_of(record: Any) -> catalog.TariffFacts | None:
    """Return the tariff of the visit fee in force."""
    if record["tariff"] is None:
        return None
    found = row(record["tariff"])
    if found.night:
        raise ValueError("the measured town has no night tariffs")
    return catalog.TariffFacts(
        id=found.id,
        unit=catalog.FeeUnit(found.unit),
        tiers=tuple(
            catalog.TierFacts(
                Decimal(each["up_to_km"]) if each["up_to_km"] is not None else None, Decimal(each["price"])
            )
            for each in document(found.tiers)
        ),
        night=None,
        insurance_class=catalog.InsuranceClass(found.insurance_class),
        self_ratio=found.self_ratio,
        distance_base=catalog.DistanceBase(found.distance_base),
        distance_method=catalog.DistanceMethod(found.distance_method),
        valid_from=found.valid_from,
        valid_to=found.valid_to,
        income_class=catalog.IncomeClass(found.income_class),
    )


def limits_of(record: Any, payers: Payers, codes: set[str], on: date) -> tuple[limiting.Limit, ...]:
    """Return the limits on some services and on the visit fee, with what is used of each."""
    used = {(each.ref_id, each.period): each.used for each in payers.balances if each.source is contracts.Source.limit}
    bed_id = str(payers.bed.bed_id) if payers.bed else None
    found = []
    for each in rows(record, "limits"):
        period = limiting.period_of(LimitPer(each.per), on, bed_id)
        if period is not None and not {*codes, rules.VISIT_FEE}.isdisjoint(each.codes):
            taken = used.get((each.id, period), 0)
            found.append(
                limiting.Limit(str(each.id), each.title, frozenset(each.codes), period, each.maximum, taken)
            )  # fmt: skip
    return tuple(found)


def offer_of(record: Any, groups: frozenset[patients.KeyGroup]) -> reductions.Offer:
    """Return what is taken off for a person of some key groups."""
    found = tuple(
        reductions.Rule(
            str(each.id), each.title, frozenset(each.key_groups), frozenset(each.codes), each.ratio, each.bill_cap_fen
        )
        for each in rows(record, "reductions")
    )
    asked = frozenset(group for each in found for group in each.groups)
    return reductions.Offer(found, frozenset(str(group) for group in groups) & asked)
