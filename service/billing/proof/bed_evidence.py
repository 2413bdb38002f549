"""Compares what a proof of bed days shows beside its steps (`evidence`) with the case from which it is redone. Pure.

The stay stands there as it is today: it may have been paused or closed since, so of it the bed and its first day count.
"""

from collections.abc import Iterable
from itertools import chain

from service.billing import rules
from service.billing.case import node, reader, runner
from service.billing.case.node import Node
from service.billing.proof import resting
from service.billing.proof.differing import Difference, fields_apart


def check(whole: Node) -> Difference | None:
    """Return the first place where the evidence of a proof, that is redone, tells something else than its case.

    Raises:
        case.Malformed: names the JSON path.
    """
    fields = whole.entries()
    shown = node.given(fields, "evidence")
    if shown is None:
        return None
    case = reader.read_document(fields["case"])
    result = runner.run_case(case)
    answer = result.outcomes[-1].answer
    if not isinstance(answer, rules.BedSettlement):
        raise fields["case"].wrong("应只结算床日")
    share = fields["sharing"].entries()["institution_share"].ratio()
    parts = shown.entries()
    for name in ("agreement", "stay", "entitlements"):
        if name not in parts:
            raise Node(None, f"{shown.path}.{name}").wrong("缺少")
    bed = next(each for each in case.patients[answer.patient].beds if each.id == answer.bed)
    uses = {resting.key_of(of): _use(result, answer, of, bed) for of in _entitlements(answer)}
    found = chain(
        fields_apart(parts["agreement"], _agreement(bed) | {"institution_share": share}),
        fields_apart(
            parts["stay"],
            {"bed_id": bed.id, "person_id": answer.patient, "opened_on": bed.opened_on.isoformat()},
        ),
        resting.entries(parts["entitlements"], uses),
    )
    return next(found, None)


def _agreement(bed: rules.Bed) -> dict[str, object]:
    by_the_day = bed.per_diem
    if by_the_day is None:
        return {}
    return {
        "daily_rate": by_the_day.daily_rate,
        "pay_ratio": by_the_day.pay_ratio,
        "year_cap_fen": by_the_day.year_cap_fen,
        "excluded_codes": by_the_day.excluded_codes,
    }


def _entitlements(answer: rules.BedSettlement) -> Iterable[rules.Entitlement]:
    return dict.fromkeys(each.entitlement for each in answer.consumptions if each.amount)


def _use(result: runner.Result, answer: rules.BedSettlement, of: rules.Entitlement, bed: rules.Bed) -> resting.Use:
    units = sum(each.amount for each in answer.consumptions if each.entitlement == of)
    cap = bed.per_diem.year_cap_fen if bed.per_diem else 0
    return resting.Use(result.used[of] - units, units, cap, may_rise=True)
