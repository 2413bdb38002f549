"""Writes the proof of a bill as plain JSON values: the three steps, each with what went in and what came out. Pure.

It holds ids, codes, dates and amounts; of people the patient's id alone, the others of a shared trip are P2, P3, …
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from service.billing import ceiling, evidence, making, reductions, rules
from service.billing import limits as limiting
from service.billing.proof.words import Format
from service.billing.words import LineStatus, Payer

FORMAT: Final = Format.visit.value

Document = dict[str, Any]


def envelope(
    made: making.Made,
    *,
    institution_code: str,
    patient: rules.Patient,
    used: rules.Used,
    peers: tuple[rules.Visit, ...],
    visit: rules.Visit,
    policy: rules.Policy,
    limits: Sequence[limiting.Limit],
    offer: reductions.Offer,
) -> Document:
    """Return the proof of a bill; `visit` and `policy` are as they were before the limits."""
    return {
        "format": FORMAT,
        "rules": rules.VERSION,
        "limits": limits_part(visit, policy, limits, made.limited),
        "case": evidence.as_case(
            made.visit,
            institution_code=institution_code,
            terms=made.terms,
            patient=patient,
            used=used,
            peers=peers,
        ),
        "reductions": reductions_part(offer, made.reduced),
        "result": result_of(made),
    }


def limits_part(
    visit: rules.Visit, policy: rules.Policy, limits: Iterable[limiting.Limit], limited: limiting.Limited
) -> Document:
    """Return the first step: what was performed, the limits and what was used of them, and what was cut."""
    return {
        "items": items_of(visit),
        "visit_fee": policy.fee.value,
        "rows": [_limit(each) for each in limits],
        "cut": cut_of(limited),
    }


def reductions_part(offer: reductions.Offer, reduced: Iterable[reductions.Reduced]) -> Document:
    """Return the last step: the rules, the patient's groups that they ask for, and what was taken off."""
    return {
        "groups": sorted(offer.groups),
        "rows": [rule_of(each) for each in offer.rules],
        "applied": applied_of(reduced),
    }


def items_of(visit: rules.Visit) -> list[Document]:
    """Return what was performed on a visit."""
    return [{"code": item.code, "quantity": item.quantity} for item in visit.items]


def cut_of(limited: limiting.Limited) -> list[Document]:
    """Return what did not reach the kernel, and the limits that say so."""
    cut = [*limited.cut, *([limited.fee] if limited.fee else [])]
    return [{"code": each.code, "quantity": each.quantity, "limit": each.limit.id} for each in cut]


def applied_of(reduced: Iterable[reductions.Reduced]) -> list[Document]:
    """Return what was taken off, by the place of the line in the kernel's bill."""
    return [
        {"line": each.at, "code": each.code, "rule": each.rule.id, "amount_fen": each.amount_fen} for each in reduced
    ]


def result_of(made: making.Made) -> Document:
    """Return the bill: its sums and its lines with those who pay."""
    lines = [_line(line, off, made) for line, off in made.lines]
    return {
        "gross_fen": made.bill.gross_fen,
        "reduction_fen": made.reduction_fen,
        "patient_fen": made.patient_fen,
        "lines": lines,
    }


def capped(result: Document, agreed: ceiling.Ceiling, uncollected_fen: int) -> Document:
    """Return a result of which a part of the family's is not collected: it is the institution's to bear.

    Raises:
        ValueError: the lines did not rise by so much.
    """
    own = [(line["code"], line["patient_fen"]) for line in result["lines"]]
    parts = ceiling.parts_of(own, agreed, uncollected_fen)
    lines = [_borne(line, borne) if borne else line for line, borne in zip(result["lines"], parts, strict=True)]
    return result | {"patient_fen": sum(line["patient_fen"] for line in lines), "lines": lines}


def posted_result(lines: Iterable[Mapping[str, Any]]) -> Document:
    """Return a bill as its result writes it from posted lines: those of `BillLine` with their `fundings`."""
    told = [_posted_line(line) for line in lines]
    parts = [part for line in told for part in line["fundings"]]
    return {
        "gross_fen": sum(line["gross_fen"] for line in told),
        "reduction_fen": sum(part["amount_fen"] for part in parts if part["source"] == Payer.reduction),
        "patient_fen": sum(line["patient_fen"] for line in told),
        "lines": told,
    }


