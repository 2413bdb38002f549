"""Price books, an institution's and a level's: dated rows; a new price ends the running one the day before."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import book_schemas, books, errors, repository, rules, schemas
from service.catalog.books import Book
from service.catalog.models import PriceRow
from service.catalog.usecases import services
from service.core import access, problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import InstitutionLevel


async def price_rows(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, on: date, codes: Collection[str] | None = None
) -> list[rules.PriceFacts]:
    """Return the prices in force at an institution on a day: its own row of a code goes before its level's of the day.

    Raises:
        problems.NotFound: the region has no such institution.
    """
    await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    asked = None if codes is None else sorted(codes)
    found = await repository.PRICES.ask(session, region_id=region_id, institution_id=institution_id, on=on, codes=asked)
    found = books.own_before_level(found)
    return [_facts(row) for row in found]


async def in_force_rows(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, on: date, codes: Collection[str] | None = None
) -> list[PriceRow]:
    """Return the rows in force at an institution on a day, for this room only.

    Raises:
        problems.NotFound: the region has no such institution.
    """
    await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    level = await institutions.level_on(session, region_id=region_id, institution_id=institution_id, on=on)
    where = [repository.of_either(institution_id, level)]
    if codes is not None:
        where.append(repository.of_codes(codes))
    found = await repository.find_in_force(session, PriceRow, region_id=region_id, where=where, on=on)
    return books.own_before_level(found)


async def add_price(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, asked: schemas.PriceCreate
) -> schemas.PriceRead:
    """Enter a price; an open one ends the running open one the day before, in the same transaction.

    Raises:
        problems.NotFound: another's institution.
        errors.CodeReserved: VISIT_FEE or BED_DAY.
        errors.ItemUnknown: the code, or one it includes or excludes, is not in the region's list.
        errors.PricesOverlap: another price holds on some of these days.
    """
    access.require_institution(principal, institution_id)
    row = await _add(session, principal=principal, book=Book(institution_id=institution_id), asked=asked)
    return schemas.PriceRead.model_validate(own_shown(row))


async def add_level_price(
    session: AsyncSession, *, principal: Principal, level: InstitutionLevel, asked: schemas.PriceCreate
) -> book_schemas.LevelPriceRead:
    """Enter a price of all institutions of a level that have none of their own.

    Raises:
        errors.OwnPriceOnly: a drug or a consumable.
        errors.CodeReserved, errors.ItemUnknown, errors.PricesOverlap: as with `add_price`.
    """
    refuse_own_price_only([asked])
    row = await _add(session, principal=principal, book=Book(level=level), asked=asked)
    return book_schemas.LevelPriceRead.model_validate(level_shown(row))


async def list_prices(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID,
    code: str | None,
    on: date | None,
    page: PageRequest,
) -> list[schemas.PriceRead]:
    """Return a page (and one more) of an institution's prices: all ever, of one code, or those of a day (明码标价).

    Raises:
        problems.NotFound: the region has no such institution.
    """
    region_id = principal.region_id
    await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    where = [repository.of_institution(PriceRow, institution_id)]
    if code is not None:
        where.append(repository.of_code(PriceRow, code))
    found = await repository.list_dated(session, PriceRow, region_id=region_id, where=where, page=page, on=on)
    return [schemas.PriceRead.model_validate(own_shown(row)) for row in found]


async def list_level_prices(
    session: AsyncSession,
    *,
    principal: Principal,
    level: InstitutionLevel,
    code: str | None,
    on: date | None,
    page: PageRequest,
) -> list[book_schemas.LevelPriceRead]:
    """Return a page (and one more) of a level's prices: all ever, of one code, or those of a day."""
    where = [repository.of_book(Book(level=level))]
    if code is not None:
        where.append(repository.of_code(PriceRow, code))
    found = await repository.list_dated(session, PriceRow, region_id=principal.region_id, where=where, page=page, on=on)
    return [book_schemas.LevelPriceRead.model_validate(level_shown(row)) for row in found]


async def list_prices_in_force(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, on: date, page: PageRequest
) -> list[book_schemas.PriceInForceRead]:
    """Return a page (and one more) of what holds at an institution on a day, its level's prices among them.

    Raises:
        problems.NotFound: the region has no such institution.
    """
    region_id = principal.region_id
    await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    level = await institutions.level_on(session, region_id=region_id, institution_id=institution_id, on=on)
    where = [
        repository.of_either(institution_id, level),
        repository.not_overruled(institution_id, on),
    ]
    found = await repository.list_dated(session, PriceRow, region_id=region_id, where=where, page=page, on=on)
    return [book_schemas.PriceInForceRead.model_validate(level_shown(row)) for row in found]


