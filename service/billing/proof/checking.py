"""Redoes a bill from its proof alone: limits, kernel, reductions; says where the proof tells something else. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from service.billing import making, rules
from service.billing.proof import document, reading


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where a proof tells something else than what is redone from it."""

    path: str
    told: Any
    redone: Any


def check(raw: bytes) -> Difference | None:
    """Return the first place where a proof and what is redone from it differ, None when they are equal.

    Raises:
        case.Malformed: the document is no proof; names the JSON path.
    """
    proof = reading.read_proof(raw)
    if proof.version != rules.VERSION:
        return Difference("$.rules", proof.version, rules.VERSION)
    try:
        made = _make(proof)
    except rules.Refused as refused:
        return Difference("$.result", proof.told["$.result"], rules.explain_refusal(refused.refusal))
    try:
        result = _result(proof, made)
    except ValueError:
        # more was left uncollected than the lines rose by
        return Difference("$.ceiling.uncollected_fen", (proof.ceiling or {}).get("uncollected_fen"), None)
    redone = (
        document.cut_of(made.limited),
        document.items_of(made.visit),
        document.applied_of(made.reduced),
        result,
    )
    steps = zip(proof.told.items(), redone, strict=True)
    found = [each for (path, told), again in steps for each in _differences(path, told, again)]
    fee = proof.case.terms.policy.fee
    if not found and fee is not made.terms.policy.fee:
        return Difference("$.case.policy.visit_fee", fee.value, made.terms.policy.fee.value)
    return found[0] if found else None


def _make(proof: reading.Proof) -> making.Made:
    """Make the bill of a proof, its visit and terms being put back to what they were before the limits."""
    served, terms = proof.case.visits[proof.visit], proof.case.terms
    return making.make(
        replace(served, items=proof.items),
        terms=replace(terms, policy=replace(terms.policy, fee=proof.fee)),
        patient=proof.case.patients[served.patient],
        used=proof.case.opening,
        peers=[visit for visit in proof.case.visits.values() if visit.id != served.id],
        limits=proof.limits,
        offer=proof.offer,
    )


def _result(proof: reading.Proof, made: making.Made) -> document.Document:
    """Return the bill as it was sent: without what the family did not agree to."""
    result = document.result_of(made)
    return result if proof.ceiling is None else document.capped(result, proof.ceiling)


def _differences(path: str, told: Any, redone: Any) -> Iterable[Difference]:
    """Yield where two JSON values differ, in the order of the redone one; `true` is no 1."""
    if isinstance(told, dict) and isinstance(redone, dict):
        for key in [*redone, *(key for key in told if key not in redone)]:
            yield from _differences(f"{path}.{key}", told.get(key), redone.get(key))
    elif isinstance(told, list) and isinstance(redone, list):
        for at in range(max(len(told), len(redone))):
            yield from _differences(f"{path}[{at}]", _at(told, at), _at(redone, at))
    elif type(told) is not type(redone) or told != redone:
        yield Difference(path, told, redone)


def _at(values: list[Any], at: int) -> Any:
    return values[at] if at < len(values) else None
