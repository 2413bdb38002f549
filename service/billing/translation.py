"""Puts what the neighbours know into the kernel's words. Pure; ids become text, periods both days included."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from service.beds.rules import BedFacts, BedPayment
from service.billing import rules
from service.billing.ledger.rules import Income
from service.catalog.rules import InsuranceFacts, PriceFacts, ProgrammeFacts, TariffFacts
from service.contracts.rules import Balance, ContractCover, EnrolmentFacts, Source
from service.core.clock import LOCAL
from service.institutions.rules import InstitutionFacts, ModeFacts, SettingsOn, settings
from service.patients.rules import CoverageFacts


def policy(on: SettingsOn) -> rules.Policy:
    """Return the switches of an institution on a day."""
    return rules.Policy(
        min_staff=on.of(settings.STAFF_MINIMUM),
        fee=rules.FeePolicy(on.of(settings.FEE_MODE)),
        fee_sharing=rules.FeeSharing(on.of(settings.FEE_SHARING)),
        fee_in_bed_cycle=rules.Leniency(on.of(settings.FEE_IN_BED_CYCLE)),
        fee_when_fully_funded=rules.Leniency(on.of(settings.FEE_WHEN_FULLY_FUNDED)),
    )


def service_modes(institution: InstitutionFacts, modes: Iterable[ModeFacts]) -> tuple[rules.ServiceMode, ...]:
    """Return the registrations of an institution, each cut to the days on which its licence is in force.

    A registration outside the licence counts for nothing (R005).
    """
    if institution.licence_from is None:
        return ()
    found = []
    for mode in modes:
        first = max(mode.valid_from, institution.licence_from)
        last = min((day for day in (mode.valid_to, institution.licence_to) if day is not None), default=None)
        if last is None or first <= last:
            found.append(rules.ServiceMode(str(mode.mode), rules.Period(first, last)))
    return tuple(found)


def prices(rows: Iterable[PriceFacts], codes: Iterable[str]) -> dict[str, tuple[rules.PriceRow, ...]]:
    """Return the price rows of the services asked for."""
    wanted = set(codes)
    return {
        row.code: (
            rules.PriceRow(
                code=row.code,
                name=row.name,
                unit_price=row.unit_price,
                valid=rules.Period(row.valid_from, row.valid_to),
                insurance_class=rules.InsuranceClass(row.insurance_class),
                self_ratio=row.self_ratio,
                per_visit_max=row.per_visit_max,
                includes=row.includes,
                excludes=row.excludes,
                national_code=row.national_code,
                unit=row.unit,
            ),
        )
        for row in rows
        if row.code in wanted
    }


def incomes(rows: Iterable[PriceFacts], tariff: TariffFacts | None) -> dict[str, Income]:
    """Return which income the money of each code is, the visit fee among them."""
    found = {row.code: Income(str(row.income_class), str(row.category)) for row in rows}
    return found | ({rules.VISIT_FEE: Income(str(tariff.income_class))} if tariff else {})


def tariffs(row: TariffFacts | None) -> tuple[rules.Tariff, ...]:
    """Return the visit-fee tariff in force, if there is one."""
    if row is None:
        return ()
    night = rules.Night(row.night.starts_at, row.night.ends_at, row.night.multiplier) if row.night else None
    return (
        rules.Tariff(
            valid=rules.Period(row.valid_from, row.valid_to),
            unit=rules.FeeUnit(row.unit),
            tiers=tuple(rules.Tier(tier.up_to_km, tier.price) for tier in row.tiers),
            night=night,
            insurance_class=rules.InsuranceClass(row.insurance_class),
            self_ratio=row.self_ratio,
        ),
    )


def insurance(rule: InsuranceFacts | None) -> rules.InsuranceTerms | None:
    """Return what the patient's insurance pays."""
    if rule is None:
        return None
    return rules.InsuranceTerms(rule.deductible_fen, rule.pay_ratio, rule.yearly_cap_fen)


def programmes(rows: Iterable[ProgrammeFacts], enrolments: Iterable[EnrolmentFacts]) -> dict[str, rules.Programme]:
    """Return the programmes in force in which the patient is enrolled, by id."""
    enrolled = {each.programme_id for each in enrolments}
    return {
        str(row.id): rules.Programme(str(row.id), rules.Period(row.valid_from, row.valid_to), dict(row.items))
        for row in rows
        if row.id in enrolled
    }


