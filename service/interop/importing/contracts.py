"""Reads the lists of service packages and of signed contracts."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from service.contracts import schemas
from service.contracts.rules import Counting
from service.core.tabular.cells import FIRST_DAY, Cells, plain
from service.core.tabular.faults import Fault
from service.core.tabular.tables import Table
from service.interop.importing import elders, reading
from service.interop.importing.reading import Read

_ITEMS_WANTED: Final = "每项写成 项目代码*数量，按次计的写成 项目代码*数量*次，多项用分号隔开"
_COUNTING: Final = {"": Counting.quantity, "数量": Counting.quantity, "次": Counting.visit} | {
    str(each): each for each in Counting
}


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A version of a package of an institution; `form` is None only where there is a fault."""

    line: int
    institution: str
    code: str
    valid_from: date | None
    form: schemas.PackageCreate | None

    @property
    def key(self) -> tuple[str, str, date | None]:
        """The institution's code, its own, and its first day."""
        return self.institution, self.code, self.valid_from


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A signed contract: who, on what, with which doctor (his staff number), from when until when."""

    line: int
    institution: str
    number: str
    package: str
    doctor: str
    signed_on: date
    valid_from: date
    valid_to: date

    @property
    def key(self) -> tuple[str, str, date, str]:
        """Institution, package, day of signing and the person."""
        return self.institution, self.package, self.signed_on, self.number


def read_packages(table: Table, faults: list[Fault]) -> Read[PackageRow]:
    """Read the packages."""
    return reading.read_rows(table, "code", _package, faults)


def read_contracts(table: Table, faults: list[Fault]) -> Read[ContractRow]:
    """Read the contracts."""
    return reading.read_rows(table, "id_number", _contract, faults)


def _package(cells: Cells) -> PackageRow:
    institution, code = reading.code(cells, "institution"), reading.code(cells, "code")
    name, covers = cells.line("name", required=True), cells.yes("covers_visit_fee")
    starts, ends = reading.period(cells, "valid_from", "valid_to", required=True)
    capitated, items = list(cells.words("capitated")), _items(cells)
    offered = reading.form(
        cells,
        "items",
        lambda: schemas.PackageCreate(
            code=code,
            name=name,
            covers_visit_fee=covers,
            capitated_codes=capitated,
            items=items,
            valid_from=starts or FIRST_DAY,
            valid_to=ends,
        ),
    )
    return PackageRow(cells.number, institution, code, starts, offered)


def _items(cells: Cells) -> list[schemas.PackageItem]:
    items = []
    for word in cells.words("items"):
        code, count, counting, *more = [*(part.strip() for part in plain(word).split("*")), "", ""]
        if not count.isascii() or not count.isdigit() or len(count) > 4 or counting not in _COUNTING or any(more):
            cells.refuse("items", _ITEMS_WANTED)
            return []
        item = _item(cells, code, int(count), _COUNTING[counting])
        if item is not None:
            items.append(item)
    return items


def _item(cells: Cells, code: str, quantity: int, counting: Counting) -> schemas.PackageItem | None:
    return reading.form(cells, "items", lambda: schemas.PackageItem(code=code, quantity=quantity, counting=counting))


def _contract(cells: Cells) -> ContractRow:
    starts, ends = reading.period(cells, "valid_from", "valid_to", required=True)
    if cells.sound("valid_to") and ends is None:
        cells.fault("valid_to", "不能为空，要填日期，例如 2027-03-01")
    return ContractRow(
        line=cells.number,
        institution=reading.code(cells, "institution"),
        number=elders.read_number(cells).text,
        package=reading.code(cells, "package"),
        doctor=reading.code(cells, "doctor"),
        signed_on=cells.day("signed_on", required=True) or FIRST_DAY,
        valid_from=starts or FIRST_DAY,
        valid_to=ends or FIRST_DAY,
    )
