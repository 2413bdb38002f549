"""What a transaction touches, noted where every statement passes, so that no room can forget to say it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Table, event, inspect
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from service.core.audit import statements
from service.core.audit.statements import Change

_KEY: Final = "audit_trail"


class Trail:
    """What one transaction has touched: whose rows, which tables about people, what it changed."""

    __slots__ = ("asked", "changed", "changes", "flushing", "person_ids", "reads", "written")

    def __init__(self) -> None:
        self.person_ids: set[UUID] = set()
        self.reads: set[str] = set()
        self.asked: set[str] = set()
        """Tables about people that were asked, whether or not they showed a row."""
        self.changes: dict[Change, set[str]] = {}
        """Kind of change → ids of the rows, as far as they are known."""
        self.changed = 0
        """How often something was changed: whoever has read before reads again."""
        self.flushing = False
        """Whether what goes to the database now is noted by who sends it, not statement by statement."""
        self.written = False
        """Whether the transaction has its row already."""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was touched that leaves a row."""
        return not (self.changes or self.reads)

    def change(self, change: Change, row_id: str | None = None) -> None:
        """Note a change."""
        self.changed += 1
        ids = self.changes.setdefault(change, set())
        if row_id:
            ids.add(row_id)

    def changes_document(self) -> list[dict[str, Any]]:
        """Return the changes as they are written down: tables, verbs, names of columns and ids, never a value."""
        ordered = sorted(self.changes, key=lambda each: (each.table, each.verb, each.columns))
        return [
            {"table": each.table, "verb": each.verb}
            | ({"columns": list(each.columns)} if each.columns else {})
            | ({"ids": sorted(self.changes[each])} if self.changes[each] else {})
            for each in ordered
        ]


class TrackedSession(Session):
    """A session whose transactions keep a trail."""


def of(session: AsyncSession) -> Trail:
    """Return the trail of a session's transaction."""
    found: Trail | None = session.info.get(_KEY)
    if found is None:
        found = session.info[_KEY] = Trail()
    return found


def name_person(session: AsyncSession, person_id: UUID | None) -> None:
    """Note a person whom only the answer of a function names."""
    if person_id is not None:
        of(session).person_ids.add(person_id)


def name_people(session: AsyncSession, person_ids: Iterable[UUID]) -> None:
    """Note the people of rows that were read as they are, not as objects."""
    of(session).person_ids.update(person_ids)


def watch(engine: AsyncEngine) -> None:
    """Note every statement that a tracked session sends through an engine."""
    if not event.contains(engine.sync_engine, "after_cursor_execute", _after_statement):
        event.listen(engine.sync_engine, "after_cursor_execute", _after_statement)


@event.listens_for(TrackedSession, "after_begin")
def _after_begin(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    trail = session.info.setdefault(_KEY, Trail())
    connection.execution_options(**{_KEY: trail})


def _after_statement(  # noqa: PLR0917 - the driver's hook passes six by position
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    trail: Trail | None = connection.get_execution_options().get(_KEY)
    if trail is not None and not trail.flushing:
        parameters = getattr(context, "compiled_parameters", None) or ()
        _note(trail, statement, parameters, found=cursor.rowcount != 0)
        compiled = getattr(context, "compiled", None)
        if compiled is not None and compiled.isinsert:
            _note_inserted(trail, compiled.statement.table, parameters)


def _note(trail: Trail, statement: str, parameters: Iterable[Mapping[str, Any]], *, found: bool) -> None:
    touched = statements.read(statement)
    if not (touched.people or touched.changes):
        return
    trail.asked |= touched.people
    if not found:
        return
    trail.reads |= touched.people
    for change in touched.changes:
        trail.change(change)
    for values in parameters:
        trail.person_ids.update(_persons_named(values))


def _note_inserted(trail: Trail, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    key = [column.name for column in table.primary_key]
    for values in rows:
        if values.keys() >= set(key):
            name_row(trail, Change(table.name, "insert"), {name: values[name] for name in key})


def name_row(trail: Trail, change: Change, key: Mapping[str, Any]) -> None:
    """Note the row of a change by its key; parts that may be words of a client are left out."""
    if change.table.startswith(statements.OWN):
        return
    parts = [str(part) for name, part in key.items() if name != "region_id" and isinstance(part, UUID | int)]
    trail.change(change, "/".join(parts))


def note(session: AsyncSession, statement: str, values: Mapping[str, Any], *, found: bool) -> None:
    """Note a statement that went to the database as a part of another one; `found`: it met rows."""
    _note(of(session), statement, (values,), found=found)


@contextmanager
def untold(session: AsyncSession) -> Iterator[None]:
    """Leave a statement out: whoever sends it notes its parts himself."""
    trail = of(session)
    trail.flushing = True
    try:
        yield
    finally:
        trail.flushing = False


def _persons_named(values: Mapping[str, Any]) -> Iterable[UUID]:
    """Yield the ids that stand in a statement's parameters called `person…`."""
    for name, value in values.items():
        if name.startswith("person"):
            each_of = value if isinstance(value, list | tuple | set | frozenset) else (value,)
            yield from (each for each in each_of if isinstance(each, UUID))


@event.listens_for(TrackedSession, "loaded_as_persistent")
def _after_load(session: Session, instance: object) -> None:
    _note_person(session.info[_KEY], instance)


@event.listens_for(TrackedSession, "before_flush")
def _before_flush(session: Session, flush_context: Any, instances: Any) -> None:
    session.info.setdefault(_KEY, Trail()).flushing = True


@event.listens_for(TrackedSession, "after_flush")
def _after_flush(session: Session, flush_context: Any) -> None:
    trail: Trail = session.info[_KEY]
    trail.flushing = False
    for row in session.new:
        _note_change(trail, row, "insert")
    for row in session.deleted:
        _note_change(trail, row, "delete")
    for row in session.dirty:
        state: Any = inspect(row)
        columns = state.mapper.column_attrs.keys()
        changed = tuple(sorted(name for name in columns if state.attrs[name].history.has_changes()))
        if changed:
            _note_change(trail, row, "update", changed)


def _note_change(trail: Trail, row: object, verb: str, columns: tuple[str, ...] = ()) -> None:
    mapper: Any = inspect(type(row))
    key = zip(mapper.primary_key, mapper.primary_key_from_instance(row), strict=True)
    name_row(trail, Change(mapper.local_table.name, verb, columns), {column.name: part for column, part in key})
    _note_person(trail, row)


def _note_person(trail: Trail, row: object) -> None:
    state: Any = inspect(row)
    # what was not loaded is not asked for: that would be a statement inside an event
    value = state.dict.get(statements.person_column(state.mapper.local_table))
    if isinstance(value, UUID):
        trail.person_ids.add(value)
