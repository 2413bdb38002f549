"""Puts an institution's own prices and its designations (定点) in."""

from collections import defaultdict
from collections.abc import Hashable
from uuid import UUID

from service.catalog import price_files
from service.catalog import usecases as catalog
from service.catalog.books import Fate
from service.core.loading import Loaded, Outcome, compared
from service.institutions import designation_schemas as schemas
from service.institutions import usecases as institutions
from service.institutions.rules import DesignationFacts
from service.interop.importing.files import Kind
from service.interop.importing.loading.context import EVERYTHING, Context
from service.interop.importing.prices import DesignationRow, PriceRow
from service.interop.importing.reading import Read
from service.interop.importing.report import WRONG, Told

_OUTCOMES = {Fate.new: str(Outcome.new), Fate.unchanged: str(Outcome.unchanged), Fate.wrong: WRONG}


async def put_prices(context: Context, read: Read[PriceRow]) -> None:
    """Enter the prices that are not there, each institution's lines together: a later one ends the one before."""
    books: defaultdict[UUID, list[price_files.Line]] = defaultdict(list)
    for row in read.rows:
        institution_id = context.institution(row.institution, row=row, within=Kind.prices)
        if institution_id is not None and row.price is not None:
            books[institution_id].append(row.price)
    for institution_id, lines in books.items():
        table = context.tables[Kind.prices]
        told = await catalog.load_prices(
            context.session,
            principal=context.principal,
            institution_id=institution_id,
            reading=price_files.Reading(tuple(lines), (), table.headings),
        )
        for each in told:
            line = Told(table.file, each.line, each.column, _OUTCOMES[each.fate], each.sentence)
            context.report.line(Kind.prices, line)


async def put_designations(context: Context, read: Read[DesignationRow]) -> None:
    """Designate where nothing is, compare what is; only the last day can be changed."""
    known: dict[Hashable, DesignationFacts] = {}
    named = {row.institution for row in read.rows} & context.institutions.keys()
    for code in sorted(named):
        found = await institutions.list_designations(
            context.session,
            region_id=context.region_id,
            institution_id=context.institutions[code].id,
            page=EVERYTHING,
        )
        known |= {(code, each.plan_code, each.valid_from): each for each in found}
    for row in sorted(read.rows, key=lambda row: (row.valid_from, row.line)):
        institution_id = context.institution(row.institution, row=row, within=Kind.designations)
        if institution_id is None:
            continue

        async def put(row: DesignationRow = row, at: UUID = institution_id) -> Loaded:
            stands = known.get(row.key)
            return await (_add(context, row, at) if stands is None else _compare(context, row, stands))

        context.tell(Kind.designations, row, await context.attempt(put))


async def _add(context: Context, row: DesignationRow, institution_id: UUID) -> Loaded:
    draft = schemas.DesignationCreate(plan_code=row.plan_code, valid_from=row.valid_from, valid_to=row.valid_to)
    made = await institutions.designate(
        context.session, principal=context.principal, institution_id=institution_id, draft=draft
    )
    return Loaded(Outcome.new, made.id)


async def _compare(context: Context, row: DesignationRow, stands: DesignationFacts) -> Loaded:
    """Compare a designation; a last day that is left blank says nothing about the one that it has."""
    fields = ("valid_to",) if row.valid_to is not None and row.valid_to != stands.valid_to else ()
    loaded = compared(stands.id, fields, update=context.update)
    if loaded.outcome is Outcome.updated:
        await institutions.change_designation(
            context.session,
            principal=context.principal,
            institution_id=stands.institution_id,
            designation_id=stands.id,
            change=schemas.DesignationUpdate(valid_to=row.valid_to),
        )
    return loaded
