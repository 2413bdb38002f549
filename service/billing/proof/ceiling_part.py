"""The last step of a bill's proof: what the family agreed to, and what follows from it of a bill above its quote."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from service.billing import ceiling, rules
from service.billing.case import node, people_reader
from service.billing.case.node import Node


class Consent(Protocol):
    """How much a family agreed to pay, who said so and when."""

    amount_fen: int
    given_by: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class CeilingPart:
    """What a proof says about the ceiling: what was agreed to, the balances of money at the quote, a human's word.

    `told_fen` is what the proof says was not collected.
    """

    limit: ceiling.Ceiling
    money: Mapping[rules.Entitlement, int]
    collect_rise: bool | None
    told_fen: int

    def with_quoted_money(self, used: rules.Used) -> rules.Used:
        """Return balances with those of money as they were when the quote was made."""
        return ceiling.with_money(used, self.money)

    def uncollected_fen(self, *, billed_fen: int, with_quoted_money_fen: int) -> int:
        """Return what is not collected of a bill, as it follows from quote, consents and the human's word."""
        rise = ceiling.rise_of(self.limit, billed_fen=billed_fen, with_quoted_money_fen=with_quoted_money_fen)
        return ceiling.uncollected_fen(rise, self.collect_rise)


def document(
    quote_id: UUID,
    quoted: Mapping[str, Any],
    consents: Iterable[Consent],
    *,
    collect_rise: bool | None,
    uncollected_fen: int,
) -> dict[str, Any]:
    """Return the step as plain values; `quoted` is the bill of the accepted quote, the last consent counts."""
    return {
        "quote": str(quote_id),
        "quoted": dict(ceiling.of_quote(quoted, None).quoted),
        "used": ceiling.quoted_money(quoted),
        "consents": [
            {"amount_fen": each.amount_fen, "given_by": each.given_by, "given_at": each.given_at.isoformat()}
            for each in consents
        ],
        "collect_rise": collect_rise,
        "uncollected_fen": uncollected_fen,
    }


def read(member: Node, patient: str) -> CeilingPart:
    """Read the step of a proof of a patient's bill.

    Raises:
        Malformed: names the JSON path that is wrong, and why.
    """
    fields = member.fields("quote quoted used consents collect_rise uncollected_fen")
    fields["quote"].text()
    word = node.given(fields, "collect_rise")
    consented = [_read_consent(each) for each in fields["consents"].items()]
    return CeilingPart(
        limit=ceiling.Ceiling(
            {code: fen.count() for code, fen in fields["quoted"].entries().items()},
            consented[-1] if consented else None,
        ),
        money=people_reader.read_money(fields["used"], patient, ceiling.MONEY),
        collect_rise=None if word is None else word.flag(),
        told_fen=fields["uncollected_fen"].count(),
    )


def _read_consent(member: Node) -> int:
    fields = member.fields("amount_fen given_by given_at")
    fields["given_by"].text()
    fields["given_at"].text()
    return fields["amount_fen"].count()
