"""Reads the proof of a bill, strictly: whatever is wrong is refused with its JSON path before anything is redone."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from service.billing import limits, reductions, rules
from service.billing.case import node, reader, terms_reader
from service.billing.case.node import Node
from service.billing.proof.document import FORMAT

_REQUIRED: Final = "format rules limits case reductions result"
_SHOWN_BESIDE: Final = "ceiling settlement_id evidence"
"""What stands in a proof only where the family agreed to less than the bill; and what the service answers beside it,
from which nothing is redone."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof: what goes into the three steps, and (`told`) what it says came out of each, as plain values."""

    version: str
    items: tuple[rules.Item, ...]
    fee: rules.FeePolicy
    limits: tuple[limits.Limit, ...]
    case: reader.Case
    visit: str
    offer: reductions.Offer
    ceiling: dict[str, Any] | None
    told: dict[str, Any]


def read_proof(raw: bytes) -> Proof:
    """Read a proof from the bytes of its file.

    Raises:
        Malformed: names the JSON path that is wrong, and why.
    """
    fields = node.parse(raw).fields(_REQUIRED, _SHOWN_BESIDE)
    if fields["format"].text() != FORMAT:
        raise fields["format"].wrong(f"应为 {FORMAT}")
    before, after = (
        fields["limits"].fields("items visit_fee rows cut"),
        fields["reductions"].fields("groups rows applied"),
    )
    capped = node.given(fields, "ceiling")
    case = reader.read_document(fields["case"])
    visit = _read_event(fields["case"], case)
    performed = fields["case"].entries()["visits"].items()[list(case.visits).index(visit)]
    return Proof(
        version=fields["rules"].text(),
        items=tuple(reader.read_item(item) for item in before["items"].items()),
        fee=before["visit_fee"].word(rules.FeePolicy),
        limits=tuple(limit for _, limit in terms_reader.unique(before["rows"], "id", _read_limit)),
        case=case,
        visit=visit,
        offer=reductions.Offer(
            tuple(rule for _, rule in terms_reader.unique(after["rows"], "id", _read_rule)),
            terms_reader.texts(after["groups"]),
        ),
        ceiling=None if capped is None else _read_ceiling(capped),
        told={
            "$.limits.cut": before["cut"].value,
            f"{performed.path}.items": performed.entries()["items"].value,
            "$.reductions.applied": after["applied"].value,
            "$.result": fields["result"].value,
        },
    )


def _read_event(document: Node, case: reader.Case) -> str:
    """Return the visit that the proof is about: the one that its case settles, once."""
    events = document.entries()["events"]
    match case.events:
        case (reader.Settle(visit),) if visit in case.visits:
            return visit
    raise events.wrong("应只结算一次案例里的上门")


def _read_ceiling(member: Node) -> dict[str, Any]:
    fields = member.fields("quoted uncollected_fen", "consented_fen")
    consented = node.given(fields, "consented_fen")
    return {
        "quoted": {code: fen.count() for code, fen in fields["quoted"].entries().items()},
        "consented_fen": None if consented is None else consented.count(),
        "uncollected_fen": fields["uncollected_fen"].count(),
    }


def _read_limit(member: Node) -> tuple[str, limits.Limit]:
    fields = member.fields("id title codes period maximum used")
    limit = limits.Limit(
        id=fields["id"].text(),
        title=fields["title"].text(),
        codes=terms_reader.texts(fields["codes"]),
        period=fields["period"].text(),
        maximum=fields["maximum"].count(),
        used=fields["used"].count(),
    )
    return limit.id, limit


def _read_rule(member: Node) -> tuple[str, reductions.Rule]:
    fields = member.fields("id title groups codes ratio", "cap_fen")
    cap, ratio = node.given(fields, "cap_fen"), fields["ratio"]
    rule = reductions.Rule(
        id=fields["id"].text(),
        title=fields["title"].text(),
        groups=terms_reader.texts(fields["groups"]),
        codes=terms_reader.texts(fields["codes"]),
        ratio=_positive(ratio),
        cap_fen=None if cap is None else cap.count(),
    )
    return rule.id, rule


def _positive(ratio: Node) -> Decimal:
    found = ratio.ratio()
    if not found:
        raise ratio.wrong("应大于 0")
    return found
