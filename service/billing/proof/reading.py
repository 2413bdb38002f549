"""Reads the proof of a bill, strictly: whatever is wrong is refused with its JSON path before anything is redone."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from service.billing import limits, reductions, rules
from service.billing.case import node, reader, terms_reader
from service.billing.case.node import Fields, Node
from service.billing.proof import ceiling_part

_REQUIRED: Final = "format rules limits case reductions result"
_SHOWN_BESIDE: Final = "ceiling cancellation settlement_id evidence"
"""What stands in a proof only where the bill lies above what was quoted; what the proof of a visit has not; and what
the service answers beside it, from which nothing is redone."""
RULE: Final = "id title groups codes ratio"
"""The fields of a reduction rule."""
RULE_MAY: Final = "cap_fen"
"""A field that it may leave out."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof: what goes into the steps, and (`told`, by path) what it says came out of each, as plain values.

    `items_path`: where the case tells what of the visit reached the kernel.
    """

    version: str
    items: tuple[rules.Item, ...]
    fee: rules.FeePolicy
    limits: tuple[limits.Limit, ...]
    case: reader.Case
    visit: str
    offer: reductions.Offer
    ceiling: ceiling_part.CeilingPart | None
    items_path: str
    told: dict[str, Any]


def read_proof(whole: Node) -> Proof:
    """Read the proof of a visit's bill.

    Raises:
        Malformed: names the JSON path that is wrong, and why.
    """
    fields = whole.fields(_REQUIRED, _SHOWN_BESIDE)
    before, after = (
        fields["limits"].fields("items visit_fee rows cut"),
        fields["reductions"].fields("groups rows applied"),
    )
    refuse_given(fields, "cancellation")
    capped = node.given(fields, "ceiling")
    case = reader.read_document(fields["case"])
    visit = _read_event(fields["case"], case)
    performed = fields["case"].entries()["visits"].items()[list(case.visits).index(visit)].entries()["items"]
    ceiling = None if capped is None else ceiling_part.read(capped, case.visits[visit].patient)
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
        ceiling=ceiling,
        items_path=performed.path,
        told={
            "$.limits.cut": before["cut"].value,
            performed.path: performed.value,
            "$.reductions.applied": after["applied"].value,
            "$.ceiling.uncollected_fen": ceiling.told_fen if ceiling else None,
            "$.result": fields["result"].value,
        },
    )


def refuse_given(fields: Fields, name: str) -> None:
    """Refuse a field that is not null: the step belongs to another kind of proof.

    Raises:
        Malformed: it is given.
    """
    given = node.given(fields, name)
    if given is not None:
        raise given.wrong("不属于这种证明，应为 null")


def _read_event(document: Node, case: reader.Case) -> str:
    """Return the visit that the proof is about: the one that its case settles, once."""
    events = document.entries()["events"]
    match case.events:
        case (reader.Settle(visit),) if visit in case.visits:
            return visit
    raise events.wrong("应只结算一次案例里的上门")


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


def rule_of(fields: Fields) -> reductions.Rule:
    """Return the reduction rule that the fields `RULE` and `RULE_MAY` tell.

    Raises:
        Malformed: names the JSON path that is wrong, and why.
    """
    cap = node.given(fields, "cap_fen")
    return reductions.Rule(
        id=fields["id"].text(),
        title=fields["title"].text(),
        groups=terms_reader.texts(fields["groups"]),
        codes=terms_reader.texts(fields["codes"]),
        ratio=_positive(fields["ratio"]),
        cap_fen=None if cap is None else cap.count(),
    )


def _read_rule(member: Node) -> tuple[str, reductions.Rule]:
    rule = rule_of(member.fields(RULE, RULE_MAY))
    return rule.id, rule


def _positive(ratio: Node) -> Decimal:
    found = ratio.ratio()
    if not found:
        raise ratio.wrong("应大于 0")
    return found
