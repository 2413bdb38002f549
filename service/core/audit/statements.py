"""What a statement touches, read from its SQL: however it was written, it must name its tables and functions."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import Table
from sqlmodel import SQLModel

from service.core.db import fences

OWN: Final = "audit_"
"""Tables and functions of the trail itself leave no trail."""

_LITERAL: Final = re.compile(r"'(?:[^']|'')*'")
_WORD: Final = re.compile(r"(?<![\w.])[a-z_]\w*")
_WRITE: Final = re.compile(
    r"\b(?:(insert)\s+into|(delete)\s+from|(update))\s+(?:only\s+)?\"?(?!set\b|skip\b|nowait\b|of\b)([a-z_]\w*)"
)
_SET: Final = re.compile(r"\bset\b(.*?)(?:\bwhere\b|\bfrom\b|\breturning\b|$)", re.S)
_COLUMN: Final = re.compile(r"(?:^|,)\s*\"?([a-z_]\w*)\"?\s*=")


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of change: rows of one table, with the names of the columns where they are known; or a function's call."""

    table: str
    verb: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """What one statement does: tables of people that it names, what it changes."""

    people: frozenset[str]
    changes: tuple[Change, ...]


_MARKED: set[str] = set()


def about_people(model: type[SQLModel]) -> None:
    """Count a table among those about people though no key leads from it to a person (a home, say)."""
    _MARKED.add(fences.table_of(model).name)


@lru_cache(maxsize=1024)
def person_column(table: Table) -> str | None:
    """Return the column that holds the person's id: `person_id`, or the key of the table of persons itself."""
    if "person_id" in table.columns:
        return "person_id"
    return "id" if table.name in _persons(len(table.metadata.tables)) else None


def tables_about_people() -> frozenset[str]:
    """Return the names of all tables about people: those that lead to a person by foreign keys, and those marked."""
    return _about_people(len(SQLModel.metadata.tables))


@lru_cache(maxsize=1)
def _persons(_: int) -> frozenset[str]:
    """Return the tables that a `person_id` refers to."""
    referred = (
        key.column.table.name
        for table in SQLModel.metadata.tables.values()
        if "person_id" in table.columns
        for key in table.columns["person_id"].foreign_keys
    )
    return frozenset(referred)


@lru_cache(maxsize=1)
def _about_people(count: int) -> frozenset[str]:
    tables = SQLModel.metadata.tables.values()
    found = {table.name for table in tables if "person_id" in table.columns} | _persons(count) | _MARKED
    while True:
        further = {
            table.name for table in tables for key in table.foreign_key_constraints if key.referred_table.name in found
        }
        if further <= found:
            return frozenset(found)
        found |= further


@lru_cache(maxsize=4096)
def read(sql: str) -> Touched:
    """Return what a statement touches. Too much rather than too little: a name in it counts as a use."""
    plain = _LITERAL.sub("''", sql).lower()
    words = set(_WORD.findall(plain))
    called = [fences.DEFINERS[name] for name in sorted(words & fences.DEFINERS.keys()) if _counts(name)]
    writes = [_change(plain, found) for found in _WRITE.finditer(plain)]
    calls = [Change(each.name, "call") for each in called if each.volatile]
    people = tables_about_people()
    seen = (words & people) | ({each.table for each in called} & people)
    written = {each.table for each in writes} if not re.search(r"\bselect\b", plain) else set()
    return Touched(frozenset(seen - written), tuple(each for each in [*writes, *calls] if _counts(each.table)))


def _counts(name: str) -> bool:
    return not name.startswith((OWN, "app_"))


def _change(plain: str, found: re.Match[str]) -> Change:
    verb = found[1] or found[2] or found[3]
    if verb != "update":
        return Change(found[4], verb)
    clause = _SET.search(plain, found.end())
    columns = _COLUMN.findall(clause[1]) if clause else []
    return Change(found[4], verb, tuple(sorted(set(columns))))
