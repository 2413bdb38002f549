"""A bill in words: the kernel's lines with names, Chinese reasons and the ids of those who pay. Pure.

The kernel names contracts, programmes and beds by their ids; people read the labels that the caller gives.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from service.billing import errors, making, reductions, rules
from service.billing import limits as limiting
from service.billing.ledger.claims import Claimed, claimed_of
from service.billing.ledger.rules import DEFAULT_INCOME, Charge, Income, Part
from service.billing.words import LineStatus, Payer
from service.contracts.rules import CONTRACT_PERIOD, Claim, Grant, Source
from service.core import money
from service.core.problems import Refusal

FEE_NAME: Final = "上门服务费"
NOT_DESIGNATED: Final = "not-designated"
"""The label that says why medical insurance does not pay here (定点); ids never look like it."""
NOT_DESIGNATED_LTCI: Final = "not-designated-ltci"
"""The label that says why long-term care insurance does not pay here."""

_PROBLEMS: Final[Mapping[rules.RefusalReason, type[Refusal]]] = {
    rules.RefusalReason.visit_not_verified: errors.VisitNotVerified,
    rules.RefusalReason.provider_not_qualified: errors.ProviderNotQualified,
    rules.RefusalReason.too_few_staff: errors.TooFewStaff,
    rules.RefusalReason.price_missing: errors.PriceMissing,
    rules.RefusalReason.outside_service_area: errors.OutsideServiceArea,
}
"""The gate's reasons that a quote or a settlement can meet; those of bed days have no door here yet."""


FREE_CLINIC: Final = "free-clinic"
"""The label that says why a visit has no fee at all."""
_UNDESIGNATED: Final[Mapping[rules.FundingReason, str]] = {
    rules.FundingReason.nobody_pays: NOT_DESIGNATED,
    rules.FundingReason.ltci_excludes_insurance: NOT_DESIGNATED_LTCI,
}


@dataclass(frozen=True, slots=True)
class FundingFacts:
    """One payer's part of a line; `ref_id` is the contract, programme, bed or reduction, `units` what it pays in units.

    `income_class` is that of the package that pays; None: the line's. `remaining` is what its balance holds afterwards:
    units or uses, or fen.
    """

    source: Payer
    amount_fen: int
    units: int | None
    ref_id: UUID | None
    reason: str
    income_class: str | None = None
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One line of a bill; `quantity` is None for the visit fee.

    `income` is which income its money is, `claim` what of it came before medical insurance, `sentence` what the elder
    reads.
    """

    code: str
    name: str
    quantity: int | None
    charged_quantity: int | None
    status: LineStatus
    gross_fen: int
    patient_fen: int
    price_from: date | None
    reason: str
    fundings: tuple[FundingFacts, ...]
    income: Income = DEFAULT_INCOME
    claim: Claimed | None = None
    national_code: str | None = None
    unit: str | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class QuoteFacts:
    """What a visit would cost, and exactly the programme and contract units that it would use.

    `row` is what is written down of it, all but its order.
    """

    quote_id: UUID
    gross_fen: int
    reduction_fen: int
    patient_fen: int
    distance_metres: int
    claims: tuple[Claim, ...]
    lines: tuple[LineFacts, ...]
    row: Mapping[str, Any]


def posted_lines(
    made: making.Made,
    labels: Mapping[str, str],
    incomes: Mapping[str, Income],
    package_classes: Mapping[str, str],
) -> tuple[LineFacts, ...]:
    """Return the lines of a bill with what the ledger and the insurer ask of each.

    What a contract pays, by the unit or by the head, is income of its package's class.
    """
    claims = claimed_of(made.settlement)
    return tuple(
        replace(
            line,
            income=incomes.get(line.code, DEFAULT_INCOME),
            claim=None if line.status is LineStatus.limited else claims.get(line.code),
            fundings=tuple(replace(paid, income_class=package_classes.get(str(paid.ref_id))) for paid in line.fundings),
        )
        for line in lines_of(made, labels)
    )


def charges_of(lines: Iterable[LineFacts]) -> tuple[Charge, ...]:
    """Return the lines as the ledger books them."""
    return tuple(
        Charge(
            line.code,
            line.income,
            tuple(Part(str(paid.source), paid.amount_fen, paid.income_class) for paid in line.fundings),
        )
        for line in lines
    )


def lines_of(made: making.Made, labels: Mapping[str, str]) -> tuple[LineFacts, ...]:
    """Return the lines of a bill as people read them, the fee last; `labels` gives a payer's id a name."""
    names = {line.code: line.price.name for line in made.bill.lines}
    return tuple(_line(line, off, made, names, labels) for line, off in made.lines)


def problem_of(refusal: rules.Refusal) -> Refusal:
    """Return the problem document of a refusal of the kernel's gate."""
    # `code` is the problem's own word
    facts = {"item_code" if name == "code" else name: fact for name, fact in refusal.facts.items()}
    return _PROBLEMS[refusal.reason](what=rules.explain_refusal(refusal).removesuffix("，不能结算"), **facts)


def claims_of(made: making.Made, *, person_id: UUID, plan_code: str | None) -> tuple[Claim, ...]:
    """Return what a bill uses as the ledger names it, limits included: one claim per entitlement, all lines added up.

    The order is the same for every bill, so that two that use the same entitlements never wait for each other.
    """
    units: dict[tuple[Source, UUID, str, str], int] = {}
    for used in made.settlement.consumptions:
        key = _ledger_key(used.entitlement, person_id, plan_code)
        units[key] = units.get(key, 0) + used.amount
    units |= {grant.key: use.units for grant, use in zip(limit_grants(made), made.uses, strict=True)}
    return tuple(Claim(*key, units=amount) for key, amount in sorted(units.items()))


