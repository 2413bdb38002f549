"""What rooms do to the database, one step after the other, in one round trip.

A room writes down a step: rows to be written, or functions to be called. Whoever has decided everything hands the steps
of several rooms to `take_together`. Taken together they do what they would do one by one, and a constraint refuses as
it always does; only what is deferred to the end of a statement (foreign keys) is looked at after the last of them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, cast

from sqlalchemy import Column, Dialect, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from service.core.audit import trail
from service.core.audit.statements import Change
from service.core.db import fences
from service.core.db.bulk import RowValues

_VALUE: Final = re.compile(r"(?<![:\w]):(\w+)")
_DIALECT: Final[Dialect] = cast("Any", postgresql.dialect)()
_WAITED: Final = "when (select count(*) from step_{no}) is null then {no}"
_INSERT: Final = (
    "insert into {table} ({columns}) select {columns} from unnest({given}) as given ({columns}) returning 1"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done; `sql` is a statement with values as `:name`.

    Either `insert`/`update … returning 1` (of no column: that would ask whether the row may be seen) or a select.
    `first` are statements whose answers it uses, by the names under which it does. What a step before has written is
    seen by triggers and by volatile functions, not by the step's own subqueries, nor by a policy's.
    `touches` are the rows that the audit trail names, by kind of change.
    """

    sql: str
    values: Mapping[str, Any]
    first: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    touches: tuple[tuple[Change, Mapping[str, Any]], ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """All statements with their names, the step's own last."""
        return (*self.first.items(), ("step", self.sql))


def rows(model: type[SQLModel], given: Sequence[RowValues]) -> Step:
    """Return the step that inserts rows of a table without array columns; what a row leaves out is its default."""
    shape = _shape(model)
    columns: dict[str, list[Any]] = {}
    for column in shape.columns:
        filled = [row[column] if column in row else shape.default(column) for row in given]
        columns[column] = [*map(_document, filled)] if column in shape.documents else filled
    change = Change(shape.table, "insert")
    keys = zip(*(columns[name] for name in shape.key), strict=True)
    return Step(shape.sql, columns, touches=tuple((change, dict(zip(shape.key, key, strict=True))) for key in keys))


async def take_together(session: AsyncSession, steps: Sequence[Step]) -> None:
    """Take steps in their order, in one round trip.

    Raises:
        DBAPIError: a constraint refuses one of them; nothing of any was done.
    """
    if not steps:
        return
    # what is put as text does not write by itself what is waiting
    if session.new or session.dirty or session.deleted:
        await session.flush()
    statement = _together(tuple(each.parts for each in steps))
    values = {f"{name}_{no}": value for no, each in enumerate(steps) for name, value in each.values.items()}
    # noted step by step: who has changed what is told for each of them
    with trail.untold(session):
        await session.execute(statement, values)
    for each in steps:
        for _, sql in each.parts:
            trail.note(session, sql, each.values, found=True)
        for change, key in each.touches:
            trail.name_row(trail.of(session), change, key)


@lru_cache(maxsize=256)
def _together(steps: tuple[tuple[tuple[str, str], ...], ...]) -> TextClause:
    """Return one statement that takes all the steps; of step `n` every value and every name ends in `_n`."""
    parts, ends = [], []
    for no, named in enumerate(steps):
        for name, sql in named:
            own = _VALUE.sub(rf":\1_{no}", sql)
            for used, _ in named[:-1]:
                own = re.sub(rf"(?<![:\w]){used}(?!\w)", f"{used}_{no}", own)
            parts.append(f"{name}_{no} as materialized ({own})")
        # whoever counts a step's rows has waited for all of it, and a case looks at its conditions in their order
        ends.append(_WAITED.format(no=no))
    return text(" ".join(["with", ", ".join(parts), "select case", *ends, "end"]))


@dataclass(frozen=True, slots=True)
class _Shape:
    """How rows of a table are inserted."""

    model: type[SQLModel]
    table: str
    sql: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    documents: frozenset[str]

    def default(self, column: str) -> Any:
        """Return what a column holds that a row leaves out."""
        return self.model.model_fields[column].get_default(call_default_factory=True)


@lru_cache(maxsize=256)
def _shape(model: type[SQLModel]) -> _Shape:
    table = fences.table_of(model)
    names = tuple(column.name for column in table.columns)
    given = ", ".join(f"cast(:{column.name} as {_type(column)}[])" for column in table.columns)
    return _Shape(
        model=model,
        table=table.name,
        sql=_INSERT.format(table=table.name, columns=", ".join(names), given=given),
        columns=names,
        key=tuple(column.name for column in table.primary_key),
        documents=frozenset(column.name for column in table.columns if _type(column) == "JSONB"),
    )


def _type(column: Column[Any]) -> str:
    return column.type.compile(dialect=_DIALECT)


def _document(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