def patient(
    person_id: UUID,
    *,
    enrolments: Iterable[EnrolmentFacts],
    known: Mapping[str, rules.Programme],
    coverage: CoverageFacts | None,
    contracts: Iterable[ContractCover],
    bed: BedFacts | None,
    ltci_grade: int | None = None,
) -> rules.Patient:
    """Return the patient with everything that may pay; `known` are the programmes in force."""
    return rules.Patient(
        id=str(person_id),
        enrolments=tuple(
            rules.Enrolment(str(each.programme_id), rules.Period(each.valid_from, each.valid_to))
            for each in enrolments
            if str(each.programme_id) in known
        ),
        ltci_grade=ltci_grade,
        insured=rules.Period(coverage.valid_from, coverage.valid_to) if coverage else None,
        contracts=tuple(_contract(each) for each in contracts),
        beds=(stay(bed),) if bed else (),
    )


def used(
    balances: Iterable[Balance], *, person_id: UUID, plan_code: str | None, own: Mapping[UUID, int]
) -> dict[rules.Entitlement, int]:
    """Return what is used of each entitlement: consumed, or reserved by other live orders.

    `own` is what the visit's order holds itself, by entitlement: settling gives it back first.
    """
    found = {}
    for balance in balances:
        named = _entitlement(balance, str(person_id), plan_code)
        if named is not None:
            found[named] = balance.used + balance.reserved - own.get(balance.entitlement_id, 0)
    return found


def kilometres(metres: int) -> Decimal:
    """Return whole metres as kilometres, exactly."""
    return Decimal(metres).scaleb(-3)


def visit(
    visit_id: UUID,
    *,
    person_id: UUID,
    mode: str,
    service_on: date,
    started_at: datetime,
    verified: bool,
    staff: Iterable[str],
    distance_metres: int,
    items: Iterable[tuple[str, int]],
    home_id: UUID | None = None,
    trip_id: UUID | None = None,
) -> rules.Visit:
    """Return a visit; its local time counts to the second, as in a case file."""
    return rules.Visit(
        id=str(visit_id),
        patient=str(person_id),
        mode=mode,
        service_on=service_on,
        starts_at=started_at.astimezone(LOCAL).time().replace(microsecond=0),
        verified=verified,
        staff=tuple(staff),
        distance_km=kilometres(distance_metres),
        items=tuple(rules.Item(code, quantity) for code, quantity in items),
        home=str(home_id) if home_id else None,
        trip=str(trip_id) if trip_id else None,
    )


def _contract(cover: ContractCover) -> rules.Contract:
    return rules.Contract(
        id=str(cover.contract_id),
        signed_on=cover.signed_on,
        valid=rules.Period(cover.valid_from, cover.valid_to),
        terminated_on=cover.terminated_on,
        covers_visit_fee=cover.covers_visit_fee,
        capitated_codes=cover.capitated_codes,
        items={
            code: rules.ContractItem(quantity, rules.Counting(counting)) for code, quantity, counting in cover.items
        },
    )


def stay(bed: BedFacts) -> rules.Bed:
    """Return a bed with its pauses and what a day of it costs.

    One that was opened before there were agreements costs nothing by the day: of a visit it pays what it excludes not.
    """
    by_the_day = None
    if bed.payment is BedPayment.per_diem:
        terms = bed.terms
        figures = (terms.daily_rate, terms.pay_ratio, terms.year_cap_fen) if terms else (Decimal(0), Decimal(0), 0)
        by_the_day = rules.PerDiem(*figures, bed.excluded_codes)
    return rules.Bed(
        id=str(bed.bed_id),
        opened_on=bed.opened_on,
        closed_on=bed.closed_on,
        pauses=tuple(rules.Pause(pause.first, pause.until) for pause in bed.pauses),
        per_diem=by_the_day,
    )


def _entitlement(balance: Balance, patient_id: str, plan_code: str | None) -> rules.Entitlement | None:
    """Return the kernel's name of a balance; None for an insurance that is not the patient's on that day."""
    match balance.source:
        case Source.contract:
            return rules.Entitlement(
                rules.Balance.contract_units, patient_id, ref=str(balance.ref_id), code=balance.code
            )
        case Source.public_program:
            return rules.Entitlement(
                rules.Balance.program_units, patient_id, str(balance.ref_id), balance.code, balance.period
            )
        case Source.insurance_fund | Source.insurance_deductible:
            if balance.code != plan_code:
                return None
            fund = balance.source is Source.insurance_fund
            kind = rules.Balance.fund_fen if fund else rules.Balance.deductible_fen
            return rules.Entitlement(kind, patient_id, period=balance.period)
        case Source.ltci:
            return rules.Entitlement(rules.Balance.ltci_fen, patient_id, period=balance.period)
        case Source.limit:
            return None  # stands before the kernel
        case Source.per_diem:
            return rules.Entitlement(rules.Balance.per_diem_fen, patient_id, period=balance.period)
