"""Every operation × role × relation, against the checked-in verdict."""

import pytest

from tests.access.verdicts import CELLS_OF
from tests.access.walk import Walk

pytestmark = pytest.mark.database


@pytest.mark.parametrize("operation", sorted(CELLS_OF))
async def test_everybody_may_do_what_the_policy_says_and_nothing_else(operation: str, walk: Walk) -> None:
    odd = [
        f"{cell.role} as {cell.relation}: {found}, and the policy says {cell.verdict}"
        for cell, found in await walk.judge_all(CELLS_OF[operation])
        if found != cell.verdict
    ]
    assert odd == []
