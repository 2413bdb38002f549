"""What a transaction touches, noted where every statement passes, so that no room can forget to say it."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, event, inspect
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from service.core.audit import statements
from service.core.audit.statements import Change

_KEY: Final = "audit_trail"


class Trail:
    """What one transaction has touched: whose rows, which tables about people, what it changed."""

    __slots__ = ("asked", "changes", "flushing", "person_ids", "reads", "written")

    def __init__(self) -> None:
        self.person_ids: set[UUID] = set()
        self.reads: set[str] = set()
        self.asked: set[str] = set()
        """Tables about people that were asked, whether or not they showed a row."""
        self.changes: dict[Change, set[str]] = {}
        """Kind of change → ids of the rows, as far as they are known."""
        self.flushing = False
        self.written = False
        """Whether the transaction has its row already."""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was touched that leaves a row."""
        return not (self.changes or self.reads)

    def change(self, change: Change, row_id: str | None = None) -> None:
        """Note a change."""
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
    found: Trail = session.info.setdefault(_KEY, Trail())
    return found


def name_person(session: AsyncSession, person_id: UUID | None) -> None:
    """Note a person whom only the answer of a function names."""
    if person_id is not None:
        of(session).person_ids.add(person_id)


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
    if trail is None or trail.flushing:
        return
    touched = statements.read(statement)
    if not (touched.people or touched.changes):
        return
    trail.asked |= touched.people
    if cursor.rowcount == 0:
        return
    trail.reads |= touched.people
    for change in touched.changes:
        trail.change(change)
    trail.person_ids.update(_persons_named(context))


def _persons_named(context: Any) -> Iterable[UUID]:
    """Yield the ids that stand in a statement's parameters called `person…`."""
    for parameters in getattr(context, "compiled_parameters", None) or ():
        for name, value in parameters.items():
            if name.startswith("person"):
                values = value if isinstance(value, list | tuple | set | frozenset) else (value,)
                yield from (each for each in values if isinstance(each, UUID))


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
    table = mapper.local_table.name
    if table.startswith(statements.OWN):
        return
    # other parts of a key may be words of a client
    key = zip(mapper.primary_key, mapper.primary_key_from_instance(row), strict=True)
    parts = [str(part) for column, part in key if column.name != "region_id" and isinstance(part, UUID | int)]
    trail.change(Change(table, verb, columns), "/".join(parts))
    _note_person(trail, row)


def _note_person(trail: Trail, row: object) -> None:
    state: Any = inspect(row)
    # what was not loaded is not asked for: that would be a statement inside an event
    value = state.dict.get(statements.person_column(state.mapper.local_table))
    if isinstance(value, UUID):
        trail.person_ids.add(value)
