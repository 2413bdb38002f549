"""Writes the result of a billing case as plain JSON values: one entry per event, then the balances."""

import json
from collections.abc import Mapping
from typing import Any, Final

from service.billing import rules
from service.billing.case import reader, runner

_INSURANCE: Final = {
    rules.Balance.deductible_fen: "deductible_used_fen",
    rules.Balance.fund_fen: "fund_used_fen",
    rules.Balance.per_diem_fen: "per_diem_used_fen",
}


def dump(result: runner.Result) -> str:
    """Write a result as one line of JSON with sorted keys: the same case gives the same bytes."""
    return json.dumps(as_json(result), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def as_json(result: runner.Result) -> dict[str, Any]:
    """Return a result as plain values: amounts in fen, dates as text."""
    return {
        "events": [{"event": event_as_json(outcome.event), **_answer(outcome.answer)} for outcome in result.outcomes],
        "balances": balances_as_json(result),
    }


def event_as_json(event: reader.Event) -> dict[str, str]:
    """Return an event as the file gives it."""
    match event:
        case reader.Settle(visit):
            return {"settle": visit}
        case reader.Reverse(visit):
            return {"reverse": visit}
        case reader.SettleBed(bed, first, until):
            return {"settle_bed": bed, "from": first.isoformat(), "to": until.isoformat()}
        case reader.ReverseBed(bed, first, until):
            return {"reverse_bed": bed, "from": first.isoformat(), "to": until.isoformat()}


def balances_as_json(result: runner.Result) -> dict[str, Any]:
    """Return what is used after the last event.

    Every contract, every patient with enrolments, with LTCI or with insurance is listed; of their years and months
    those that the file gives, and those that are not 0.
    """
    case = result.case
    contracts = [contract for patient in case.patients.values() for contract in patient.contracts]
    balances: dict[str, Any] = {
        "contracts": {contract.id: {} for contract in contracts},
        "programs": {
            patient.id: {enrolment.programme: {} for enrolment in patient.enrolments}
            for patient in case.patients.values()
            if patient.enrolments
        },
        "ltci": {patient.id: {} for patient in case.patients.values() if patient.ltci_grade is not None},
        "insurance": {
            patient.id: {name: {} for name in _INSURANCE.values()}
            for patient in case.patients.values()
            if patient.insured is not None
        },
    }
    for entitlement, used in result.used.items():
        if used or entitlement in case.opening:
            _list(balances, entitlement, used)
    return balances


def _list(balances: dict[str, Any], used_of: rules.Entitlement, used: int) -> None:
    match used_of.balance:
        case rules.Balance.contract_units:
            balances["contracts"][used_of.ref][used_of.code] = used
        case rules.Balance.program_units:
            balances["programs"][used_of.patient][used_of.ref].setdefault(used_of.code, {})[used_of.period] = used
        case rules.Balance.ltci_fen:
            balances["ltci"][used_of.patient][used_of.period] = used
        case _:
            balances["insurance"][used_of.patient][_INSURANCE[used_of.balance]][used_of.period] = used


def _answer(answer: runner.Answer) -> dict[str, Any]:
    match answer:
        case rules.Refusal(reason, facts):
            return {"status": "refused", "reason": reason.value, "facts": dict(facts)}
        case rules.Reversal():
            return {"status": "reversed", "gross_fen": answer.gross_fen, "patient_fen": answer.patient_fen}
        case rules.Bill():
            lines = [_line(line) for line in answer.lines] + ([_fee(answer.fee)] if answer.fee else [])
        case rules.BedSettlement():
            lines = [_bed_line(line) for line in answer.lines]
    return {"status": "settled", "gross_fen": answer.gross_fen, "patient_fen": answer.patient_fen, "lines": lines}


def _line(line: rules.Line) -> dict[str, Any]:
    return {
        "code": line.code,
        "quantity": line.quantity,
        "charged_quantity": line.charged_quantity,
        "status": line.status.value,
        "price_from": line.price.valid.first.isoformat(),
        **_money(line),
    }


def _fee(line: rules.FeeLine) -> dict[str, Any]:
    return {"code": rules.VISIT_FEE, "status": line.status.value, **_money(line)}


def _bed_line(line: rules.BedLine) -> dict[str, Any]:
    return {
        "code": rules.BED_DAY,
        "year": line.year,
        "quantity": line.days,
        "charged_quantity": line.days,
        "status": rules.LineStatus.charged.value,
        **_money(line),
    }


def _money(line: rules.Line | rules.FeeLine | rules.BedLine) -> dict[str, Any]:
    return {
        "gross_fen": line.gross_fen,
        "patient_fen": line.patient_fen,
        "funding": [_funding(paid) for paid in line.funding],
    }


def _funding(paid: rules.Funding) -> Mapping[str, str | int]:
    optional: dict[str, str | int | None] = {"ref": paid.ref, "units": paid.units}
    said = {name: value for name, value in optional.items() if value is not None}
    return {"source": paid.source.value, "amount_fen": paid.amount_fen, **said}
