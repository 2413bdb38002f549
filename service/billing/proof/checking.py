"""Redoes a bill from its proof alone and says where the proof tells something else. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from service.billing import making, rules
from service.billing.case import node
from service.billing.case.node import Node
from service.billing.proof import bed_evidence, beds, cancellations, differing, document, reading, resting
from service.billing.proof.differing import Difference
from service.billing.proof.words import Format


def check(raw: bytes) -> Difference | None:
    """Return the first place where a proof and what is redone from it differ, None when they are equal.

    Raises:
        case.Malformed: the document is no proof; names the JSON path.
    """
    whole = node.parse(raw)
    fields = whole.entries()
    if "format" not in fields:
        raise node.Malformed("$.format", "缺少")
    return _CHECKS[fields["format"].word(Format)](whole)


def check_visit(whole: Node) -> Difference | None:
    """Redo the bill of a visit: limits, kernel, reductions, ceiling.

    Raises:
        case.Malformed: names the JSON path.
    """
    proof = reading.read_proof(whole)
    if proof.version != rules.VERSION:
        return Difference("$.rules", proof.version, rules.VERSION)
    try:
        made = _make(proof, proof.case.opening)
    except rules.Refused as refused:
        return Difference("$.result", proof.told["$.result"], rules.explain_refusal(refused.refusal))
    found = differing.first(proof.told, _redone(proof, made))
    fee = proof.case.terms.policy.fee
    if found is None and fee is not made.terms.policy.fee:
        return Difference("$.case.policy.visit_fee", fee.value, made.terms.policy.fee.value)
    return found or _evidence(whole, proof, made)


def check_bed_days(whole: Node) -> Difference | None:
    """Redo a bill of bed days: the kernel, sharing, reductions; then compare what stands beside it.

    Raises:
        case.Malformed: names the JSON path.
    """
    return beds.check(whole) or bed_evidence.check(whole)


_CHECKS: Final[Mapping[Format, Callable[[Node], Difference | None]]] = {
    Format.visit: check_visit,
    Format.bed_days: check_bed_days,
    Format.cancellation: cancellations.check,
}


def _evidence(whole: Node, proof: reading.Proof, made: making.Made) -> Difference | None:
    """Return where the evidence beside the steps tells something else; a proof as it is kept has none."""
    shown = node.given(whole.entries(), "evidence")
    if shown is None:
        return None
    visit, terms = proof.case.visits[proof.visit], proof.case.terms
    patient = proof.case.patients[visit.patient]
    uses = resting.uses_of(made, patient=patient, terms=terms, used=proof.case.opening, limits=proof.limits)
    codes = frozenset(item.code for item in proof.items)
    return resting.find_difference(shown, resting.Rests(visit, terms, codes, uses))


def _make(proof: reading.Proof, used: rules.Used) -> making.Made:
    """Make the bill of a proof, its visit and terms being put back to what they were before the limits."""
    served, terms = proof.case.visits[proof.visit], proof.case.terms
    return making.make(
        replace(served, items=proof.items),
        terms=replace(terms, policy=replace(terms.policy, fee=proof.fee)),
        patient=proof.case.patients[served.patient],
        used=used,
        peers=[visit for visit in proof.case.visits.values() if visit.id != served.id],
        limits=proof.limits,
        offer=proof.offer,
    )


def _redone(proof: reading.Proof, made: making.Made) -> dict[str, object]:
    """Return what comes out of each step, by its path; the bill as it was sent, without what is not collected."""
    ceiling: dict[str, object] = {}
    result = document.result_of(made)
    if proof.ceiling is not None:
        as_quoted = _make(proof, proof.ceiling.with_quoted_money(proof.case.opening))
        uncollected = proof.ceiling.uncollected_fen(
            billed_fen=made.patient_fen, with_quoted_money_fen=as_quoted.patient_fen
        )
        ceiling["$.ceiling.uncollected_fen"] = uncollected
        result = document.capped(result, proof.ceiling.limit, uncollected)
    return {
        "$.limits.cut": document.cut_of(made.limited),
        proof.items_path: document.items_of(made.visit),
        "$.reductions.applied": document.applied_of(made.reduced),
        **ceiling,
        "$.result": result,
    }
