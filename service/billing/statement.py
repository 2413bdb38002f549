"""A bill in words: the kernel's lines with names, Chinese reasons and the ids of those who pay. Pure.

The kernel names contracts, programmes and beds by their ids; people read the labels that the caller gives.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from service.billing import errors, rules
from service.contracts.rules import CONTRACT_PERIOD, Claim, Source
from service.core.problems import Refusal

FEE_NAME: Final = "上门服务费"

_PROBLEMS: Final[Mapping[rules.RefusalReason, type[Refusal]]] = {
    rules.RefusalReason.visit_not_verified: errors.VisitNotVerified,
    rules.RefusalReason.provider_not_qualified: errors.ProviderNotQualified,
    rules.RefusalReason.too_few_staff: errors.TooFewStaff,
    rules.RefusalReason.price_missing: errors.PriceMissing,
    rules.RefusalReason.outside_service_area: errors.OutsideServiceArea,
}
"""The gate's reasons that a quote or a settlement can meet; those of bed days have no door here yet."""


@dataclass(frozen=True, slots=True)
class FundingFacts:
    """One payer's part of a line; `ref_id` is the contract, programme or bed, `units` what it pays in units."""

    source: rules.Source
    amount_fen: int
    units: int | None
    ref_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One line of a bill; `quantity` and `price_from` are None for the visit fee."""

    code: str
    name: str
    quantity: int | None
    charged_quantity: int | None
    status: rules.LineStatus
    gross_fen: int
    patient_fen: int
    price_from: date | None
    reason: str
    fundings: tuple[FundingFacts, ...]


@dataclass(frozen=True, slots=True)
class QuoteFacts:
    """What a visit would cost, and exactly the programme and contract units that it would use."""

    quote_id: UUID
    gross_fen: int
    patient_fen: int
    distance_metres: int
    claims: tuple[Claim, ...]
    lines: tuple[LineFacts, ...]


def lines_of(bill: rules.Bill, labels: Mapping[str, str]) -> tuple[LineFacts, ...]:
    """Return the lines of a bill as people read them, the fee last; `labels` gives a payer's id a name."""
    names = {line.code: line.price.name for line in bill.lines}
    lines = [
        LineFacts(
            code=line.code,
            name=line.price.name,
            quantity=line.quantity,
            charged_quantity=line.charged_quantity,
            status=line.status,
            gross_fen=line.gross_fen,
            patient_fen=line.patient_fen,
            price_from=line.price.valid.first,
            reason=rules.explain_line(line, names),
            fundings=_fundings(line, labels),
        )
        for line in bill.lines
    ]
    return (*lines, *([_fee(bill.fee, labels)] if bill.fee else []))


def problem_of(refusal: rules.Refusal) -> Refusal:
    """Return the problem document of a refusal of the kernel's gate."""
    # `code` is the problem's own word
    facts = {"item_code" if name == "code" else name: fact for name, fact in refusal.facts.items()}
    return _PROBLEMS[refusal.reason](what=rules.explain_refusal(refusal).removesuffix("，不能结算"), **facts)


def claims_of(
    consumptions: Iterable[rules.Consumption], *, person_id: UUID, plan_code: str | None
) -> tuple[Claim, ...]:
    """Return what a bill uses as the ledger names it: one claim per entitlement, all lines added up, in a fixed order.

    The order is the same for every bill, so that two that use the same entitlements never wait for each other.
    """
    units: dict[tuple[Source, UUID, str, str], int] = {}
    for used in consumptions:
        key = _ledger_key(used.entitlement, person_id, plan_code)
        units[key] = units.get(key, 0) + used.amount
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
        case rules.Balance.ltci_fen | rules.Balance.per_diem_fen:
            # no facts of these two reach the kernel yet
            raise ValueError(f"{of.balance}: the ledger does not keep this balance")


def _fee(fee: rules.FeeLine, labels: Mapping[str, str]) -> LineFacts:
    return LineFacts(
        code=rules.VISIT_FEE,
        name=FEE_NAME,
        quantity=None,
        charged_quantity=None,
        status=fee.status,
        gross_fen=fee.gross_fen,
        patient_fen=fee.patient_fen,
        price_from=fee.share.own.tariff.valid.first,
        reason=rules.explain_fee(fee),
        fundings=_fundings(fee, labels),
    )


def _fundings(line: rules.Line | rules.FeeLine, labels: Mapping[str, str]) -> tuple[FundingFacts, ...]:
    return tuple(
        FundingFacts(
            source=paid.source,
            amount_fen=paid.amount_fen,
            units=paid.units,
            ref_id=UUID(paid.ref) if paid.ref else None,
            reason=rules.explain_funding(replace(paid, ref=labels.get(paid.ref or "", "")), line),
        )
        for paid in line.funding
    )
