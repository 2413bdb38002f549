"""Writes a whole day, and a plan of one, as JSON from which `readers.day` makes the very same again.

Members that have their usual value are left out; matrices are packed (see `_packed`), since those of a large day would
fill hundreds of megabytes as text.
"""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np

from service.routing.problem import Matrix, Plan, Problem

FORMAT: Final = "xunzhen-day"
VERSION: Final = 1

QUICK: Final = 1
"""How hard the packer tries; more takes long and gains little."""

LARGEST_OF_FOUR: Final = 2**31 - 1


def document(problem: Problem, metres: Matrix | None = None) -> dict[str, Any]:
    """Write a day out; `metres` are the lengths of the ways between its points, where they are known.

    Raises: nothing.
    """
    written = {"format": FORMAT, "version": VERSION, "problem": _written(problem)}
    return written if metres is None else written | {"metres": _written(metres)}


def solution(plan: Plan) -> dict[str, Any]:
    """Write a plan out.

    Raises: nothing.
    """
    return {"format": FORMAT, "version": VERSION, "plan": _written(plan)}


def _written(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _packed(value)
    if is_dataclass(value):
        members = ((member, getattr(value, member.name)) for member in fields(value))
        return {member.name: _written(held) for member, held in members if not _is_usual(member, held)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [_written(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _written(held) for name, held in value.items()}
    return value.value if isinstance(value, StrEnum) else value


def _is_usual(member: Field[Any], value: Any) -> bool:
    return member.default is not MISSING and bool(value == member.default) and type(value) is type(member.default)


def _packed(matrix: Matrix) -> dict[str, Any]:
    """A square matrix: its rows one after the other, `width` bytes a number, the lowest byte first, then zlib, then
    base 64.
    """
    width = 4 if int(np.abs(matrix).max(initial=0)) <= LARGEST_OF_FOUR else 8
    raw = np.ascontiguousarray(matrix, dtype=f"<i{width}").tobytes()
    packed = base64.b64encode(zlib.compress(raw, QUICK)).decode("ascii")
    return {"size": len(matrix), "width": width, "zlib": packed}
