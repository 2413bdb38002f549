"""Questions that rooms ask of the database, one by one or many in one round trip.

A room writes down what it asks and what the rows say; whoever needs the answers of several rooms asks their questions
together first, and every room then finds its answer at hand. A question that nobody asked beforehand is asked alone:
what is put together decides how fast something is answered, never what.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar, cast

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from service.core.audit import trail
from service.core.db import asked_once, fences

Answer = TypeVar("Answer")

_VALUE: Final = re.compile(r"(?<![:\w]):(\w+)")


def _row(names: tuple[str, ...]) -> Any:
    make: Any = namedtuple  # its fields are known at run time only
    return make("row", names)


class Question(Generic[Answer]):
    """What one room asks: rows, and what they say; the same answer for the rest of the transaction.

    `columns`: a model whose columns `read` finds in each row, or their names; `also` names further ones, each with its
    SQL. `source` goes on after the word `from`, with the values asked for as `:name`.
    `tells` yields what else an answer says: the answers to further questions.
    Not for what is locked, counted or spent: that must be read where it is decided.
    """

    def __init__(
        self,
        columns: type[SQLModel] | str,
        source: str,
        read: Callable[[Sequence[Any]], Answer],
        *,
        also: Mapping[str, str] = MappingProxyType({}),
        tells: "Callable[[Answer, Mapping[str, Any]], Iterable[tuple[Asked[Any], Any]]] | None" = None,
    ) -> None:
        names = columns.split() if isinstance(columns, str) else fences.table_of(columns).columns.keys()
        told = [*names, *(f"{sql} as {name}" for name, sql in also.items())]
        self.sql = " ".join(["select", ", ".join(told), "from", source])
        self.statement = text(self.sql)
        self.tells = tells
        row = _row((*names, *also))
        self.read: Callable[[Sequence[Sequence[Any]]], Answer] = lambda rows: read([*map(row._make, rows)])

    def of(self, **values: Any) -> "Asked[Answer]":
        """Return the question with its values, to be asked together with others."""
        return Asked(self, values)

    async def ask(self, session: AsyncSession, **values: Any) -> Answer:
        """Return the answer: the one at hand, or the database's."""
        return await Asked(self, values).ask(session)


class Asked(Generic[Answer]):
    """A question with its values; `key` is what an answer is kept under."""

    __slots__ = ("key", "question", "values")

    def __init__(self, question: Question[Answer], values: dict[str, Any]) -> None:
        self.question, self.values = question, values
        told = ((name, tuple(value) if isinstance(value, list) else value) for name, value in values.items())
        self.key: Hashable = (question, frozenset(told))

    async def ask(self, session: AsyncSession) -> Answer:
        """Return the answer: the one at hand, or the database's."""
        if asked_once.knows(session, self.key):
            return cast("Answer", asked_once.known(session, self.key))
        await _write_first(session)
        rows = (await session.execute(self.question.statement, self.values)).all()
        return _keep(session, self, rows)


async def ask_together(session: AsyncSession, asked: Iterable[Asked[Any]]) -> None:
    """Ask several rooms' questions in one round trip, so that each finds its answer at hand."""
    open_ = [each for each in {each.key: each for each in asked}.values() if not asked_once.knows(session, each.key)]
    if not open_:
        return
    await _write_first(session)
    statement, names = _together(tuple(each.question for each in open_))
    values = {own: each.values[name] for each, named in zip(open_, names, strict=True) for name, own in named}
    # noted question by question: of those that found nothing, nothing was shown
    with trail.untold(session):
        found = (await session.execute(statement, values)).one()
    for each, rows in zip(open_, found, strict=True):
        trail.note(session, each.question.sql, each.values, found=bool(rows))
        _keep(session, each, rows)


async def _write_first(session: AsyncSession) -> None:
    # what is put as text does not write by itself what is waiting
    if session.new or session.dirty or session.deleted:
        await session.flush()


def _keep(session: AsyncSession, asked: Asked[Answer], rows: Sequence[Sequence[Any]]) -> Answer:
    answer = asked.question.read(rows)
    asked_once.keep(session, asked.key, answer)
    if asked.question.tells is not None:
        for further, told in asked.question.tells(answer, asked.values):
            asked_once.keep(session, further.key, told)
    return answer


@lru_cache(maxsize=256)
def _together(questions: tuple[Question[Any], ...]) -> tuple[TextClause, tuple[tuple[tuple[str, str], ...], ...]]:
    """Return one statement for all the questions, and of each the names of its values: as asked, and in there."""
    parts, names = [], []
    for no, question in enumerate(questions):
        own = {name: f"{name}_{no}" for name in _VALUE.findall(question.sql)}
        asked = _VALUE.sub(rf":\1_{no}", question.sql)
        parts.append("".join(["array(select q from (", asked, ") q) as answer_", str(no)]))
        names.append(tuple(own.items()))
    return text(" ".join(["select", ", ".join(parts)])), tuple(names)
