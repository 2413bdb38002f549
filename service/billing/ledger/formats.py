"""Which format a statement is given out in: the one named in the query, else the one that `Accept` likes best. Pure."""

from collections.abc import Mapping
from typing import Final

from service.billing.ledger.schemas import StatementFormat

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES: Final[Mapping[StatementFormat, str]] = {
    StatementFormat.json: "application/json",
    StatementFormat.csv: f"{CSV}; charset=utf-8",
    StatementFormat.xlsx: XLSX,
}
_BY_TYPE: Final = {
    "application/json": StatementFormat.json,
    "application/*": StatementFormat.json,
    "*/*": StatementFormat.json,
    CSV: StatementFormat.csv,
    "text/*": StatementFormat.csv,
    XLSX: StatementFormat.xlsx,
}


def choose(asked: StatementFormat | None, accept: str | None) -> StatementFormat:
    """Return the format asked for; JSON when nobody says, or when `Accept` names others only."""
    if asked is not None:
        return asked
    liked = sorted(_liked(accept or ""), key=lambda each: -each[0])
    for weight, media_type in liked:
        if weight > 0 and media_type in _BY_TYPE:
            return _BY_TYPE[media_type]
    return StatementFormat.json


def _liked(accept: str) -> list[tuple[int, str]]:
    """Return the media types of a header with their weights in thousandths; a weight that is none counts as 0."""
    found = []
    for each in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in each.split(";"))
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        whole, _, thousandths = weight.partition(".")
        digits = whole + thousandths[:3].ljust(3, "0")
        found.append((int(digits) if digits.isascii() and digits.isdigit() else 0, media_type))
    return found
