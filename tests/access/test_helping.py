"""A neighbour's nurse who is sent to one door stands to everything else as any nurse of another institution does."""

from dataclasses import replace

import pytest
from httpx import AsyncClient

from service.accounts.rules import Role
from tests.access.scene import Scene
from tests.access.table import Relation, Verdict
from tests.access.verdicts import CELLS_OF
from tests.access.walk import Walk

pytestmark = pytest.mark.database

HER_OWN = {"read_my_day": Verdict.none}
"""She has a day of her own, on which no row that the table names is hers; the table's other nurse has none."""
_WHO = (Role.nurse, Relation.other_institution)


def as_helper(walk: Walk) -> Walk:
    """Return the walk with the helping nurse in the place of any nurse of the other institution."""
    callers = walk.scene.callers
    tokens = callers.tokens | {_WHO: callers.helper_token}
    principals = callers.principals | {_WHO: callers.helper}
    return Walk(replace(walk.scene, callers=replace(callers, tokens=tokens, principals=principals)), walk.tracks)


async def test_every_operation_treats_her_as_a_nurse_of_another_institution(walk: Walk) -> None:
    hers, odd = as_helper(walk), []
    for operation, cells in CELLS_OF.items():
        for cell in cells:
            if (cell.role, cell.relation) != _WHO:
                continue
            found = await hers.judge(cell)
            wanted = HER_OWN.get(operation, cell.verdict)
            odd += [f"{operation}: {found}, not {wanted}"] if found != wanted else []
    assert odd == []


async def test_but_for_the_visit_at_which_she_is(scene: Scene) -> None:
    nurse: AsyncClient = scene.near.client(scene.callers.helper)
    listed = (await nurse.get("/visits")).json()["items"]
    assert [each["id"] for each in listed] == [scene.ids["helped_visit"]]
    assert (await nurse.get(f"/visits/{scene.ids['helped_visit']}")).status_code == 200
    other = scene.as_caller(*_WHO)
    assert (await other.get("/visits")).json()["items"] == []
    assert (await other.get(f"/visits/{scene.ids['helped_visit']}")).status_code == 404
    dispatcher = scene.as_caller(Role.dispatcher, Relation.other_institution)
    assert (await dispatcher.get(f"/visits/{scene.ids['helped_visit']}")).status_code == 404
