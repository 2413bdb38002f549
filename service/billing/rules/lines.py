"""The lines of a visit: merged, marked as included or excluded, limited and priced; not yet funded."""

from collections.abc import Callable

from service.billing.rules import bills, terms, words
from service.core import money

_Marks = dict[str, tuple[bills.LineStatus, str]]
"""Code → what it became and the code whose price row says so."""


def price_lines(visit: words.Visit, holds: terms.Terms) -> tuple[bills.Line, ...]:
    """Price the items of a visit, one line per code in the order of first appearance.

    A later price never alters a settled bill: a line keeps the row of its service date.

    Raises:
        Refused: `price_missing`, the gate was not asked first.
    """
    quantities: dict[str, int] = {}
    for item in visit.items:
        quantities[item.code] = quantities.get(item.code, 0) + item.quantity
    rows = {code: _price(code, visit, holds) for code in quantities}
    marks = _mark(rows)
    return tuple(_line(rows[code], quantity, marks) for code, quantity in quantities.items())


def _price(code: str, visit: words.Visit, holds: terms.Terms) -> terms.PriceRow:
    row = holds.find_price(code, visit.service_on)
    if row is None:
        raise bills.Refused(bills.RefusalReason.price_missing, code=code)
    return row


def _mark(rows: dict[str, terms.PriceRow]) -> _Marks:
    """Say which codes others include or exclude (项目内涵, 互斥).

    Rows speak in line order, all inclusions before all exclusions; a row that is marked by then is silent, and a
    mark once set stays.
    """
    marks: _Marks = {}
    _speak(rows, marks, bills.LineStatus.included, lambda row: row.includes)
    _speak(rows, marks, bills.LineStatus.excluded, lambda row: row.excludes)
    return marks


def _speak(
    rows: dict[str, terms.PriceRow],
    marks: _Marks,
    status: bills.LineStatus,
    named_by: Callable[[terms.PriceRow], frozenset[str]],
) -> None:
    for speaker, row in rows.items():
        if speaker in marks:
            continue
        for code in named_by(row):
            if code in rows and code != speaker and code not in marks:
                marks[code] = (status, speaker)


def _line(row: terms.PriceRow, quantity: int, marks: _Marks) -> bills.Line:
    if row.code in marks:
        status, by = marks[row.code]
        reason = bills.LineReason(status.value)
        return bills.Line(row.code, quantity, 0, status, reason, price=row, gross_fen=0, marked_by=by)
    charged = quantity if row.per_visit_max is None else min(quantity, row.per_visit_max)
    reason = bills.LineReason.price if charged == quantity else bills.LineReason.over_limit
    gross = money.line_total_fen(row.unit_price, charged)
    return bills.Line(row.code, quantity, charged, bills.LineStatus.charged, reason, price=row, gross_fen=gross)
