"""Makes a statement of an institution and a period: bounds checked, sums asked of the database, people named."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncSession

from service.billing.ledger import claims_list, details, errors, rules, sums
from service.billing.ledger.kinds import FORMS, StatementKind
from service.billing.ledger.tables import Table, person_ids
from service.core import access
from service.core.audit import trail
from service.core.clock import at_local
from service.core.principal import Principal
from service.institutions import usecases as institutions

MOST_ROWS: Final = 20_000
"""Rows of one answer: what a workbook and a browser still open, and what the audit trail can name people of."""
_FIRST_DAY: Final = date(2000, 1, 1)
_LAST_DAY: Final = date(2099, 12, 31)
_OF_CONTRACTS: Final = frozenset({StatementKind.fulfilment, StatementKind.fulfilment_visits})
_SOURCES: Final = {
    rules.LedgerSource.settlement: "上门结算",
    rules.LedgerSource.reversal: "上门结算冲销",
    rules.LedgerSource.bed_days: "床日结算",
    rules.LedgerSource.bed_days_reversal: "床日结算冲销",
}
Row = Mapping[str, Any]


async def read(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID,
    kind: StatementKind,
    first: date,
    last: date,
    contract_id: UUID | None,
) -> Table:
    """Return a statement of the principal's institution for the days from `first` to `last`, both included.

    Raises:
        problems.NotFound: it is another's institution.
        errors.StatementPeriod: longer than the statement allows, ending before it begins, or out of reach.
        errors.StatementFilter: a contract is named, and the statement is not one of contracts.
        errors.StatementTooLarge: more rows than one answer holds.
        errors.ClaimInconsistent: a claim does not add up.
    """
    access.require_institution(principal, institution_id)
    form = FORMS[kind]
    if first < _FIRST_DAY or last > _LAST_DAY or not 0 <= (last - first).days < form.most_days:
        raise errors.StatementPeriod(most_days=form.most_days)
    if contract_id is not None and kind not in _OF_CONTRACTS:
        raise errors.StatementFilter
    house = await institutions.get_institution(session, region_id=principal.region_id, institution_id=institution_id)
    asked = {
        "region": principal.region_id,
        "institution": institution_id,
        "first": first,
        "last": last,
        "new_year": date(last.year, 1, 1),
        "begin": at_local(first, time(0)),
        "until": at_local(last + timedelta(days=1), time(0)),
        "contract": contract_id,
        "most": MOST_ROWS + 1,
    }
    if kind is StatementKind.income_classes:
        rows = await _income_classes(session, asked)
    else:
        query, read_row = _QUERIES[kind]
        rows = [read_row(row) for row in await _ask(session, query, asked)]
    if len(rows) > MOST_ROWS:
        raise errors.StatementTooLarge(most_rows=MOST_ROWS)
    table = Table(kind, form, house.name, first, last, rows)
    for person_id in person_ids(table):
        trail.name_person(session, person_id)
    return table


async def _ask(session: AsyncSession, query: TextClause, asked: Row) -> Iterable[Any]:
    named = query.compile().params
    return await session.execute(query, {name: value for name, value in asked.items() if name in named})


async def _income_classes(session: AsyncSession, asked: Row) -> list[Row]:
    """Return income by class, each class held against the sum of its bills."""
    earned = {(row.book, row.account): row.amount_fen for row in await _ask(session, sums.INCOME_CLASSES, asked)}
    billed = {row.income_class: row.amount_fen for row in await _ask(session, sums.BILLS, asked)}
    rows: list[Row] = []
    for book in rules.Book:
        income_class = rules.class_of(book)
        of_book = [(account, fen) for (kept, account), fen in sorted(earned.items()) if kept == book]
        # the bills are known by class, not by what was sold: they stand in the first line of their class
        due, booked = billed.get(income_class, 0), sum(fen for _, fen in of_book)
        for at, (account, fen) in enumerate(of_book or ([(None, 0)] if due else [])):
            rows.append(
                {
                    "income_class": rules.CLASS_NAMES[income_class],
                    "income": rules.ACCOUNT_NAMES[rules.Account(account)] if account else "",
                    "amount_fen": fen,
                    "bills_fen": 0 if at else due,
                    "difference_fen": 0 if at else booked - due,
                }
            )
    return rows


def _plain(row: Any) -> Row:
    return dict(row._mapping)


def _account(row: Any) -> Row:
    book = rules.BOOK_NAMES[rules.Book(row.book)]
    return {**row._mapping, "book": book, "account_name": rules.ACCOUNT_NAMES[rules.Account(row.account)]}


def _turnover(column: str) -> Callable[[Any], Row]:
    def read_row(row: Any) -> Row:
        return {**row._mapping, column: row.period, "book": rules.BOOK_NAMES[rules.Book(row.book)]}

    return read_row


def _invoice(row: Any) -> Row:
    reverses = rules.invoice_no(row.reverses_year, row.reverses_number) if row.reverses_number else ""
    return {
        **row._mapping,
        "invoice_no": rules.invoice_no(row.year, row.number),
        "reverses_no": reverses,
        "source": _SOURCES[rules.LedgerSource(row.source)],
    }


_QUERIES: Final[Mapping[StatementKind, tuple[TextClause, Callable[[Any], Row]]]] = {
    StatementKind.trial_balance: (sums.TRIAL_BALANCE, _account),
    StatementKind.daily: (sums.DAILY, _turnover("day")),
    StatementKind.monthly: (sums.MONTHLY, _turnover("month")),
    StatementKind.fulfilment: (details.FULFILMENT, _plain),
    StatementKind.fulfilment_visits: (details.FULFILMENT_VISITS, _plain),
    StatementKind.programmes: (details.PROGRAMMES, _plain),
    StatementKind.insurance_claims: (details.INSURANCE_CLAIMS, claims_list.as_insurance_claim),
    StatementKind.ltci_claims: (details.LTCI_CLAIMS, claims_list.as_ltci_claim),
    StatementKind.capitation: (details.CAPITATION, _plain),
    StatementKind.per_diem: (details.PER_DIEM, _plain),
    StatementKind.invoices: (details.INVOICES, _invoice),
}