async def end_price(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, price_id: UUID, asked: schemas.CatalogEnding
) -> schemas.PriceRead:
    """End a price on a day (included).

    Raises:
        problems.NotFound: no such price of one's own institution.
        errors.EndingInvalid: before it began, or after its present end.
    """
    access.require_institution(principal, institution_id)
    book = Book(institution_id=institution_id)
    row = await _end(session, principal=principal, book=book, price_id=price_id, asked=asked)
    return schemas.PriceRead.model_validate(own_shown(row))


async def end_level_price(
    session: AsyncSession,
    *,
    principal: Principal,
    level: InstitutionLevel,
    price_id: UUID,
    asked: schemas.CatalogEnding,
) -> book_schemas.LevelPriceRead:
    """End a price of a level on a day (included).

    Raises:
        problems.NotFound: no such price of the level.
        errors.EndingInvalid: before it began, or after its present end.
    """
    row = await _end(session, principal=principal, book=Book(level=level), price_id=price_id, asked=asked)
    return book_schemas.LevelPriceRead.model_validate(level_shown(row))


def refuse_own_price_only(asked: Collection[schemas.PriceCreate]) -> None:
    """Refuse drugs and consumables in the book of a level.

    Raises:
        errors.OwnPriceOnly: names their codes.
    """
    own = sorted({each.code for each in asked if each.category is not rules.PriceCategory.service})
    if own:
        raise errors.OwnPriceOnly(codes="、".join(own))


def row_of(region_id: UUID, book: Book, asked: schemas.PriceCreate, *, name: str, valid_to: date | None) -> PriceRow:
    """Return a new row of a book."""
    return PriceRow(
        region_id=region_id,
        institution_id=book.institution_id,
        level=book.level,
        **asked.model_dump(exclude={"name", "valid_to", "surcharges"}),
        # as text inside the document: a JSON number would come back as a float
        surcharges=[each.model_dump(mode="json") for each in asked.surcharges],
        name=name,
        valid_to=valid_to,
    )


def own_shown(row: PriceRow) -> dict[str, object]:
    """Return a row of an institution's book as it is shown."""
    return row.model_dump(exclude={"region_id", "level"})


def level_shown(row: PriceRow) -> dict[str, object]:
    """Return a row as it is shown where its level matters."""
    return row.model_dump(exclude={"region_id", "institution_id"})


async def _add(session: AsyncSession, *, principal: Principal, book: Book, asked: schemas.PriceCreate) -> PriceRow:
    rules.refuse_reserved(asked.code)
    named = {asked.code, *asked.includes, *asked.excludes}
    await services.refuse_unlisted(session, region_id=principal.region_id, codes=named)
    listed = await services.items(session, region_id=principal.region_id, codes=[asked.code])
    name = asked.name or listed[asked.code].name
    row = row_of(principal.region_id, book, asked, name=name, valid_to=asked.valid_to)
    await repository.add_dated(session, row, repository.of_book(book), repository.of_code(PriceRow, asked.code))
    return row


async def _end(
    session: AsyncSession, *, principal: Principal, book: Book, price_id: UUID, asked: schemas.CatalogEnding
) -> PriceRow:
    row = await repository.find_dated(
        session,
        PriceRow,
        region_id=principal.region_id,
        row_id=price_id,
        where=[repository.of_book(book)],
        lock=True,
    )
    if row is None:
        raise problems.NotFound(what="价格")
    rules.refuse_ending(row.valid_from, row.valid_to, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    return row


def _facts(row: PriceRow) -> rules.PriceFacts:
    return rules.PriceFacts(
        code=row.code,
        name=row.name,
        unit_price=row.unit_price,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        per_visit_max=row.per_visit_max,
        includes=frozenset(row.includes),
        excludes=frozenset(row.excludes),
        insurance_class=rules.InsuranceClass(row.insurance_class),
        self_ratio=row.self_ratio,
        category=rules.PriceCategory(row.category),
        income_class=rules.IncomeClass(row.income_class),
        national_code=row.national_code,
        unit=row.unit,
        level=InstitutionLevel(row.level) if row.level else None,
    )
