"""What settling anew changes for each payer, what the institution bears of it, and what is owed since. Pure.

The accepted quote stays the ceiling: what rises above it, and above what the family has agreed to since, is borne by
the institution.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from service.billing import ceiling
from service.core import money


class Owed(StrEnum):
    """Which way the family's difference goes."""

    refund = "refund"
    claim = "claim"


class WhyBorne(StrEnum):
    """Why the institution bears a part of a bill that was made anew."""

    not_consented = "not_consented"
    above_consent = "above_consent"
    balance_used = "balance_used"


_SAID: Final[Mapping[WhyBorne, str]] = {
    WhyBorne.not_consented: (
        "重新结算后，家庭自付将高于接受的报价（{agreed}元）；没有登记家属同意，高出的{part}元不向家庭收取，"
        "由医疗机构承担。家属同意的，可附同意记录再次重新结算。"
    ),
    WhyBorne.above_consent: (
        "重新结算后，家庭自付将高于家属同意的{agreed}元；高出的{part}元不向家庭收取，由医疗机构承担。"
    ),
    WhyBorne.balance_used: (
        "预约后长护险或医保的额度已被其他账单使用，因此多出的{part}元经人工核对不向家庭收取，由医疗机构承担。"
    ),
}


@dataclass(frozen=True, slots=True)
class Borne:
    """A part of a bill that the institution bears, and why; `agreed_fen` is what the family had agreed to."""

    why: WhyBorne
    amount_fen: int
    agreed_fen: int

    @property
    def sentence(self) -> str:
        """Say why in Chinese."""
        return _SAID[self.why].format(
            agreed=money.format_yuan(self.agreed_fen), part=money.format_yuan(self.amount_fen)
        )


def differences(before: Iterable[tuple[str, int]], after: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return what each payer pays more (positive) or less by the new bill, where it is not nothing.

    `before` and `after` are the parts of the bills: who pays, how much.
    """
    changed: Counter[str] = Counter()
    for parts, sign in ((before, -1), (after, 1)):
        for source, fen in parts:
            changed[source] += sign * fen
    return {source: fen for source, fen in sorted(changed.items()) if fen}


def borne_of(step: Mapping[str, Any] | None, rise: ceiling.Rise) -> tuple[Borne, ...]:
    """Return what the institution bears of a bill, by the last step of its proof; None: it is not above its quote.

    `rise` is how far the bill lies above what was agreed to.
    """
    if step is None or not step["uncollected_fen"]:
        return ()
    consents = step["consents"]
    agreed = ceiling.Ceiling(step["quoted"], consents[-1]["amount_fen"] if consents else None).agreed_fen
    why = WhyBorne.above_consent if consents else WhyBorne.not_consented
    parts = ((why, rise.other_fen), (WhyBorne.balance_used, step["uncollected_fen"] - rise.other_fen))
    return tuple(Borne(each, fen, agreed) for each, fen in parts if fen)


def owed_of(patient_difference_fen: int) -> Owed | None:
    """Return whether the family gets money back or owes more; None: neither."""
    if not patient_difference_fen:
        return None
    return Owed.refund if patient_difference_fen < 0 else Owed.claim
