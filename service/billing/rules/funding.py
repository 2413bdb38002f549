"""Who pays: the seven sources in their order, each takes what it can of what the earlier ones left.

Programmes, per-diem, capitation and contracts pay units; long-term care insurance (长期护理保险), medical insurance and
the patient pay money. A unit that is paid is never charged again (不得重复收费): R038, R039, R040, R042.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from service.billing.rules import bills, terms, words
from service.core import money


@dataclass(slots=True)
class Purse:
    """The balances while one bill is made: what was used before, and what its lines have taken so far."""

    used: words.Used
    consumptions: list[bills.Consumption] = field(default_factory=list)
    _taken: dict[words.Entitlement, int] = field(default_factory=dict)

    def left(self, entitlement: words.Entitlement, cap: int) -> int:
        """Return what is left below a cap; a balance that is above it leaves nothing."""
        return max(0, cap - self.used.get(entitlement, 0) - self._taken.get(entitlement, 0))

    def take(self, entitlement: words.Entitlement, code: str, amount: int) -> None:
        """Use `amount` of a balance for the line `code`."""
        if amount:
            self._taken[entitlement] = self._taken.get(entitlement, 0) + amount
            self.consumptions.append(bills.Consumption(entitlement, code, amount))


@dataclass(frozen=True, slots=True)
class Desk:
    """Whoever funds the lines of one visit: the visit, its terms, its patient and the patient's balances.

    `contracts` are the patient's contracts in force on the service date, the earliest signed first, then by id.
    """

    visit: words.Visit
    terms: terms.Terms
    patient: words.Patient
    contracts: tuple[words.Contract, ...]
    purse: Purse

    def entitlement(
        self, balance: words.Balance, ref: str | None = None, code: str | None = None, period: str | None = None
    ) -> words.Entitlement:
        """Return the patient's entitlement of that kind."""
        return words.Entitlement(balance, self.patient.id, ref, code, period)


@dataclass(slots=True)
class _Claim:
    """A line on its way through the sources: `units_left` to be paid of `units`, and `rest_fen` of its gross."""

    code: str
    unit_price: Decimal
    units: int
    units_left: int
    rest_fen: int
    funding: list[bills.Funding] = field(default_factory=list)

    def pay_units(
        self,
        source: bills.Source,
        reason: bills.FundingReason,
        *,
        ref: str,
        units: int,
        left: int | None = None,
    ) -> None:
        """Let a source pay units. It pays what they add to the rounded total, so that the sums are exact."""
        paid = self.units - self.units_left
        amount = money.line_total_fen(self.unit_price, paid + units) - money.line_total_fen(self.unit_price, paid)
        self.units_left -= units
        self.rest_fen -= amount
        if amount:
            self.funding.append(bills.Funding(source, amount, reason, ref=ref, units=units, left=left))

    def pay_money(
        self, source: bills.Source, reason: bills.FundingReason, amount_fen: int, *, left: int | None = None
    ) -> None:
        """Let a source pay money."""
        self.rest_fen -= amount_fen
        if amount_fen:
            self.funding.append(bills.Funding(source, amount_fen, reason, left=left))


def open_desk(visit: words.Visit, holds: terms.Terms, patient: words.Patient, used: words.Used) -> Desk:
    """Prepare to fund the lines of a visit; `used` are the balances without it."""
    active = [contract for contract in patient.contracts if contract.is_active(visit.service_on)]
    ordered = sorted(active, key=lambda contract: (contract.signed_on, contract.id))
    return Desk(visit, holds, patient, tuple(ordered), Purse(used))


def fund_line(line: bills.Line, desk: Desk) -> tuple[bills.Funding, ...]:
    """Find who pays a charged line, in the order of the sources, and take it from their balances.

    Units of a price of 0 are used as well. A line that is included or excluded is funded by nobody.
    """
    claim = _Claim(line.code, line.price.unit_price, line.charged_quantity, line.charged_quantity, line.gross_fen)
    _ask_programmes(claim, desk)
    _ask_per_diem(claim, desk)
    _ask_capitation(claim, desk)
    _ask_contracts(claim, desk)
    if _is_ltci_line(claim, desk):
        _ask_ltci(claim, desk)
        why = bills.FundingReason.ltci_excludes_insurance
    else:
        why = _ask_insurance(claim, desk, line.price.insurance_class, line.price.self_ratio)
    claim.pay_money(bills.Source.self_pay, why, claim.rest_fen)
    return tuple(claim.funding)


def fund_fee(share_fen: int, tariff: terms.Tariff, desk: Desk) -> tuple[bills.Funding, ...]:
    """Find who pays a share of the visit fee that nobody waives: insurance by the tariff's class, and the patient."""
    claim = _Claim(words.VISIT_FEE, Decimal(0), 0, 0, share_fen)
    why = _ask_insurance(claim, desk, tariff.insurance_class, tariff.self_ratio)
    claim.pay_money(bills.Source.self_pay, why, claim.rest_fen)
    return tuple(claim.funding)


