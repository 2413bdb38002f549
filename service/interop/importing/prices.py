"""Reads the lists of an institution's own prices and of its designations (定点)."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from service.catalog import price_files
from service.core.tabular.cells import FIRST_DAY, Cells, plain
from service.core.tabular.faults import Fault
from service.core.tabular.tables import Table
from service.institutions.rules import LTCI_PLAN
from service.interop.importing import reading
from service.interop.importing.reading import CODE, CODE_WANTED, Read

_LTCI: Final = frozenset({"长护险", "长期护理保险"})


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A price in an institution's own book; `price` is None only where there is a fault."""

    line: int
    institution: str
    code: str
    begins: str
    price: price_files.Line | None

    @property
    def key(self) -> tuple[str, str, str]:
        """The institution's code, the service's and the first day."""
        return self.institution, self.code, self.begins


@dataclass(frozen=True, slots=True)
class DesignationRow:
    """An insurance that pays at an institution, from when until when."""

    line: int
    institution: str
    plan_code: str
    valid_from: date
    valid_to: date | None

    @property
    def key(self) -> tuple[str, str, date]:
        """The institution's code, the plan's and the first day."""
        return self.institution, self.plan_code, self.valid_from


def read_prices(table: Table, faults: list[Fault]) -> Read[PriceRow]:
    """Read the prices."""
    return reading.read_rows(table, "code", _price, faults)


def read_designations(table: Table, faults: list[Fault]) -> Read[DesignationRow]:
    """Read the designations."""
    return reading.read_rows(table, "plan", _designation, faults)


def _price(cells: Cells) -> PriceRow:
    institution = reading.code(cells, "institution")
    read = price_files.read_line(cells)
    return PriceRow(
        line=cells.number,
        institution=institution,
        code=plain(cells.optional("code")),
        begins=read.price.valid_from.isoformat() if read else plain(cells.optional("valid_from")),
        price=read,
    )


def _designation(cells: Cells) -> DesignationRow:
    institution = reading.code(cells, "institution")
    is_ltci = plain(cells.optional("plan")) in _LTCI
    plan_code = LTCI_PLAN if is_ltci else cells.matching("plan", CODE, f"{CODE_WANTED}；长期护理保险填“长护险”")
    starts, ends = reading.period(cells, "valid_from", "valid_to", required=True)
    return DesignationRow(cells.number, institution, plan_code, starts or FIRST_DAY, ends)
