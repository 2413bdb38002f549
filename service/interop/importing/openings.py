"""Reads the list of what was used before the go-live (期初)."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from service.contracts.rules import Source
from service.contracts.use_schemas import NAMED
from service.core.tabular.cells import FIRST_DAY, Cells, plain
from service.core.tabular.faults import Fault
from service.core.tabular.tables import Table
from service.interop.importing import elders, reading
from service.interop.importing.reading import Read

_SOURCES: Final = {
    "签约": Source.contract,
    "公共项目": Source.public_program,
    "医保基金": Source.insurance_fund,
    "起付线": Source.insurance_deductible,
    "长护险": Source.ltci,
} | {str(each): each for each in NAMED}
COUNTED: Final = frozenset({Source.contract, Source.public_program})
"""What is used in units; the others are used in yuan."""
_NAMED: Final = COUNTED | {Source.insurance_fund, Source.insurance_deductible}
"""What is of a package, a programme or a plan, which the list names."""


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """What a person had used up to a day: `used` units of `code`, or yuan; `ref` is a package, programme or plan."""

    line: int
    institution: str
    number: str
    source: Source
    ref: str
    code: str
    used: Decimal
    on: date
    because: str
    document_no: str

    @property
    def key(self) -> tuple[str, Source, str, str, str]:
        """The person, and what tells his entitlements apart: the same for all days of a year, or month."""
        period = f"{self.on:%Y-%m}" if self.source is Source.ltci else f"{self.on:%Y}"
        return self.number, self.source, self.ref, self.code, period


def read_openings(table: Table, faults: list[Fault]) -> Read[OpeningRow]:
    """Read what was used before the go-live."""
    return reading.read_rows(table, "id_number", _opening, faults)


def _opening(cells: Cells) -> OpeningRow:
    institution, number = reading.code(cells, "institution"), elders.read_number(cells).text
    source = cells.one_of("kind", _SOURCES)
    # of a kind that there is not, nobody can say what else its line needs: it has the one fault
    known = cells.sound("kind")
    named, counted = known and source in _NAMED, known and source in COUNTED
    ref = reading.code(cells, "ref", required=named)
    code = reading.code(cells, "code", required=counted)
    if known:
        _refuse_given(cells, "ref", ref, wanted=named)
        _refuse_given(cells, "code", code, wanted=counted)
    return OpeningRow(
        line=cells.number,
        institution=institution,
        number=number,
        source=source,
        ref=ref,
        code=code,
        used=_used(cells, counted=counted),
        on=cells.day("on", required=True) or FIRST_DAY,
        because=cells.line("because", required=True),
        document_no=cells.line("document_no"),
    )


def _refuse_given(cells: Cells, column: str, said: str, *, wanted: bool) -> None:
    if said and not wanted:
        cells.fault(column, "这一类不用填，请清空")


def _used(cells: Cells, *, counted: bool) -> Decimal:
    said = plain(cells.optional("used"))
    pattern, words = (
        (r"[0-9]{1,4}", "要填 1 到 9999 的次数") if counted else (r"[0-9]{1,9}(\.[0-9]{1,2})?", "要填金额（元）")
    )
    if not re.fullmatch(pattern, said) or Decimal(said) == 0:
        cells.refuse("used", f"{words}，没有用过的不用列出")
        return Decimal(1)
    return Decimal(said)