def _ask_programmes(claim: _Claim, desk: Desk) -> None:
    on = desk.visit.service_on
    for enrolment in desk.patient.enrolments:
        programme = desk.terms.programmes[enrolment.programme]
        if claim.code not in programme.per_year or not (enrolment.valid.covers(on) and programme.valid.covers(on)):
            continue
        balance = desk.entitlement(words.Balance.program_units, programme.id, claim.code, words.year_of(on))
        cap = programme.per_year[claim.code]
        units = min(claim.units_left, desk.purse.left(balance, cap))
        desk.purse.take(balance, claim.code, units)
        claim.pay_units(
            bills.Source.public_program,
            bills.FundingReason.program_units,
            ref=programme.id,
            units=units,
            left=desk.purse.left(balance, cap),
        )


def _ask_per_diem(claim: _Claim, desk: Desk) -> None:
    for bed in desk.patient.beds:
        if (
            bed.per_diem is not None
            and claim.code not in bed.per_diem.excluded_codes
            and bed.is_open(desk.visit.service_on)
        ):
            reason = bills.FundingReason.bed_per_diem
            claim.pay_units(bills.Source.bed_per_diem, reason, ref=bed.id, units=claim.units_left)
            return


def _ask_capitation(claim: _Claim, desk: Desk) -> None:
    for contract in desk.contracts:
        if claim.code in contract.capitated_codes:
            reason = bills.FundingReason.capitated
            claim.pay_units(bills.Source.capitation, reason, ref=contract.id, units=claim.units_left)
            return


def _ask_contracts(claim: _Claim, desk: Desk) -> None:
    for contract in desk.contracts:
        item = contract.items.get(claim.code)
        if item is None:
            continue
        balance = desk.entitlement(words.Balance.contract_units, contract.id, claim.code)
        left = desk.purse.left(balance, item.quantity)
        if item.counting is words.Counting.visit:
            units = claim.units_left if left else 0
            uses, reason = min(units, 1), bills.FundingReason.contract_use
        else:
            units = min(claim.units_left, left)
            uses, reason = units, bills.FundingReason.contract_units
        desk.purse.take(balance, claim.code, uses)
        claim.pay_units(bills.Source.contract, reason, ref=contract.id, units=units, left=left - uses)


def _is_ltci_line(claim: _Claim, desk: Desk) -> bool:
    """Return whether a line is the LTCI's, whatever its cap leaves; it then goes to no medical insurance (R076)."""
    ltci = desk.terms.ltci
    return ltci is not None and desk.patient.ltci_grade in ltci.eligible_grades and claim.code in ltci.catalog


def _ask_ltci(claim: _Claim, desk: Desk) -> None:
    """Let LTCI pay up to the cap of the calendar month, which does not carry over (R075)."""
    ltci = desk.terms.ltci
    if ltci is None:
        return
    balance = desk.entitlement(words.Balance.ltci_fen, period=words.month_of(desk.visit.service_on))
    amount = min(money.ratio_fen(claim.rest_fen, ltci.pay_ratio), desk.purse.left(balance, ltci.monthly_cap_fen))
    desk.purse.take(balance, claim.code, amount)
    left = desk.purse.left(balance, ltci.monthly_cap_fen)
    claim.pay_money(bills.Source.ltci, bills.FundingReason.ltci_catalog, amount, left=left)


def _ask_insurance(
    claim: _Claim, desk: Desk, insurance_class: words.InsuranceClass, self_ratio: Decimal
) -> bills.FundingReason:
    """Let medical insurance pay its part of the rest and return why the patient pays what then remains.

    The deductible of the year is used up first, also when the fund then pays nothing.
    """
    insured, insurance, on = desk.patient.insured, desk.terms.insurance, desk.visit.service_on
    if insured is None or insurance is None or not insured.covers(on):
        return bills.FundingReason.nobody_pays
    if insurance_class is words.InsuranceClass.C:
        return bills.FundingReason.class_c
    eligible = claim.rest_fen
    if insurance_class is words.InsuranceClass.B:
        eligible -= money.ratio_fen(claim.rest_fen, self_ratio)
    deductible = desk.entitlement(words.Balance.deductible_fen, period=words.year_of(on))
    below = min(eligible, desk.purse.left(deductible, insurance.deductible_fen))
    desk.purse.take(deductible, claim.code, below)
    fund = desk.entitlement(words.Balance.fund_fen, period=words.year_of(on))
    amount = min(
        money.ratio_fen(eligible - below, insurance.pay_ratio), desk.purse.left(fund, insurance.yearly_cap_fen)
    )
    desk.purse.take(fund, claim.code, amount)
    left = desk.purse.left(fund, insurance.yearly_cap_fen)
    claim.pay_money(bills.Source.medical_insurance, bills.FundingReason.insurance, amount, left=left)
    return bills.FundingReason.rest_after_insurance if amount else bills.FundingReason.insurance_exhausted
