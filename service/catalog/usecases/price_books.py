"""Whole price books: taken in from a file, written out to one, and compared with each other."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import book_schemas, books, errors, price_files, repository, rules, schemas
from service.catalog.books import Book, Entry, Fate, Told, WhichBook
from service.catalog.models import PriceRow
from service.catalog.usecases import prices, services
from service.core import access
from service.core.db import turns
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import InstitutionLevel

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
        errors.PriceBookRefused: not a trial, and something is wrong; names the lines.
        errors.PricesOverlap: somebody entered a price of the same days at this moment.
    """
    if book.institution_id is not None:
        access.require_institution(principal, book.institution_id)
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


async def export_prices(session: AsyncSession, *, principal: Principal, book: Book, on: date, xlsx: bool) -> bytes:
    """Return the rows of a book in force on a day as a file that can be read in again.

    Raises:
        problems.NotFound: the region has no such institution.
    """
    region_id = principal.region_id
    if book.institution_id is not None:
        await institutions.get_institution(session, region_id=region_id, institution_id=book.institution_id)
    rows = await _rows_of(session, region_id, book, on)
    said = [_as_asked(row) for row in sorted(rows, key=lambda row: row.code)]
    return await asyncio.to_thread(price_files.write, said, xlsx=xlsx)


async def diff_prices(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID,
    old: tuple[WhichBook, date],
    new: tuple[WhichBook, date],
) -> book_schemas.PriceDiff:
    """Return what is different between two books of an institution, or one on two days.

    Raises:
        problems.NotFound: the region has no such institution.
    """
    sides = []
    for which, on in (old, new):
        rows = await _rows_of_institution(session, principal.region_id, institution_id, which, on)
        sides.append(_by_code(rows))
    return _diff(old, new, sides)


async def diff_level_prices(
    session: AsyncSession, *, principal: Principal, level: InstitutionLevel, old_on: date, new_on: date
) -> book_schemas.PriceDiff:
    """Return what is different in the book of a level between two days."""
    sides = [_by_code(await _rows_of(session, principal.region_id, Book(level=level), on)) for on in (old_on, new_on)]
    return _diff((WhichBook.level, old_on), (WhichBook.level, new_on), sides)


async def _rows_of(session: AsyncSession, region_id: UUID, book: Book, on: date) -> Sequence[PriceRow]:
    where = [repository.of_book(book)]
    return await repository.find_in_force(session, PriceRow, region_id=region_id, where=where, on=on)


async def _rows_of_institution(
    session: AsyncSession, region_id: UUID, institution_id: UUID, which: WhichBook, on: date
) -> Sequence[PriceRow]:
    institution = await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    if which is WhichBook.own:
        return await _rows_of(session, region_id, Book(institution_id=institution_id), on)
    if which is WhichBook.in_force:
        return await prices.in_force_rows(session, region_id=region_id, institution_id=institution_id, on=on)
    if institution.level is None:
        return ()
    return await _rows_of(session, region_id, Book(level=institution.level), on)


def _as_asked(row: PriceRow) -> schemas.PriceCreate:
    return schemas.PriceCreate.model_validate(row.model_dump(exclude={"region_id", "id", "institution_id", "level"}))


def _by_code(rows: Collection[PriceRow]) -> dict[str, books.Terms]:
    return {row.code: price_files.terms_of(_as_asked(row), row.name) for row in rows}


def _diff(
    old: tuple[WhichBook, date], new: tuple[WhichBook, date], sides: Sequence[dict[str, books.Terms]]
) -> book_schemas.PriceDiff:
    found = books.differences(*sides)
    both = [(each, each.old, each.new) for each in found]
    return book_schemas.PriceDiff(
        from_book=old[0],
        from_on=old[1],
        to_book=new[0],
        to_on=new[1],
        added=[_shown(after) for _, before, after in both if before is None and after is not None],
        ended=[_shown(before) for _, before, after in both if after is None and before is not None],
        changed=[
            book_schemas.PriceChange(
                code=each.code,
                name=after["name"],
                old_price=before["unit_price"],
                new_price=after["unit_price"],
                percent=books.percent(before["unit_price"], after["unit_price"]),
                fields=list(each.fields),
            )
            for each, before, after in both
            if before is not None and after is not None
        ],
    )


def _shown(terms: books.Terms) -> book_schemas.PriceShown:
    return book_schemas.PriceShown(code=terms["code"], name=terms["name"], unit_price=terms["unit_price"])


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
            Entry(row.code, row.valid_from, row.valid_to, price_files.terms_of(_as_asked(row), row.name), id=row.id)
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
