"""Many rows at once: a statement for thousands of them, and the one that a constraint refuses found among them."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import bindparam, cast, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import sqltypes
from sqlmodel import SQLModel

from service.core.db import fences, refusals
from service.core.problems import Refusal

BATCH: Final = 5000
"""Rows to a statement; also how many keys are asked for at once."""

Item = TypeVar("Item")
RowValues: TypeAlias = Mapping[str, Any]
"""A row as the values of its columns."""


_FORGET_PLANS: Final = text("discard plans")
_BY_INDEX: Final = text("select set_config('enable_seqscan', 'off', true)")


async def prepare(session: AsyncSession) -> None:
    """Make the transaction ready for a load that fills empty tables: it goes by indexes from the first row on.

    A plan made while a table holds ten rows reads the whole of it, and would go on doing so for each of the next
    hundred thousand: the functions that policies ask keep their plans.
    """
    await session.execute(_FORGET_PLANS)
    await session.execute(_BY_INDEX)


def batches(items: Sequence[Item], size: int = BATCH) -> Iterator[Sequence[Item]]:
    """Return the items in parts of `size`, the last one shorter."""
    return (items[at : at + size] for at in range(0, len(items), size))


async def insert_rows(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[RowValues], *, pass_over_known: bool = False
) -> None:
    """Insert rows of one table; `pass_over_known`: leave out those that a unique constraint refuses.

    What a row leaves out is its model's default. The rows go as one array per column; array columns have the default
    of the table, so rows that name one cannot be inserted like this. They are no objects of the model because a hundred
    thousand of those take a minute.
    """
    table = fences.table_of(model)
    filled = [column for column in table.columns if not isinstance(column.type, sqltypes.ARRAY)]
    names = [column.name for column in filled]
    for batch in batches(rows):
        columns = [
            cast(bindparam(f"all_{column.name}", _values(model, column.name, batch)), ARRAY(column.type))
            for column in filled
        ]
        given = func.unnest(*columns).table_valued(*names).render_derived()
        statement = insert(table).from_select(names, select(*(given.c[name] for name in names)), include_defaults=False)
        # no constraint is named: naming one would ask for the right to see the rows, which may come only afterwards
        await session.execute(statement.on_conflict_do_nothing() if pass_over_known else statement)


def _values(model: type[SQLModel], name: str, rows: Sequence[RowValues]) -> list[Any]:
    """Return one column of rows, the default where a row does not name it."""
    field = model.model_fields[name]
    return [row[name] if name in row else field.get_default(call_default_factory=True) for row in rows]


async def attempt(session: AsyncSession, do: Callable[[], Awaitable[Item]]) -> Item:
    """Do something inside a savepoint, so that the transaction lives on when a constraint refuses it.

    Raises:
        Refusal: a constraint that a room has named, or `do` itself, said no; nothing of it was done.
    """
    try:
        async with session.begin_nested():
            return await do()
    except DBAPIError as error:
        refusal = refusals.refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error


async def insert_or_tell(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[RowValues], first: int = 0
) -> dict[int, Refusal]:
    """Insert rows and return which of them, by position counted from `first`, a constraint refuses; those are left out.

    A batch that is refused is halved until the one row is found: one refusal costs a dozen statements, none costs
    nothing.
    """
    try:
        await attempt(session, lambda: insert_rows(session, model, rows))
    except Refusal as refusal:
        if len(rows) == 1:
            return {first: refusal}
        half = len(rows) // 2
        before = await insert_or_tell(session, model, rows[:half], first)
        return before | await insert_or_tell(session, model, rows[half:], first + half)
    return {}
