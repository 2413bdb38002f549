"""Reads what `writers.day` wrote: a day, or a plan of one."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

import numpy as np

from service.routing.problem import Matrix, Plan, Problem
from service.routing.readers.document import Field, sound

FORMAT: Final = "xunzhen-day"
VERSION: Final = 1

LARGEST: Final = 20_000
"""No day has more points; what a packed matrix says of itself is not believed beyond that."""

WIDTHS: Final = (4, 8)


def read(document: Any) -> tuple[Problem, Matrix | None]:
    """Read a day, and the lengths of its ways where they were written.

    Raises:
        NotReadable: the document is no day, or contradicts itself (see `validation`).
    """
    root = _root(document)
    problem = sound(_made(root.get("problem"), Problem))
    ways = root.find("metres")
    metres = None if ways is None else _unpacked(ways)
    if ways is not None and metres is not None and len(metres) != problem.points:
        raise ways.refuse("has another size than the day has points")
    return problem, metres


def read_plan(document: Any) -> Plan:
    """Read a plan.

    Raises:
        NotReadable: the document is no plan.
    """
    plan: Plan = _made(_root(document).get("plan"), Plan)
    return plan


def _root(document: Any) -> Field:
    root = Field(document, "")
    for name, wanted in (("format", FORMAT), ("version", VERSION)):
        found = root.get(name)
        if found.value != wanted:
            raise found.refuse(f"expected {wanted!r}")
    return root


def _made(field: Field, kind: Any) -> Any:
    """Make a value of the kind that the type of a member says."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:
        (held,) = (each for each in inner if each is not NoneType)
        return None if field.value is None else _made(field, held)
    if origin in {tuple, frozenset}:
        made = [_made(item, inner[0]) for item in field.items()]
        return tuple(made) if origin is tuple else frozenset(made)
    if kind == Matrix:  # not its origin: on newer Pythons the type is an alias of its own
        return _unpacked(field)
    if is_dataclass(kind):
        return _dataclass(field, kind)
    return _mapping(field) if isinstance(origin, type) and issubclass(origin, Mapping) else _plain(field, kind)


def _dataclass(field: Field, kind: Any) -> Any:
    hints, given = _hints(kind), _mapping(field)
    for name in given.keys() - hints.keys():
        raise field.refuse(f"has no member {name!r}")
    made = {}
    for member in fields(kind):
        if member.name in given:
            made[member.name] = _made(Field(given[member.name], f"{field.path}.{member.name}"), hints[member.name])
        elif member.default is MISSING and member.default_factory is MISSING:
            raise field.refuse(f"{member.name!r} is missing")
    return kind(**made)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _mapping(field: Field) -> Mapping[str, Any]:
    if not isinstance(field.value, Mapping):
        raise field.refuse("expected an object")
    return field.value


def _plain(field: Field, kind: Any) -> Any:
    value = field.value
    if issubclass(kind, StrEnum):
        if value not in set(kind):
            raise field.refuse(f"expected one of {', '.join(kind)}")
        return kind(value)
    # JSON's true is Python's 1
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise field.refuse(f"expected {kind.__name__}")
    return value


def _unpacked(field: Field) -> Matrix:
    size = _plain(field.get("size"), int)
    if not 0 <= size <= LARGEST:
        raise field.refuse(f"expected 0 to {LARGEST} points")
    width = _plain(field.get("width"), int)
    if width not in WIDTHS:
        raise field.refuse("expected 4 or 8 bytes a number")
    wanted = size * size * width
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(base64.b64decode(field.get("zlib").text(), validate=True), wanted + 1)
    except (zlib.error, binascii.Error) as error:
        raise field.refuse(f"cannot be unpacked: {error}") from error
    if len(raw) != wanted:
        raise field.refuse(f"holds another number of ways than {size} times {size}")
    return np.frombuffer(raw, dtype=f"<i{width}").astype(np.int64).reshape(size, size)
