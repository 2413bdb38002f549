"""How requests are drawn: Schemathesis's own, grounded in the seeded rows wherever a part is meant to be right."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation

from tests.access.calls import Call
from tests.contract.roles import ALLOWED, EVERYBODY, Caller
from tests.contract.seeds import Seeds

Drawn = tuple[Case, Caller]


def path_names(operation: APIOperation) -> list[str]:
    """Return the names of an operation's path parameters."""
    return [each.name for each in operation.path_parameters]


def seeded(operation: APIOperation, name: str, seeds: Seeds, caller: Caller) -> Case:
    """Return the seeded request of an operation."""
    call = seeds.call(name, caller, path_names(operation))
    body = {"body": call.body, "media_type": _media_type(operation)} if call.body is not None else {}
    return operation.Case(path_parameters=dict(call.path), query=dict(call.query), **body)


def _media_type(operation: APIOperation) -> str:
    return str(next(iter(operation.definition.raw["requestBody"]["content"])))


def requests(operation: APIOperation, name: str, seeds: Seeds, mode: GenerationMode) -> st.SearchStrategy[Drawn]:
    """Draw a request and who sends it: mostly somebody who may."""
    may = ALLOWED.get(name, EVERYBODY)

    # without arguments: Hypothesis would write the whole contract down to say what it draws
    @st.composite
    def drawn(draw: st.DrawFn) -> Drawn:
        caller = draw(st.sampled_from(may if draw(st.integers(0, 4)) else EVERYBODY))
        case = draw(operation.as_strategy(generation_mode=mode))
        ground(draw, case, seeds, seeds.call(name, caller, path_names(operation)))
        return case, caller

    return drawn()


def ground(draw: st.DrawFn, case: Case, seeds: Seeds, call: Call) -> None:
    """Put seeded ids and values into the parts of a request that are not wrong on purpose; wrong parts stay wrong."""
    meta = case.meta
    if meta is None:
        return
    right = {place for place, part in meta.components.items() if part.mode.is_positive}
    if ParameterLocation.PATH in right:
        case.path_parameters = {
            each: _one_of(draw, call.path.get(each, value), seeds.pools.get(each, ()), value)
            for each, value in case.path_parameters.items()
        }
    if ParameterLocation.QUERY in right and draw(st.booleans()):
        case.query = _grafted(draw, case.query, call.query, seeds)
    if ParameterLocation.BODY in right and isinstance(case.body, dict) and isinstance(call.body, dict):
        case.body = _grafted(draw, case.body, call.body, seeds)
    elif ParameterLocation.BODY in right and call.body is not None and draw(st.booleans()):
        case.body = call.body


def _one_of(draw: st.DrawFn, main: Any, others: tuple[str, ...], random: Any) -> Any:
    """Return the row that is meant seven times of ten, another of its kind or none that there is for the rest."""
    die = draw(st.integers(0, 9))
    if die < 7:
        return main
    return draw(st.sampled_from(others)) if others and die < 9 else random


def _grafted(draw: st.DrawFn, drawn: Mapping[str, Any], meant: Mapping[str, Any], seeds: Seeds) -> dict[str, Any]:
    """Return what is meant with a few drawn fields, or all of what is drawn with seeded ids in it."""
    if not meant or not draw(st.integers(0, 3)):
        return {name: _one_of(draw, *_rows(seeds, name, value), value) for name, value in drawn.items()}
    few = draw(st.lists(st.sampled_from(sorted(drawn)), max_size=2, unique=True)) if drawn else []
    return {**meant, **{name: drawn[name] for name in few}}


def _rows(seeds: Seeds, name: str, value: Any) -> tuple[Any, tuple[str, ...]]:
    rows = seeds.pools.get(name, ())
    return (rows[0], rows) if rows and isinstance(value, str) else (value, ())
