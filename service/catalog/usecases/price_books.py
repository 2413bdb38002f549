"""Whole price books: written out to a file, and compared with each other."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import book_schemas, books, price_files, repository
from service.catalog.books import Book, WhichBook
from service.catalog.models import PriceRow
from service.catalog.usecases import price_intake, prices
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import InstitutionLevel


async def export_prices(session: AsyncSession, *, principal: Principal, book: Book, on: date, xlsx: bool) -> bytes:
    """Return the rows of a book in force on a day as a file that can be read in again.

    Raises:
        problems.NotFound: the region has no such institution.
    """
    region_id = principal.region_id
    if book.institution_id is not None:
        await institutions.get_institution(session, region_id=region_id, institution_id=book.institution_id)
    rows = await _rows_of(session, region_id, book, on)
    said = [price_intake.as_asked(row) for row in sorted(rows, key=lambda row: row.code)]
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
    await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    if which is WhichBook.own:
        return await _rows_of(session, region_id, Book(institution_id=institution_id), on)
    if which is WhichBook.in_force:
        return await prices.in_force_rows(session, region_id=region_id, institution_id=institution_id, on=on)
    level = await institutions.level_on(session, region_id=region_id, institution_id=institution_id, on=on)
    return () if level is None else await _rows_of(session, region_id, Book(level=level), on)


def _by_code(rows: Collection[PriceRow]) -> dict[str, books.Terms]:
    return {row.code: price_files.terms_of(price_intake.as_asked(row), row.name) for row in rows}


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
