"""Every operation × role × relation, against the checked-in verdict."""

from collections import defaultdict

import pytest

from tests.access.table import Cell
from tests.access.verdicts import CELLS
from tests.access.walk import Walk

pytestmark = pytest.mark.database

_BY_OPERATION: dict[str, list[Cell]] = defaultdict(list)
for _cell in CELLS:
    _BY_OPERATION[_cell.operation].append(_cell)


@pytest.mark.parametrize("operation", sorted(_BY_OPERATION))
async def test_everybody_may_do_what_the_policy_says(operation: str, walk: Walk) -> None:
    odd = []
    for cell in _BY_OPERATION[operation]:
        found = await walk.judge(cell)
        if found != cell.verdict:
            odd.append(f"{cell.role} as {cell.relation}: {found}, and the policy says {cell.verdict}")
    import os
    if odd and os.environ.get("ACC_OUT"): open(os.environ["ACC_OUT"],"a").write(operation+"\n  "+"\n  ".join(odd)+"\n")
    assert odd == []
