"""Price books taken in, from one file or among an institution's lists: all or nothing, the same again is nothing."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import book_schemas, books, errors, price_files, repository, rules, schemas
from service.catalog.books import Book, Entry, Fate, Told
from service.catalog.models import PriceRow
from service.catalog.usecases import prices, services
from service.core import access
from service.core.db import turns
from service.core.principal import Principal

_FILE: Final = "价格表"
_SHOWN: Final = 200
"""Faults that a refusal names; a trial tells all."""


@dataclass(frozen=True, slots=True)
class _Checked:
    """What a file does to a book: everything told, in the order of the lines, and what is to be written."""

    told: tuple[Told, ...]
    plan: books.Plan
    prices: dict[int, schemas.PriceCreate]
    standing: dict[UUID, PriceRow]

    @property
    def sound(self) -> bool:
        return not any(each.fate is Fate.wrong for each in self.told)


async def import_prices(
    session: AsyncSession, *, principal: Principal, book: Book, content: bytes, dry_run: bool
) -> book_schemas.PriceImportRead:
    """Take a file into a book, all of it or nothing; the same file again changes nothing. A trial only tells.

    Raises:
        problems.NotFound: another's institution.
        errors.PriceBookRefused: not a trial, and something is wrong; names the lines. Or there is no file.
        errors.PricesOverlap: somebody entered a price of the same days at this moment.
    """
    if book.institution_id is not None:
        access.require_institution(principal, book.institution_id)
    if not content:
        _refuse([Told(0, Fate.wrong, sentence="没有收到内容")])
    # reading a workbook takes its time: the process serves others meanwhile
    reading = await asyncio.to_thread(price_files.read, _FILE, content)
    checked = await _check(session, principal.region_id, book, reading)
    if not dry_run and not checked.sound:
        _refuse(checked.told)
    if not dry_run:
        await _write(session, principal.region_id, book, checked)
    counts = Counter(each.fate for each in checked.told)
    return book_schemas.PriceImportRead(
        kept=not dry_run,
        sound=checked.sound,
        new=counts[Fate.new],
        unchanged=counts[Fate.unchanged],
        wrong=counts[Fate.wrong],
        lines=[_line(each) for each in checked.told],
    )


async def load_prices(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, reading: price_files.Reading
) -> tuple[Told, ...]:
    """Take lines that were read already into an institution's own book, when all of them are sound.

    Returns what becomes of each line; whoever finds a wrong one among them keeps nothing.

    Raises:
        problems.NotFound: another's institution.
        errors.PricesOverlap: somebody entered a price of the same days at this moment.
    """
    access.require_institution(principal, institution_id)
    book = Book(institution_id=institution_id)
    checked = await _check(session, principal.region_id, book, reading)
    if checked.sound:
        await _write(session, principal.region_id, book, checked)
    return checked.told


def as_asked(row: PriceRow) -> schemas.PriceCreate:
    """Return a row as the form in which it could be entered again."""
    return schemas.PriceCreate.model_validate(row.model_dump(exclude={"region_id", "id", "institution_id", "level"}))


async def _check(session: AsyncSession, region_id: UUID, book: Book, reading: price_files.Reading) -> _Checked:
    """Return what a file does to a book, the rows of its codes locked."""
    named = {code for line in reading.lines for code in (line.price.code, *line.price.includes, *line.price.excludes)}
    listed = await services.items(session, region_id=region_id, codes=named)
    wrong = [told for line in reading.lines for told in _faults(line, book, listed)]
    lines = [line for line in reading.lines if line.number not in {told.line for told in wrong}]
    standing = await repository.list_standing(
        session, region_id=region_id, book=book, codes={line.price.code for line in lines}
    )
    # a line that leaves the name out says nothing about it
    names = {(row.code, row.valid_from): row.name for row in standing}
    plan = books.plan_import(
        [_entry(line.price, line.number, _name_of(line.price, names, listed)) for line in lines],
        [
            Entry(row.code, row.valid_from, row.valid_to, price_files.terms_of(as_asked(row), row.name), id=row.id)
            for row in standing
        ],
    )
    headings = reading.headings
    found = [
        Told(each.line, each.fate, headings.get(each.column, each.column), each.sentence)
        for each in (*wrong, *plan.told)
    ]
    told = sorted((*reading.told, *found), key=lambda each: each.line)
    return _Checked(tuple(told), plan, {line.number: line.price for line in lines}, {row.id: row for row in standing})


def _entry(asked: schemas.PriceCreate, line: int, name: str) -> Entry:
    return Entry(asked.code, asked.valid_from, asked.valid_to, price_files.terms_of(asked, name), line=line)


def _name_of(
    asked: schemas.PriceCreate, names: Mapping[tuple[str, date], str], listed: Mapping[str, rules.ItemFacts]
) -> str:
    return asked.name or names.get((asked.code, asked.valid_from)) or listed[asked.code].name


def _faults(line: price_files.Line, book: Book, listed: Collection[str]) -> list[Told]:
    """Return what is wrong in a line that reads well: codes that nobody listed, or that have no place in the book."""
    asked, found = line.price, []
    for column, codes in (("code", [asked.code]), ("includes", asked.includes), ("excludes", asked.excludes)):
        unknown = [code for code in codes if code not in listed]
        if unknown:
            said = f"服务项目目录里没有 {'、'.join(unknown)}，请核对，或先由统筹区管理员登记该项目"
            found.append(Told(line.number, Fate.wrong, column, said))
    if asked.code in rules.RESERVED_CODES:
        found = [Told(line.number, Fate.wrong, "code", str(errors.CodeReserved(reserved=asked.code)))]
    if book.level is not None and asked.category is not rules.PriceCategory.service:
        found.append(Told(line.number, Fate.wrong, "category", str(errors.OwnPriceOnly(codes=asked.code))))
    return found


async def _write(session: AsyncSession, region_id: UUID, book: Book, checked: _Checked) -> None:
    if not checked.plan.new:
        return
    # a lock for each of thousands of rows is too many; the constraints have the last word
    await turns.pass_over(session)
    for row_id, ends_on in checked.plan.endings.items():
        checked.standing[row_id].valid_to = ends_on
    await session.flush()  # before the new rows: the constraint would not let both stand
    session.add_all(
        prices.row_of(
            region_id, book, checked.prices[entry.line or 0], name=entry.terms["name"], valid_to=entry.valid_to
        )
        for entry in checked.plan.new
    )
    await session.flush()


def _refuse(told: Collection[Told]) -> None:
    """Refuse a file that is wrong.

    Raises:
        errors.PriceBookRefused: says how often and where first.
    """
    wrong = [each for each in told if each.fate is Fate.wrong]
    first = wrong[0]
    where = f"第{first.line}行" if first.line else "整个文件"
    where += f"“{first.column}”" if first.column else ""
    raise errors.PriceBookRefused(
        faults=len(wrong),
        first=f"{where}：{first.sentence}",
        lines=[_line(each).model_dump(mode="json") for each in wrong[:_SHOWN]],
    )


def _line(told: Told) -> book_schemas.ImportedLine:
    return book_schemas.ImportedLine(line=told.line, column=told.column, outcome=told.fate, sentence=told.sentence)
