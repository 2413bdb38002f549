"""Where what a proof tells and what is redone from it differ. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where a proof tells something else than what is redone from it."""

    path: str
    told: Any
    redone: Any


def first(told: Mapping[str, Any], redone: Mapping[str, Any]) -> Difference | None:
    """Return the first place where steps differ, in the order of the redone ones; both by their JSON path."""
    return next((each for path, again in redone.items() for each in _differences(path, told[path], again)), None)


def _differences(path: str, told: Any, redone: Any) -> Iterable[Difference]:
    """Yield where two JSON values differ, in the order of the redone one; `true` is no 1."""
    if isinstance(told, dict) and isinstance(redone, dict):
        for key in [*redone, *(key for key in told if key not in redone)]:
            yield from _differences(f"{path}.{key}", told.get(key), redone.get(key))
    elif isinstance(told, list) and isinstance(redone, list):
        for at in range(max(len(told), len(redone))):
            yield from _differences(f"{path}[{at}]", _at(told, at), _at(redone, at))
    elif type(told) is not type(redone) or told != redone:
        yield Difference(path, told, redone)


def _at(values: list[Any], at: int) -> Any:
    return values[at] if at < len(values) else None