def reserved_of(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Return the claims that a booking reserves: programme and contract units; money is not reserved."""
    return tuple(claim for claim in claims if claim.source in {Source.contract, Source.public_program})


def _ledger_key(of: rules.Entitlement, person_id: UUID, plan_code: str | None) -> tuple[Source, UUID, str, str]:
    match of.balance:
        case rules.Balance.contract_units:
            return Source.contract, UUID(of.ref), of.code or "", CONTRACT_PERIOD
        case rules.Balance.program_units:
            return Source.public_program, UUID(of.ref), of.code or "", of.period or ""
        case rules.Balance.deductible_fen:
            return Source.insurance_deductible, person_id, plan_code or "", of.period or ""
        case rules.Balance.fund_fen:
            return Source.insurance_fund, person_id, plan_code or "", of.period or ""
        case rules.Balance.ltci_fen:
            return Source.ltci, person_id, "", of.period or ""
        case rules.Balance.per_diem_fen:
            return Source.per_diem, person_id, "", of.period or ""


def limit_grants(made: making.Made) -> tuple[Grant, ...]:
    """Return the limits that a bill uses, as the ledger grants them."""
    return tuple(
        Grant(Source.limit, UUID(use.limit.id), "", use.limit.period, cap=use.limit.maximum) for use in made.uses
    )


def _line(
    line: making.Line,
    off: reductions.Reduced | None,
    made: making.Made,
    names: Mapping[str, str],
    labels: Mapping[str, str],
) -> LineFacts:
    if isinstance(line, limiting.Cut):
        return _cut(line, made)
    if isinstance(line, rules.FeeLine):
        return _fee(line, off, labels)
    return LineFacts(
        code=line.code,
        name=line.price.name,
        quantity=line.quantity,
        charged_quantity=line.charged_quantity,
        status=LineStatus(line.status),
        gross_fen=line.gross_fen,
        patient_fen=line.patient_fen - (off.amount_fen if off else 0),
        price_from=line.price.valid.first,
        reason=_line_reason(line, names, labels),
        fundings=tuple(_fundings(line, off, labels)),
        national_code=line.price.national_code,
        unit=line.price.unit,
    )


def _fee(fee: rules.FeeLine, off: reductions.Reduced | None, labels: Mapping[str, str]) -> LineFacts:
    return LineFacts(
        code=rules.VISIT_FEE,
        name=FEE_NAME,
        quantity=None,
        charged_quantity=None,
        status=LineStatus(fee.status),
        gross_fen=fee.gross_fen,
        patient_fen=fee.patient_fen - (off.amount_fen if off else 0),
        price_from=fee.share.own.tariff.valid.first,
        reason=rules.explain_fee(fee),
        fundings=tuple(_fundings(fee, off, labels)),
    )


def _cut(cut: limiting.Cut, made: making.Made) -> LineFacts:
    """Return the line of what did not reach the kernel, and which limit says so."""
    row = making.dated_row(cut, made)
    price = row if isinstance(row, rules.PriceRow) else None
    name = price.name if price else FEE_NAME
    return LineFacts(
        code=cut.code,
        name=name,
        quantity=cut.quantity if price else None,
        charged_quantity=0 if price else None,
        status=LineStatus.limited,
        gross_fen=0,
        patient_fen=0,
        price_from=row.valid.first,
        reason=f"{name}{f'×{cut.quantity}' if price else ''}：{cut.limit.title}，本次不收",
        fundings=(),
        national_code=price.national_code if price else None,
        unit=price.unit if price else None,
    )


def _fundings(
    line: rules.Line | rules.FeeLine, off: reductions.Reduced | None, labels: Mapping[str, str]
) -> Iterable[FundingFacts]:
    """Yield who bears the parts of a line; what is taken off the patient's stands before what he still pays."""
    for paid in line.funding:
        rest = paid
        if off is not None and paid.source is rules.Source.self_pay:
            why = f"{name_of(line)}：{off.rule.title}，减免{money.format_yuan(off.amount_fen)}元"
            yield FundingFacts(Payer.reduction, off.amount_fen, None, UUID(off.rule.id), why)
            rest = replace(paid, amount_fen=paid.amount_fen - off.amount_fen)
        if rest.amount_fen:
            ref_id = UUID(paid.ref) if paid.ref else None
            said = _reason(rest, line, labels)
            yield FundingFacts(Payer(paid.source), rest.amount_fen, paid.units, ref_id, said, remaining=paid.left)


def name_of(line: rules.Line | rules.FeeLine) -> str:
    """Return what a line of the kernel is called."""
    return line.price.name if isinstance(line, rules.Line) else FEE_NAME


def _line_reason(line: rules.Line, names: Mapping[str, str], labels: Mapping[str, str]) -> str:
    said = rules.explain_line(line, names)
    return f"{said}；{labels[FREE_CLINIC]}" if FREE_CLINIC in labels else said


def _reason(paid: rules.Funding, line: rules.Line | rules.FeeLine, labels: Mapping[str, str]) -> str:
    """Return the sentence about a payer's part; the patient's says so where an insurance would pay elsewhere (定点)."""
    label = labels.get(_UNDESIGNATED.get(paid.reason, ""))
    price = line.price if isinstance(line, rules.Line) else line.share.own.tariff
    if label is None:
        return rules.explain_funding(replace(paid, ref=labels.get(paid.ref or "", "")), line)
    if paid.reason is rules.FundingReason.nobody_pays and price.insurance_class is rules.InsuranceClass.C:
        # no institution's medical insurance pays for it
        return rules.explain_funding(replace(paid, reason=rules.FundingReason.class_c), line)
    return f"{name_of(line)}：{label}，您自付{money.format_yuan(paid.amount_fen)}元"