def of_bare_case(case: Document, result: Document) -> Document:
    """Return the proof of a bill that was settled before there were limits and reductions; it kept its case only."""
    case = evidence.under_pseudonyms(case)
    visit = next(each for each in case["visits"] if each["id"] == case["events"][0]["settle"])
    return {
        "format": FORMAT,
        "rules": rules.VERSION,
        "limits": {"items": visit["items"], "visit_fee": case["policy"]["visit_fee"], "rows": [], "cut": []},
        "case": case,
        "reductions": {"groups": [], "rows": [], "applied": []},
        "result": result,
    }


def _limit(limit: limiting.Limit) -> Document:
    return {
        "id": limit.id,
        "title": limit.title,
        "codes": sorted(limit.codes),
        "period": limit.period,
        "maximum": limit.maximum,
        "used": limit.used,
    }


def rule_of(rule: reductions.Rule) -> Document:
    """Return a reduction rule as a proof writes it."""
    return {
        "id": rule.id,
        "title": rule.title,
        "groups": sorted(rule.groups),
        "codes": sorted(rule.codes),
        "ratio": f"{rule.ratio:f}",
        "cap_fen": rule.cap_fen,
    }


def _line(line: making.Line, off: reductions.Reduced | None, made: making.Made) -> Document:
    if isinstance(line, limiting.Cut):
        return _cut_line(line, made)
    service = line if isinstance(line, rules.Line) else None
    return {
        "code": making.code_of(line),
        "quantity": service.quantity if service else None,
        "charged_quantity": service.charged_quantity if service else None,
        "status": line.status.value,
        "gross_fen": line.gross_fen,
        "patient_fen": line.patient_fen - (off.amount_fen if off else 0),
        "price_from": making.dated_row(line, made).valid.first.isoformat(),
        "fundings": [part for paid in line.funding for part in _parts(paid, off)],
    }


def _cut_line(cut: limiting.Cut, made: making.Made) -> Document:
    is_fee = cut.code == rules.VISIT_FEE
    return {
        "code": cut.code,
        "quantity": None if is_fee else cut.quantity,
        "charged_quantity": None if is_fee else 0,
        "status": LineStatus.limited.value,
        "gross_fen": 0,
        "patient_fen": 0,
        "price_from": making.dated_row(cut, made).valid.first.isoformat(),
        "fundings": [],
    }


def _parts(paid: rules.Funding, off: reductions.Reduced | None) -> Iterable[Document]:
    if paid.source is not rules.Source.self_pay or off is None:
        yield _part(paid.source, paid.amount_fen, paid.units, paid.ref)
        return
    yield _part(Payer.reduction, off.amount_fen, None, off.rule.id)
    if paid.amount_fen > off.amount_fen:
        yield _part(Payer.self_pay, paid.amount_fen - off.amount_fen, None, None)


def _part(source: rules.Source | Payer, amount_fen: int, units: int | None, ref: str | None) -> Document:
    return {"source": source.value, "amount_fen": amount_fen, "units": units, "ref": ref}


def _borne(line: Document, borne_fen: int) -> Document:
    rest = line["patient_fen"] - borne_fen
    others = [part for part in line["fundings"] if part["source"] != Payer.self_pay]
    own = [_part(Payer.self_pay, rest, None, None)] if rest else []
    return line | {
        "patient_fen": rest,
        "fundings": [*others, _part(Payer.institution, borne_fen, None, None), *own],
    }


def _posted_line(line: Mapping[str, Any]) -> Document:
    kept = ("code", "quantity", "charged_quantity", "status", "gross_fen", "patient_fen")
    return {
        **{name: line[name] for name in kept},
        "price_from": line["price_from"].isoformat() if line["price_from"] else None,
        "fundings": [
            {
                "source": part["source"],
                "amount_fen": part["amount_fen"],
                "units": part["units"],
                "ref": str(part["ref_id"]) if part["ref_id"] else None,
            }
            for part in line["fundings"]
        ],
    }
