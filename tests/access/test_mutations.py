"""The test of the test: without any one route's check a cell fails."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any

import pytest
from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from service.accounts.rules import ACTED_FOR, Role
from service.core import http, problems
from service.core.principal import Principal
from tests.access.table import Cell, Relation, Verdict
from tests.access.test_table import PUBLIC
from tests.access.verdicts import CELLS_OF
from tests.access.walk import Walk, checks_of, routes

pytestmark = pytest.mark.database

_BEARER = HTTPBearer(auto_error=False)
_OF_ONESELF = {
    "list_own_sessions", "end_other_sessions", "end_own_session", "change_own_password", "begin_second_factor",
    "confirm_second_factor", "remove_second_factor", "read_me", "read_notice_contact", "put_notice_contact",
    "list_my_shifts",
}  # fmt: skip
"""Whatever is asked is one's own: nothing of anybody else's can be named."""
_OF_ONE_S_PLACE = {
    "list_audit_checks",
    "list_regions", "found_region", "add_district", "add_service_item", "add_insurance_rule", "add_notice_template",
    "create_resident_account", "read_ratios", "read_settlement_totals",
}  # fmt: skip
"""No row is named: what is made or counted lies where the token says that one is."""


async def _anybody(principal: Annotated[Principal | None, Depends(http.find_principal)]) -> Principal:
    if principal is None:
        raise problems.Unauthenticated
    return principal


@asynccontextmanager
async def _with(walk: Walk, overrides: dict[Any, Any]) -> AsyncIterator[None]:
    for track in walk.tracks:
        track.app.dependency_overrides.update(overrides)
    yield
    for track in walk.tracks:
        track.app.dependency_overrides.clear()


async def _noticed(walk: Walk, cells: Iterable[Cell]) -> bool:
    """Return whether one of the cells fails."""
    for cell in cells:
        if await walk.judge(cell) != cell.verdict:
            return True
    return False


def _opened(walk: Walk) -> Callable[..., Awaitable[Principal | None]]:
    """Return what takes everybody for the one whose the rows are: the elder, or the nurse of the crew."""
    callers, near = walk.scene.callers, walk.scene.near
    elder = callers.principals[Role.elder, Relation.own]
    nurse = callers.principals[Role.nurse, Relation.own_team]

    async def find(request: Request, house: http.TheHouse) -> Principal | None:
        principal = await http.find_principal(request, house, await _BEARER(request))
        if principal is None:
            return None
        own = elder if principal.role in ACTED_FOR else nurse
        return replace(
            principal, region_id=near.region_id, account_id=own.account_id, institution_ids=own.institution_ids,
            session_id=None,
        )  # fmt: skip

    return find


async def test_every_route_s_scope_is_missed_when_it_is_taken_away(walk: Walk) -> None:
    unnoticed = []
    for route in routes(walk.tracks[0].app):
        if route.name in PUBLIC:
            continue
        async with _with(walk, dict.fromkeys(checks_of(route), _anybody)):
            refused = [each for each in CELLS_OF[route.name] if each.verdict is Verdict.forbidden]
            if not await _noticed(walk, refused):
                unnoticed.append(route.name)
    assert set(unnoticed) == _FOR_EVERYBODY


_FOR_EVERYBODY = _OF_ONESELF - {"list_my_shifts"}
"""Every role may do these, so that no scope can be missed; that one must be logged in is another cell."""


async def test_every_route_s_right_to_the_row_is_missed_when_it_is_taken_away(walk: Walk) -> None:
    async with _with(walk, {http.find_principal: _opened(walk)}):
        unnoticed = {
            operation
            for operation, cells in CELLS_OF.items()
            if not await _noticed(walk, [each for each in cells if each.verdict in (Verdict.hidden, Verdict.none)])
        }
    assert unnoticed == set(PUBLIC) | _OF_ONESELF | _OF_ONE_S_PLACE


async def test_every_route_s_log_in_is_missed_when_it_is_taken_away(walk: Walk) -> None:
    elder = walk.scene.callers.principals[Role.elder, Relation.own]

    async def find() -> Principal:
        return elder

    async with _with(walk, {http.find_principal: find}):
        unnoticed = {
            operation
            for operation, cells in CELLS_OF.items()
            if not await _noticed(walk, [each for each in cells if each.role == "nobody"])
        }
    assert unnoticed == set(PUBLIC)
