"""The test of the test, check by check: without any one right to the row, by its name, cells fail that leant on it.

Which operations lean on a check is seen in a walk: it refused there. Each then walks again without that one check.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from inspect import iscoroutinefunction
from typing import Any, Final

import pytest

from service.core import problems
from service.patients.rules import RelationKind, Right
from tests.access.table import Cell, Relation, Verdict
from tests.access.verdicts import CELLS_OF
from tests.access.walk import Walk

pytestmark = pytest.mark.database

CHECKS: Final[dict[str, Any]] = {
    "service.core.access.require_institution": None,
    "service.core.access.require_institution_or_region": None,
    "service.accounts.rules.decisions.refuse_change": None,
    "service.patients.usecases.acting.require_grant": frozenset(RelationKind),
    "service.patients.usecases.answers.require_booking_at": None,
    "service.patients.usecases.answers.require_care": None,
    "service.patients.usecases.answers.require_right": None,
    "service.patients.usecases.answers.rights_over": frozenset(Right),
    "service.billing.bed_days.usecases._require_sight": None,
    "service.billing.usecases._may_see": True,
}
"""Check → what it answers to whom it lets through."""

DOUBLED: Final[dict[str, set[str]]] = {
    "service.core.access.require_institution": {"add_round_plan", "record_diagnosis", "record_entitlement_use"},
}
"""Check → operations in which another of the checks refuses the same: without all of them their cells open."""

FENCED: Final[dict[str, set[str]]] = {
    "service.core.access.require_institution": {
        "admit_patient",
        "approve_tariff_proposal",
        "ask_quote",
        "change_institution",
        "end_package",
        "end_price",
        "end_reduction_rule",
        "end_visit_fee_tariff",
        "open_bed",
        "place_order",
        "sign_contract",
        "withdraw_tariff_proposal",
    },
    "service.core.access.require_institution_or_region": {"change_institution"},
    "service.accounts.rules.decisions.refuse_change": {
        "change_account",
        "end_sessions",
        "list_sessions",
        "renew_secret",
        "reset_second_factor",
    },
    "service.patients.usecases.answers.require_care": {
        "change_patient",
        "end_coverage",
        "end_diagnosis",
        "end_hospital_stay",
        "end_key_group",
        "end_ltci_assessment",
        "open_entitlement",
        "withdraw_diagnosis",
    },
    "service.patients.usecases.answers.require_right": {"enrol_in_programme", "read_patient"},
    "service.patients.usecases.answers.rights_over": {
        "ask_quote",
        "enrol_in_programme",
        "exclude_practitioners",
        "place_order",
        "read_patient",
    },
    "service.billing.bed_days.usecases._require_sight": set(),
    "service.billing.usecases._may_see": set(),
}
"""Check → operations whose cells stay closed without any check: the database's own fence hides the row as well.

With none, the fence is there first: it has hidden the row before the check is asked of anybody it would refuse.
"""

_AT_MOST: Final = 3
"""So many cells of an operation walk again without a check."""
_PROXIES: Final = (Relation.proxied, Relation.proxied_view)


def _candidates(operation: str) -> list[Cell]:
    """Return one closed cell of an operation for each relation, and those of proxies whose rights do not reach."""
    found: dict[Any, Cell] = {}
    for cell in CELLS_OF[operation]:
        if cell.verdict in (Verdict.hidden, Verdict.none):
            found.setdefault(cell.relation, cell)
        if cell.verdict is Verdict.forbidden and cell.relation in _PROXIES:
            found.setdefault((cell.relation, cell.role), cell)
    return list(found.values())


@contextmanager
def _instead(name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """Put another function in place of one, wherever it goes by whatever name."""
    module, own = name.rsplit(".", 1)
    original = getattr(sys.modules[module], own)
    places = [
        (each, key)
        for path, each in list(sys.modules.items())
        if path.startswith("service.")
        for key, value in list(vars(each).items())
        if value is original
    ]
    replacement = make(original)
    for each, key in places:
        setattr(each, key, replacement)
    try:
        yield
    finally:
        for each, key in places:
            setattr(each, key, original)


def _heard(name: str, refused: set[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what makes a check note its name when it refuses."""

    def note(answer: Any) -> Any:
        if answer is not None and not answer:
            refused.add(name)
        return answer

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def later(*args: Any, **named: Any) -> Any:
            try:
                return note(await original(*args, **named))
            except problems.Refusal:
                refused.add(name)
                raise

        def now(*args: Any, **named: Any) -> Any:
            try:
                return note(original(*args, **named))
            except problems.Refusal:
                refused.add(name)
                raise

        return later if iscoroutinefunction(original) else now

    return make


def _neutral(answer: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what makes a check let everybody through."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def later(*_: Any, **__: Any) -> Any:
            return answer

        return later if iscoroutinefunction(original) else lambda *_, **__: answer

    return make


async def _leaning(walk: Walk) -> dict[str, dict[str, list[Cell]]]:
    """Return check → operation → the cells in which the check refused."""
    found: dict[str, dict[str, list[Cell]]] = {name: defaultdict(list) for name in CHECKS}
    refused: set[str] = set()
    with ExitStack() as hearing:
        for name in CHECKS:
            hearing.enter_context(_instead(name, _heard(name, refused)))
        for operation in CELLS_OF:
            for cell in _candidates(operation):
                refused.clear()
                await walk.judge(cell)
                for name in refused:
                    found[name][operation].append(cell)
    return found


async def _closed(walk: Walk, operations: dict[str, list[Cell]], without: Iterable[str]) -> set[str]:
    """Return the operations all whose cells stay closed without some checks."""
    with ExitStack() as gone:
        for name in without:
            gone.enter_context(_instead(name, _neutral(CHECKS[name])))
        return {
            operation
            for operation, cells in operations.items()
            if not [each for each in cells[:_AT_MOST] if await walk.judge(each) != each.verdict]
        }


async def test_every_check_is_missed_by_every_operation_that_leans_on_it(walk: Walk) -> None:
    doubled, fenced = {}, {}
    for name, operations in (await _leaning(walk)).items():
        closed = await _closed(walk, operations, [name])
        without_any = await _closed(walk, {each: operations[each] for each in closed}, CHECKS)
        doubled |= {name: closed - without_any} if closed - without_any else {}
        fenced |= {name: without_any} if without_any or not operations else {}
    assert (doubled, fenced) == (DOUBLED, FENCED)
