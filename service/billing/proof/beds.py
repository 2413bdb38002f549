"""The proof of a bill of bed days: the case, how the rest is shared, what is taken off. Pure.

Which days are due is the kernel's: days in other bills stand in the case as billed before. No limit reaches bed days.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from service.billing import evidence, rules
from service.billing.bed_days import reducing, sharing
from service.billing.case import node, reader, runner, terms_reader
from service.billing.case.node import Node
from service.billing.proof import differing, document, reading
from service.billing.proof.differing import Difference
from service.billing.proof.words import Format

Document = dict[str, Any]

_REQUIRED: Final = "format rules limits case sharing reductions result"
_SHOWN_BESIDE: Final = "settlement_id evidence left_out"
_NO_LIMITS: Final[Document] = {"rows": [], "cut": []}


@dataclass(frozen=True, slots=True)
class _Proof:
    """What goes into the steps; the case's last event bills the days. On those `left_out` nothing is billed."""

    version: str
    case: reader.Case
    institution_share: Decimal
    offers: reducing.Offers
    left_out: tuple[date, ...]


def envelope(
    case: Document,
    years: Sequence[Sequence[sharing.DayBill]],
    reduced: Iterable[reducing.Applied],
    *,
    institution_share: Decimal,
    offers: reducing.Offers,
    left_out: Sequence[Document] = (),
) -> Document:
    """Return the proof of a bill; `case` bills its days, here year by year, with its last event.

    `left_out` are the days on which its bed is paused because the patient was elsewhere, or dead.
    """
    return {
        "format": Format.bed_days.value,
        "rules": rules.VERSION,
        "limits": _NO_LIMITS,
        "case": case,
        "sharing": {"institution_share": f"{institution_share:f}"},
        "reductions": {
            "groups": [{"group": each.group, **evidence.period(each.valid)} for each in offers.groups],
            "rows": [document.rule_of(each.rule) | evidence.period(each.valid) for each in offers.rules],
            "applied": _applied(reduced),
        },
        "result": _result(years),
        "left_out": list(left_out),
    }


def check(whole: Node) -> Difference | None:
    """Redo a bill: the kernel, the institution's share, reductions.

    Raises:
        case.Malformed: names the JSON path.
    """
    fields = whole.fields(_REQUIRED, _SHOWN_BESIDE)
    proof = _read(fields)
    if proof.version != rules.VERSION:
        return Difference("$.rules", proof.version, rules.VERSION)
    told = {
        "$.limits": fields["limits"].value,
        "$.reductions.applied": fields["reductions"].entries()["applied"].value,
        "$.result": fields["result"].value,
        "$.left_out": [on.isoformat() for on in proof.left_out],
    }
    answer = runner.run_case(proof.case).outcomes[-1].answer
    if not isinstance(answer, rules.BedSettlement):
        said = rules.explain_refusal(answer) if isinstance(answer, rules.Refusal) else None
        return Difference("$.result", told["$.result"], said)
    split = sharing.split(answer, proof.institution_share, proof.offers)
    redone = {
        "$.limits": _NO_LIMITS,
        "$.reductions.applied": _applied(split.reduced),
        "$.result": _result(split.years),
        "$.left_out": sorted({on.isoformat() for on in proof.left_out} - {day.on.isoformat() for day in answer.days}),
    }
    return differing.first(told, redone)


def _applied(reduced: Iterable[reducing.Applied]) -> list[Document]:
    return [
        {
            "from": each.first.isoformat(),
            "to": each.last.isoformat(),
            "rule": each.rule.id,
            "amount_fen": each.amount_fen,
        }
        for each in reduced
    ]


def _result(years: Sequence[Sequence[sharing.DayBill]]) -> Document:
    whole = sharing.sum_of(day.parts for days in years for day in days)
    return {
        **whole.in_fen(),
        "lines": [_line(days) for days in years],
        "days": [{"on": day.on.isoformat(), **day.parts.in_fen()} for days in years for day in days],
    }


def _line(days: Sequence[sharing.DayBill]) -> Document:
    parts = sharing.sum_of(day.parts for day in days)
    return {
        "code": rules.BED_DAY,
        "year": rules.year_of(days[0].on),
        "quantity": len(days),
        "charged_quantity": len(days),
        "status": rules.LineStatus.charged.value,
        "gross_fen": parts.gross_fen,
        "patient_fen": parts.patient_fen,
        "fundings": [{"source": source, "amount_fen": amount} for source, amount in parts.by_source().items()],
    }


def _read(fields: node.Fields) -> _Proof:
    reduced = fields["reductions"].fields("groups rows applied")
    case = reader.read_document(fields["case"])
    if not case.events or not all(isinstance(event, reader.SettleBed) for event in case.events):
        raise fields["case"].entries()["events"].wrong("应只结算床日")
    return _Proof(
        version=fields["rules"].text(),
        case=case,
        institution_share=fields["sharing"].fields("institution_share")["institution_share"].ratio(),
        offers=reducing.Offers(
            tuple(rule for _, rule in terms_reader.unique(reduced["rows"], "id", _read_rule)),
            tuple(_read_group(each) for each in reduced["groups"].items()),
        ),
        left_out=tuple(
            each.fields("on why reason")["on"].day()
            for each in (fields["left_out"].items() if "left_out" in fields else ())
        ),
    )


def _read_rule(member: Node) -> tuple[str, reducing.DatedRule]:
    fields = member.fields(f"{reading.RULE} from", f"{reading.RULE_MAY} to")
    rule = reading.rule_of(fields)
    return rule.id, reducing.DatedRule(rule, terms_reader.read_period(fields))


def _read_group(member: Node) -> reducing.DatedGroup:
    fields = member.fields("group from", "to")
    return reducing.DatedGroup(fields["group"].text(), terms_reader.read_period(fields))
