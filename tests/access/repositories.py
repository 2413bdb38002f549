"""Calls of the rooms' repositories past every check of the application: whatever can be asked by ids is asked.

A call names the seeded rows; what it brings back behind somebody else's fence must be nothing of theirs.
"""

import dataclasses
import importlib
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlmodel import SQLModel

from service.core.paging import PageRequest
from service.core.principal import Principal
from tests.access import table
from tests.access.scene import TODAY, Scene
from tests.world import NOW

_NAMES: Final = {
    "order_id": "prepared_order", "visit_id": "billed_visit", "row_id": "key_group", "account_id": "account",
    "order": "prepared_order", "id": "person", "on": "person", "trip_id": "billed_trip", "trip_key": "billed_trip",
    "level_id": "level_row", "ids": "template",
}  # fmt: skip
"""Parameter → the seeded row that it names, where its name does not say so itself."""

_WORDS: Final = {"because": "授权书", "code": "BP"}
"""Parameter → a word that serves as well as any other, or that the seeded region knows."""


class NotAskable(LookupError):
    """A parameter that no seeded row can stand for."""


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every function of every repository, with its full name."""
    for path in sorted(Path("service").rglob("*repository*.py")):
        module = importlib.import_module(".".join(path.with_suffix("").parts))
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__}.{name}", function


def not_askable() -> dict[str, str]:
    """Return function → the parameter that no seeded row can stand for, as checked in; why, the table says."""
    return {row["function"]: row["parameter"] for row in table.read("not_askable.csv")}


def arguments(function: Callable[..., Any], scene: Scene, principal: Principal) -> dict[str, Any]:
    """Return arguments that name the seeded rows; `principal` says that he is one of theirs.

    Raises:
        NotAskable: there is nothing to put in.
    """
    hints = typing.get_type_hints(function)
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "session" or parameter.default is not inspect.Parameter.empty:
            continue
        found[name] = _value(name, str(hints[name]), hints[name], scene, principal)
    return found


def _value(name: str, spelled: str, hint: Any, scene: Scene, principal: Principal) -> Any:
    plain: Mapping[Any, Any] = {
        Principal: principal, PageRequest: PageRequest(200, None), date: TODAY, datetime: NOW, int: 200, bool: True,
    }  # fmt: skip
    if hint in plain:
        return plain[hint]
    if name == "region_id":
        return scene.near.region_id
    if hint is str and name in _WORDS:
        return _WORDS[name]
    if type(None) in typing.get_args(hint) and "UUID" not in spelled:
        return None
    if "UUID" not in spelled or "dict" in spelled or "Mapping" in spelled:
        raise NotAskable(name)
    single = name.removesuffix("s").removesuffix("_id")
    seeded = _NAMES.get(f"{single}_id", _NAMES.get(name, single))
    if seeded not in scene.ids:
        if type(None) in typing.get_args(hint):
            return None
        raise NotAskable(name)
    return scene.id(seeded) if hint is UUID or spelled.startswith("uuid.UUID") else [scene.id(seeded)]


def ids_in(answer: Any, open_tables: typing.Container[str]) -> Iterator[UUID]:
    """Yield every id in an answer, but for those of rows that everybody of the region reads."""
    if isinstance(answer, UUID):
        yield answer
    elif isinstance(answer, SQLModel):
        if getattr(answer, "__tablename__", "") not in open_tables:
            yield from ids_in(list(answer.model_dump().values()), open_tables)
    elif dataclasses.is_dataclass(answer) and not isinstance(answer, type):
        yield from ids_in([getattr(answer, each.name) for each in dataclasses.fields(answer)], open_tables)
    elif isinstance(answer, Mapping):
        yield from ids_in([*answer.keys(), *answer.values()], open_tables)
    elif isinstance(answer, Row | list | tuple | set | frozenset):
        for each in answer:
            yield from ids_in(each, open_tables)
