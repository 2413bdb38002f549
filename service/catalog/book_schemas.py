"""What crosses HTTP about whole price books: a level's, what is in force, what changed, what became of a file."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from service.catalog.books import Fate, WhichBook
from service.catalog.schemas import Decimal4, PriceCreate
from service.institutions.rules import InstitutionLevel


class LevelPriceRead(PriceCreate):
    """A price of all institutions of a level that have none of their own, in yuan."""

    id: UUID
    level: InstitutionLevel


class PriceInForceRead(PriceCreate):
    """A price as it holds at an institution on a day; `level` says that it is that of the institution's level."""

    id: UUID
    level: InstitutionLevel | None = Field(description="null 为本机构自己的价格")


class PriceShown(BaseModel):
    """A price that is there on one side only."""

    code: str
    name: str
    unit_price: Decimal4


class PriceChange(BaseModel):
    """A code that both sides price, not alike."""

    code: str
    name: str
    old_price: Decimal4
    new_price: Decimal4
    percent: str | None = Field(description="涨跌幅（%），两位小数；原价为 0 时为 null", examples=["16.07", "-4.00"])
    fields: list[str] = Field(description="除起止日期外有变化的内容")


class PriceDiff(BaseModel):
    """What is different between two price books, or one book on two days, by code."""

    from_book: WhichBook
    from_on: date
    to_book: WhichBook
    to_on: date
    added: list[PriceShown]
    ended: list[PriceShown]
    changed: list[PriceChange]


class ImportedLine(BaseModel):
    """What becomes of a line of the file (0: of the file as a whole)."""

    line: int
    column: str = Field(description="表头，空为整行")
    outcome: Fate
    sentence: str


class PriceImportRead(BaseModel):
    """What a price book does, or (`kept`) did, line by line."""

    kept: bool = Field(description="是否已写入；试运行或有误时为 false")
    sound: bool = Field(description="没有错误，可以导入")
    new: int
    unchanged: int
    wrong: int
    lines: list[ImportedLine]


class SheetFormat(StrEnum):
    """The forms in which a price book is handed out; both can be imported again."""

    xlsx = "xlsx"
    csv = "csv"
