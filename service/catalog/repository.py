"""Every query of the catalogue, and which refusal each of its constraints stands for."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, any_, literal
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select

from service.catalog import errors, rules
from service.catalog.books import Book
from service.catalog.limit_models import PriceLimit
from service.catalog.ltci_models import LtciRuleRow
from service.catalog.models import (
    DatedRow,
    InsuranceRule,
    PriceRow,
    Programme,
    ProgrammeItem,
    ServiceItem,
    VisitFeeTariff,
)
from service.catalog.reduction_models import ReductionRule
from service.core.db import refusals
from service.core.db.questions import Question
from service.core.paging import PageRequest

Row = TypeVar("Row", bound=DatedRow)

_IN_FORCE: Final = "region_id = :region_id and valid_from <= :on and (valid_to is null or valid_to >= :on)"
_OWN: Final = f"{_IN_FORCE} and institution_id = :institution_id"
# of all questions the answer is their rows
ITEMS: Final[Question[Sequence[Any]]] = Question(
    ServiceItem, "service_items where region_id = :region_id and code = any(:codes) order by code", list
)
# of an institution's own book, and of that of the level which it has on the day
_LEVEL: Final = (
    "(select l.level from institution_levels l where l.region_id = :region_id and l.institution_id = :institution_id"
    " and l.valid_from <= :on and (l.valid_to is null or l.valid_to >= :on))"
)
PRICES: Final[Question[Sequence[Any]]] = Question(
    PriceRow,
    f"price_rows where {_IN_FORCE} and (institution_id = :institution_id or level = {_LEVEL})"
    " and (cast(:codes as text[]) is null or code = any(:codes)) order by id",
    list,
)
TARIFFS: Final[Question[Sequence[Any]]] = Question(VisitFeeTariff, f"visit_fee_tariffs where {_OWN}", list)
INSURANCES: Final[Question[Sequence[Any]]] = Question(InsuranceRule, f"insurance_rules where {_IN_FORCE}", list)
LTCI_RULES: Final[Question[Sequence[Any]]] = Question(LtciRuleRow, f"ltci_rules where {_IN_FORCE}", list)
LIMITS: Final[Question[Sequence[Any]]] = Question(PriceLimit, f"price_limits where {_IN_FORCE} order by code", list)
REDUCTIONS: Final[Question[Sequence[Any]]] = Question(
    ReductionRule,
    f"reduction_rules where {_IN_FORCE} and (institution_id is null or institution_id = :institution_id) order by id",
    list,
)
PROGRAMMES: Final[Question[Sequence[Any]]] = Question(
    Programme,
    f"programmes p where {_IN_FORCE} order by id",
    list,
    also={
        "paid": "array(select row(i.code, i.per_year) from programme_items i"
        " where i.region_id = p.region_id and i.programme_id = p.id order by i.code)"
    },
)


def in_force(model: type[DatedRow], on: date) -> ColumnElement[bool]:
    """Return the condition that a dated row holds on a day."""
    still = or_(col(model.valid_to).is_(None), col(model.valid_to) >= on)
    return (col(model.valid_from) <= on) & still


async def add_dated(session: AsyncSession, row: DatedRow, *same: ColumnElement[bool]) -> None:
    """Add a dated row; the open one among `same` that gives way to it ends the day before."""
    model = type(row)
    running = (
        select(model)
        .where(col(model.region_id) == row.region_id, *same, col(model.valid_to).is_(None))
        # whoever else replaces the same row at this moment waits here, then meets the new one in the constraint
        .with_for_update()
    )
    found = (await session.execute(running)).scalar_one_or_none()
    if found is not None and rules.gives_way(found.valid_from, found.valid_to, row.valid_from, row.valid_to):
        found.valid_to = rules.day_before(row.valid_from)
        await session.flush()  # before the insert: the constraint would not let both stand
    session.add(row)
    await session.flush()


async def find_dated(
    session: AsyncSession,
    model: type[Row],
    *,
    region_id: UUID,
    row_id: UUID,
    where: Sequence[ColumnElement[bool]] = (),
    lock: bool = False,
) -> Row | None:
    """Return a dated row by its id; `lock` it to change it (who may not change it does not find it then)."""
    query = select(model).where(col(model.region_id) == region_id, col(model.id) == row_id, *where)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def list_dated(
    session: AsyncSession,
    model: type[Row],
    *,
    region_id: UUID,
    where: Sequence[ColumnElement[bool]],
    page: PageRequest,
    on: date | None,
) -> Sequence[Row]:
    """Return a page (and one row more) of dated rows by id; with `on`, only those in force that day."""
    query = select(model).where(col(model.region_id) == region_id, *where)
    if on is not None:
        query = query.where(in_force(model, on))
    if page.after is not None:
        query = query.where(col(model.id) > page.after)
    return (await session.execute(query.order_by(col(model.id)).limit(page.limit + 1))).scalars().all()


async def find_in_force(
    session: AsyncSession, model: type[Row], *, region_id: UUID, where: Sequence[ColumnElement[bool]], on: date
) -> Sequence[Row]:
    """Return all rows in force on a day."""
    query = select(model).where(col(model.region_id) == region_id, *where, in_force(model, on))
    return (await session.execute(query.order_by(col(model.id)))).scalars().all()


async def find_overlapping(
    session: AsyncSession,
    model: type[Row],
    *,
    region_id: UUID,
    where: Sequence[ColumnElement[bool]],
    first: date,
    last: date,
) -> Sequence[Row]:
    """Return all rows in force on any of some days, both included."""
    still = or_(col(model.valid_to).is_(None), col(model.valid_to) >= first)
    query = select(model).where(col(model.region_id) == region_id, *where, col(model.valid_from) <= last, still)
    return (await session.execute(query.order_by(col(model.id)))).scalars().all()


async def find_item(session: AsyncSession, *, region_id: UUID, code: str) -> ServiceItem | None:
    """Return a listed service."""
    query = select(ServiceItem).where(col(ServiceItem.region_id) == region_id, col(ServiceItem.code) == code)
    return (await session.execute(query)).scalar_one_or_none()


async def lock_item(session: AsyncSession, *, region_id: UUID, code: str) -> ServiceItem | None:
    """Return a service locked against others who would change it."""
    query = select(ServiceItem).where(col(ServiceItem.region_id) == region_id, col(ServiceItem.code) == code)
    return (await session.execute(query.with_for_update())).scalar_one_or_none()


async def list_items(
    session: AsyncSession, *, region_id: UUID, order_kind: str | None, page: PageRequest
) -> Sequence[ServiceItem]:
    """Return a page (and one row more) of the list of services by id."""
    query = select(ServiceItem).where(col(ServiceItem.region_id) == region_id)
    if order_kind is not None:
        query = query.where(literal(order_kind) == any_(col(ServiceItem.order_kinds)))
    if page.after is not None:
        query = query.where(col(ServiceItem.id) > page.after)
    return (await session.execute(query.order_by(col(ServiceItem.id)).limit(page.limit + 1))).scalars().all()


async def list_programme_items(
    session: AsyncSession, *, region_id: UUID, programme_ids: Collection[UUID]
) -> Sequence[ProgrammeItem]:
    """Return what programmes pay, by code."""
    query = select(ProgrammeItem).where(
        col(ProgrammeItem.region_id) == region_id, col(ProgrammeItem.programme_id).in_(programme_ids)
    )
    return (await session.execute(query.order_by(col(ProgrammeItem.code)))).scalars().all()


def of_institution(model: type[PriceRow] | type[VisitFeeTariff], institution_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a row is an institution's."""
    return col(model.institution_id) == institution_id


