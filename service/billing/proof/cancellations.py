"""The proof of a charge for a crew that went in vain (上门服务取消费): the visit's own fee, and the share of it. Pure.

The fee is computed again from the tariff of the case, and with the fees of the visits that share the trip; nothing is
limited and nothing taken off.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from service.billing import evidence, rules
from service.billing.cancelling import rules as cancelling
from service.billing.case import node, reader
from service.billing.case.node import Node
from service.billing.proof import differing, reading, resting
from service.billing.proof.differing import Difference
from service.billing.proof.words import Format
from service.billing.words import LineStatus, Payer

Document = dict[str, Any]

_REQUIRED: Final = "format rules limits case cancellation reductions result"
_SHOWN_BESIDE: Final = "ceiling settlement_id evidence"
_STEP: Final = "departed_at own_fee_fen ratio quoted_fee_fen deceased_on in_hospital"
_NO_LIMITS: Final[Document] = {"rows": [], "cut": []}
_NO_REDUCTIONS: Final[Document] = {"groups": [], "rows": [], "applied": []}


def envelope(
    known: cancelling.Facts,
    *,
    visit: rules.Visit,
    terms: rules.Terms,
    institution_code: str,
    peers: Sequence[rules.Visit] = (),
) -> Document:
    """Return the proof of a charge; `visit` is as it was planned, with the crew that set out.

    `peers` share the fee of its trip: in vain, as planned as well, or `verified`.
    """
    crew = [member for each in (visit, *peers) for member in each.staff]
    holds = replace(terms, licences={member: terms.licences.get(member, ()) for member in crew}, prices={})
    case = evidence.as_case(
        visit,
        institution_code=institution_code,
        terms=holds,
        patient=rules.Patient(visit.patient),
        used={},
        peers=tuple(peers),
    )
    return {
        "format": Format.cancellation.value,
        "rules": rules.VERSION,
        "limits": _NO_LIMITS,
        # nothing is settled: the case is what the visit would have cost
        "case": case | {"events": []},
        "cancellation": {
            "departed_at": known.departed_at.isoformat(),
            "own_fee_fen": known.own.amount_fen,
            "ratio": f"{known.ratio:f}",
            "quoted_fee_fen": known.quoted_fee_fen,
            "deceased_on": known.deceased_on.isoformat() if known.deceased_on else None,
            "in_hospital": known.is_in_hospital,
            **({"trip": _trip(known.trip)} if known.trip else {}),
        },
        "reductions": _NO_REDUCTIONS,
        "result": result_of(known),
    }


def result_of(known: cancelling.Facts) -> Document:
    """Return the charge as the result of its proof writes it."""
    amount = known.amount_fen
    return {
        "gross_fen": amount,
        "reduction_fen": 0,
        "patient_fen": amount,
        "lines": [
            {
                "code": cancelling.CANCELLATION,
                "quantity": None,
                "charged_quantity": None,
                "status": LineStatus.charged.value,
                "gross_fen": amount,
                "patient_fen": amount,
                "price_from": known.own.tariff.valid.first.isoformat(),
                "fundings": [
                    {"source": Payer.self_pay.value, "amount_fen": amount, "units": None, "ref": None},
                ],
            }
        ],
    }


def check(whole: Node) -> Difference | None:
    """Redo a charge: the visit's own fee, its share, what the family was quoted.

    Raises:
        case.Malformed: names the JSON path.
    """
    fields = whole.fields(_REQUIRED, _SHOWN_BESIDE)
    reading.refuse_given(fields, "ceiling")
    version = fields["rules"].text()
    case = reader.read_document(fields["case"])
    step = fields["cancellation"].fields(_STEP, "trip")
    if not case.visits or case.events or (len(case.visits) > 1 and "trip" not in step):
        raise fields["case"].wrong("应只有一次上门（同一次上门有同住者时连同他们），且不结算")
    told_fee = step["own_fee_fen"].count()
    if version != rules.VERSION:
        return Difference("$.rules", version, rules.VERSION)
    visit, *peers = case.visits.values()
    own = rules.find_own_fee(visit, case.terms)
    if own is None:
        return Difference("$.cancellation.own_fee_fen", told_fee, None)
    known = _facts(step, visit, own, trip=cancelling.trip_of(visit, peers, case.terms))
    told = {
        "$.limits": fields["limits"].value,
        "$.cancellation.own_fee_fen": told_fee,
        "$.cancellation.trip": step["trip"].value if "trip" in step else None,
        "$.reductions": fields["reductions"].value,
        "$.result": fields["result"].value,
    }
    redone = {
        "$.limits": _NO_LIMITS,
        "$.cancellation.own_fee_fen": own.amount_fen,
        "$.cancellation.trip": _trip(known.trip) if known.trip else None,
        "$.reductions": _NO_REDUCTIONS,
        "$.result": result_of(known),
    }
    found = differing.first(told, redone)
    shown = node.given(fields, "evidence")
    if found is not None or shown is None:
        return found
    return resting.find_difference(shown, resting.Rests(visit, case.terms, frozenset(), {}))


def _trip(trip: cancelling.Trip) -> Document:
    """Return with whom a fee is shared: the own fees of the visits in vain, and that of those who were served."""
    return {"in_vain": dict(trip.in_vain), "served_fen": trip.served_fen}


def _facts(
    step: node.Fields, visit: rules.Visit, own: rules.OwnFee, *, trip: cancelling.Trip | None
) -> cancelling.Facts:
    quoted, died = node.given(step, "quoted_fee_fen"), node.given(step, "deceased_on")
    return cancelling.Facts(
        service_on=visit.service_on,
        departed_at=_moment(step["departed_at"]),
        own=own,
        ratio=step["ratio"].ratio(),
        quoted_fee_fen=None if quoted is None else quoted.count(),
        deceased_on=None if died is None else died.day(),
        is_in_hospital=step["in_hospital"].flag(),
        trip=trip,
    )


def _moment(told: Node) -> datetime:
    try:
        found: datetime | None = datetime.fromisoformat(told.text())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise told.wrong("应为带时区的时刻（RFC 3339）")
    return found
