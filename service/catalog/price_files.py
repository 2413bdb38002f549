"""Price books as files: the columns, a table read into prices with every fault named, and a book written out again.

What is written out can be read in: headings, Chinese words and the form of each cell are the same.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from service.catalog import books, rules
from service.catalog.schemas import PriceCreate
from service.core.tabular import tables, writing
from service.core.tabular.cells import Cells, plain, split
from service.core.tabular.faults import Fault, FilesRefused
from service.core.tabular.sheets import Limits
from service.core.tabular.tables import Column, Merged

COLUMNS: Final = (
    Column("code", ("项目代码", "项目编码", "收费编码"), required=True),
    Column("name", ("项目名称", "名称")),
    Column("national_code", ("国家项目编码", "国家医保编码", "国家编码")),
    Column("category", ("类别", "项目类别")),
    Column("output", ("服务产出",)),
    Column("composition", ("价格构成",)),
    Column("surcharges", ("加收项",)),
    Column("unit", ("计价单位", "单位")),
    Column("note", ("计价说明",)),
    Column("unit_price", ("价格（元）", "价格", "单价"), required=True),
    Column("per_visit_max", ("单次上限",)),
    Column("includes", ("包含项目",)),
    Column("excludes", ("不得同时收取",)),
    Column("insurance_class", ("支付分类", "医保类别")),
    Column("self_ratio", ("先行自付比例", "自付比例")),
    Column("income_class", ("收入归类",)),
    Column("valid_from", ("起始日期", "执行日期"), required=True),
    Column("valid_to", ("截止日期",)),
)
MOST: Final = Limits(unpacked=64 << 20, cells=2_000_000)
"""A price book that is larger is none; whoever sends it is not let to fill the memory."""
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "category": {"服务": "service", "药品": "drug", "耗材": "consumable"},
    "insurance_class": {"甲": "A", "乙": "B", "丙": "C"},
    "income_class": {"统一管理": "unified", "单列备查": "memorandum"},
}
_CODE: Final = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,39}"
_CODE_WANTED: Final = "要填字母、数字和 _ . -，字母或数字开头，最多 40 个"
_DEFAULTS: Final = {"category": "service", "insurance_class": "C", "income_class": "unified"}
_SHOWN: Final = {name: {word: said for said, word in words.items()} for name, words in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """A line without a fault."""

    number: int
    price: PriceCreate


@dataclass(frozen=True, slots=True)
class Reading:
    """A file read: the sound lines, what is wrong in the others, what is worth knowing, how it calls its columns."""

    lines: tuple[Line, ...]
    told: tuple[books.Told, ...]
    headings: Mapping[str, str]


def read(file: str, content: bytes) -> Reading:
    """Read a price book, XLSX or CSV (UTF-8 or GB18030); what is wrong in it is told, nothing is raised."""
    try:
        table = tables.read_table(file, content, COLUMNS, Merged.refuse, MOST)
    except FilesRefused as refused:
        return Reading((), tuple(_told(fault, books.Fate.wrong) for fault in refused.faults), {})
    faults = list(table.faults)
    if not table.lines:
        faults.append(Fault(file, 0, "", "表头下面没有任何内容"))
    notes = list(table.notes)
    if table.ignored:
        notes.append(Fault(file, 0, "", f"没有用到的列：{'、'.join(table.ignored)}"))
    lines = [read_line(Cells(table, line, faults)) for line in table.lines]
    wrong = {fault.line for fault in faults}
    return Reading(
        lines=tuple(line for line in lines if line is not None and line.number not in wrong),
        told=(*(_told(each, books.Fate.wrong) for each in faults), *(_told(each, books.Fate.note) for each in notes)),
        headings=dict(table.headings),
    )


def write(prices: Iterable[PriceCreate], *, xlsx: bool) -> bytes:
    """Return prices as a file that can be read in again."""
    heading = [column.headings[0] for column in COLUMNS]
    rows = [_written(price) for price in prices]
    return writing.as_xlsx("价格表", heading, rows) if xlsx else writing.as_csv(heading, rows)


def _told(fault: Fault, fate: books.Fate) -> books.Told:
    return books.Told(fault.line, fate, fault.column, fault.sentence)


def read_line(cells: Cells) -> Line | None:
    """Return a line as the same form that a client would send; what the form refuses is a fault in its cell."""
    said: dict[str, Any] = {name: value for name, value in _values(cells).items() if value not in ("", None)}
    if not cells.all_sound:
        return None
    try:
        return Line(cells.number, PriceCreate.model_validate(said))
    except ValidationError as refused:
        for wrong in refused.errors(include_input=False, include_url=False):
            column = str(wrong["loc"][0]) if wrong["loc"] else "self_ratio"
            cells.fault(_column_of(column, wrong["msg"]), wrong["msg"].removeprefix("Value error, "))
        return None


def _column_of(column: str, said: str) -> str:
    # what concerns two cells names the one that people change
    return "valid_to" if column == "self_ratio" and "日期" in said else column


def _values(cells: Cells) -> dict[str, Any]:
    numbers = {name: plain(cells.optional(name)) for name in ("unit_price", "self_ratio")}
    codes = {name: _codes(cells, name) for name in ("includes", "excludes")}
    return {
        "code": cells.matching("code", _CODE, _CODE_WANTED),
        "name": cells.line("name"),
        "national_code": cells.matching("national_code", _CODE, _CODE_WANTED, required=False),
        "unit": cells.line("unit"),
        **{name: cells.line(name, 2000) for name in ("output", "composition", "note")},
        **{name: _word(cells, name) for name in _WORDS},
        "unit_price": numbers["unit_price"].replace(",", ""),
        "self_ratio": _ratio(cells, numbers["self_ratio"]),
        "per_visit_max": cells.whole("per_visit_max", 1, 99, 0) or None,
        **{name: found or None for name, found in codes.items()},
        "surcharges": _surcharges(cells) or None,
        "valid_from": cells.day("valid_from", required=True),
        "valid_to": cells.day("valid_to"),
    }


def _codes(cells: Cells, column: str) -> list[str]:
    """Return the codes of a cell, separated by semicolons."""
    found = list(split(plain(cells.optional(column))))
    if not all(re.fullmatch(_CODE, each) for each in found):
        cells.refuse(column, f"{_CODE_WANTED}；多个用分号隔开")
    return found


def _word(cells: Cells, column: str) -> str:
    """Return the word that a cell stands for: Chinese, or as clients write it; an empty one says the usual."""
    if not cells.optional(column):
        return _DEFAULTS[column]
    said = cells.optional(column).removesuffix("类") if column == "insurance_class" else cells.optional(column)
    known = {**_WORDS[column], **{word.casefold(): word for word in _WORDS[column].values()}}
    if plain(said).casefold() in known:
        return known[plain(said).casefold()]
    cells.refuse(column, f"要填{'、'.join(_WORDS[column])}之一")
    return _DEFAULTS[column]


def _ratio(cells: Cells, said: str) -> str:
    """Return a share as a decimal; 10% is 0.1."""
    if not said.endswith("%"):
        return said
    number = said.removesuffix("%").strip()
    if not number.replace(".", "", 1).isdecimal() or not number.isascii():
        cells.refuse("self_ratio", "要填 0 到 1 的小数或百分数，例如 0.1 或 10%")
        return ""
    return f"{(Decimal(number) / 100).normalize():f}"


def _surcharges(cells: Cells) -> list[dict[str, str]]:
    """Return the surcharges of a cell: “儿童加收:5.00；夜间加收:20.00”."""
    found = []
    for each in split(cells.optional("surcharges")):
        name, colon, price = each.replace("：", ":").rpartition(":")
        if not colon or not name:
            cells.fault("surcharges", "要写成“名称:金额”，多项用分号隔开，例如 儿童加收:5.00；夜间加收:20.00")
            return []
        found.append({"name": name.strip(), "price": plain(price).strip()})
    return found


def _written(price: PriceCreate) -> Sequence[writing.Value]:
    said = price.model_dump(mode="json")
    cells: dict[str, Callable[[Any], str]] = {
        **{name: shown.__getitem__ for name, shown in _SHOWN.items()},
        "includes": ";".join,
        "excludes": ";".join,
        "surcharges": lambda every: ";".join(f"{each['name']}:{each['price']}" for each in every),
    }
    return ["" if said[c.name] is None else cells.get(c.name, str)(said[c.name]) for c in COLUMNS]


def terms_of(price: PriceCreate, name: str) -> books.Terms:
    """Return what a price says besides its days, as the comparison of books reads it; `name` is the one that holds."""
    said = price.model_dump(exclude={"valid_from", "valid_to", "id", "level", "institution_id"})
    return {
        **said,
        "name": name,
        "includes": frozenset(price.includes),
        "excludes": frozenset(price.excludes),
        "category": rules.PriceCategory(price.category),
    }