def of_book(book: Book) -> ColumnElement[bool]:
    """Return the condition that a price stands in a book."""
    if book.level is not None:
        return col(PriceRow.level) == book.level
    return col(PriceRow.institution_id) == book.institution_id


def of_either(institution_id: UUID, level: str | None) -> ColumnElement[bool]:
    """Return the condition that a price stands in an institution's book or in that of its level."""
    own = col(PriceRow.institution_id) == institution_id
    return own if level is None else or_(own, col(PriceRow.level) == level)


def not_overruled(institution_id: UUID, on: date) -> ColumnElement[bool]:
    """Return the condition that a price of a level has no row of the institution before it on a day."""
    own = aliased(PriceRow)
    overruled = (
        select(own.id)
        .where(col(own.region_id) == col(PriceRow.region_id), col(own.institution_id) == institution_id)
        .where(col(own.code) == col(PriceRow.code), in_force(own, on))
    )
    return or_(col(PriceRow.level).is_(None), ~overruled.exists())


async def list_standing(
    session: AsyncSession, *, region_id: UUID, book: Book, codes: Collection[str]
) -> Sequence[PriceRow]:
    """Return every row of some codes in a book, locked: nobody ends one while a file is compared with them."""
    query = select(PriceRow).where(col(PriceRow.region_id) == region_id, of_book(book), col(PriceRow.code).in_(codes))
    return (await session.execute(query.order_by(col(PriceRow.id)).with_for_update())).scalars().all()


def of_code(model: type[PriceRow] | type[Programme], code: str) -> ColumnElement[bool]:
    """Return the condition that a row is of a code."""
    return col(model.code) == code


def of_codes(codes: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a price is of one of some codes."""
    return col(PriceRow.code).in_(codes)


def of_programme(code: str) -> ColumnElement[bool]:
    """Return the condition that a row is of a programme."""
    return col(Programme.code) == code


def of_plan(plan_code: str) -> ColumnElement[bool]:
    """Return the condition that a rule is of an insurance."""
    return col(InsuranceRule.plan_code) == plan_code


refusals.name_constraints(
    {
        "service_items_code_once": errors.ItemCodeTaken,
        "price_rows_one_price": errors.PricesOverlap,
        "price_rows_one_level_price": errors.PricesOverlap,
        "visit_fee_tariffs_one": errors.TariffsOverlap,
        "programmes_one_a_year": errors.ProgrammeCodeTaken,
        "insurance_rules_one": errors.InsuranceRulesOverlap,
        "per_diem_agreements_one": errors.AgreementsOverlap,
    }
)
