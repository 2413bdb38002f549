"""The accepted quote is a ceiling of what the family pays for a visit (报价即封顶). Pure.

A bill above it rises for one of two reasons. Balances of money (long-term care insurance, medical insurance) were used
by other bills meanwhile: a human decides about that. Anything else (services added at the door, a housemate who
cancelled, more staff): it is not collected unless the family agreed to more, and the institution bears it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from service.billing import rules
from service.billing.statement import FundingFacts, LineFacts
from service.billing.words import Payer
from service.core import money

MONEY: Final = frozenset({rules.Balance.ltci_fen, rules.Balance.deductible_fen, rules.Balance.fund_fen})
"""Balances that a booking does not reserve."""
_MONEY_OF_A_CASE: Final = (
    (rules.Balance.ltci_fen, "ltci", "used"),
    (rules.Balance.deductible_fen, "insurance", "deductible_used"),
    (rules.Balance.fund_fen, "insurance", "fund_used"),
)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What the family agreed to pay: by the accepted quote, line by line (code → fen), and by a later consent."""

    quoted: Mapping[str, int]
    consented_fen: int | None = None

    @property
    def quoted_fen(self) -> int:
        """What the family was to pay by the quote."""
        return sum(self.quoted.values())

    @property
    def agreed_fen(self) -> int:
        """What may be collected: a consent to less than the quote does not undo the quote."""
        return max(self.quoted_fen, self.consented_fen or 0)


@dataclass(frozen=True, slots=True)
class Rise:
    """How far a bill lies above what was agreed to: for balances of money used meanwhile, and for anything else."""

    money_fen: int
    other_fen: int


def of_quote(bill: Mapping[str, Any], consented_fen: int | None) -> Ceiling:
    """Return the ceiling that a kept quote is, with what was agreed to since."""
    quoted: dict[str, int] = {}
    for line in bill["lines"]:
        quoted[line["code"]] = quoted.get(line["code"], 0) + line["patient_fen"]
    return Ceiling(quoted, consented_fen)


def quoted_money(bill: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return what of each balance of money was used when a kept quote was made: by period, in yuan."""
    # a quote of the version before keeps the case itself
    told = bill.get("proof", bill)["case"]["patients"][0]
    return {balance.value: dict(told.get(payer, {}).get(key, {})) for balance, payer, key in _MONEY_OF_A_CASE}


def with_money(used: rules.Used, quoted: Mapping[rules.Entitlement, int]) -> dict[rules.Entitlement, int]:
    """Return the balances as they are now, those of money as they were when the quote was made."""
    return {of: amount for of, amount in used.items() if of.balance not in MONEY} | dict(quoted)


def with_quoted_money(used: rules.Used, bill: Mapping[str, Any], patient: str) -> dict[rules.Entitlement, int]:
    """Return the balances as they are now, those of money as they were when a kept quote was made."""
    quoted = {
        rules.Entitlement(rules.Balance(balance), patient, period=period): money.whole_fen(Decimal(yuan))
        for balance, periods in quoted_money(bill).items()
        for period, yuan in periods.items()
    }
    return with_money(used, quoted)


def rise_of(ceiling: Ceiling, *, billed_fen: int, with_quoted_money_fen: int) -> Rise:
    """Return how far a bill lies above what was agreed to, and why.

    `with_quoted_money_fen` is what the family would pay if no balance of money had been used since the quote.
    """
    above = max(0, billed_fen - ceiling.agreed_fen)
    other = min(above, max(0, with_quoted_money_fen - ceiling.agreed_fen))
    return Rise(above - other, other)


def uncollected_fen(rise: Rise, collect_rise: bool | None) -> int:
    """Return what of a rise is not collected.

    `collect_rise` is what a human said of the part for balances of money used meanwhile; None: nobody was asked.
    """
    return rise.other_fen + (0 if collect_rise else rise.money_fen)


def collect(lines: Sequence[LineFacts], ceiling: Ceiling, uncollected_fen: int) -> tuple[LineFacts, ...]:
    """Return the lines of a bill of which `uncollected_fen` of the family's part is the institution's to bear.

    It is taken from the lines that rose above the quote, in the order of the bill.

    Raises:
        ValueError: the lines did not rise by so much.
    """
    parts = parts_of([(line.code, line.patient_fen) for line in lines], ceiling, uncollected_fen)
    return tuple(_borne(line, part, ceiling) if part else line for line, part in zip(lines, parts, strict=True))


def parts_of(own: Iterable[tuple[str, int]], ceiling: Ceiling, uncollected_fen: int) -> list[int]:
    """Return the institution's part of each line; `own` are their codes and the family's parts.

    Raises:
        ValueError: the lines did not rise by so much.
    """
    left, found = uncollected_fen, []
    quoted = dict(ceiling.quoted)
    for code, own_fen in own:
        part = min(left, max(0, own_fen - quoted.pop(code, 0)))
        left -= part
        found.append(part)
    if left:
        raise ValueError(f"{left} fen more than the lines rose by")
    return found


def patient_fen(lines: Iterable[LineFacts]) -> int:
    """Return what the family pays of some lines."""
    return sum(line.patient_fen for line in lines)


def _borne(line: LineFacts, part_fen: int, ceiling: Ceiling) -> LineFacts:
    rest = line.patient_fen - part_fen
    agreed, part = money.format_yuan(ceiling.agreed_fen), money.format_yuan(part_fen)
    why = f"{line.name}：全单高于家属同意的{agreed}元，其中{part}元未经同意，不向您收取，由医疗机构承担"
    kept = tuple(paid for paid in line.fundings if paid.source is not Payer.self_pay)
    own = FundingFacts(
        Payer.self_pay, rest, None, None, f"{line.name}：在家属同意的金额以内，您自付{money.format_yuan(rest)}元"
    )
    borne = FundingFacts(Payer.institution, part_fen, None, None, why)
    return replace(line, patient_fen=rest, fundings=(*kept, borne, *([own] if rest else [])))
