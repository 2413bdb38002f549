"""Two hundred random visits: the bills of the database are those of the kernel on the same case file, to the fen."""

import json
from collections import defaultdict
from typing import Any
from uuid import UUID

import pytest

from service.billing import case as billing_case
from service.contracts import usecases as contracts
from service.core.db.session import transaction
from service.core.principal import Fence
from tests.billing import generator
from tests.billing.day import MORNING, Day, as_entry
from tests.billing.proof.proofs import prove


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_fifty_random_visits_are_settled_as_the_case_file_says(day: Day, seed: int) -> None:
    case = await generator.make_case(day, seed)
    await generator.load(day, case)
    result = json.loads(billing_case.dump(billing_case.run_case(billing_case.read_case(json.dumps(case).encode()))))
    for entry in result["events"]:
        visit_id = entry["event"]["settle"]
        await day.work(visit_id)
        told = await day.status(visit_id)
        if entry["status"] == "settled":
            assert as_entry(told["settlement"], visit_id) == entry
            await prove(day.http, told["settlement"])
        else:
            assert told["refusal"]["code"].replace("-", "_") == entry["reason"]
    assert await _used(day, case) == _said(result["balances"])


async def _used(day: Day, case: dict[str, Any]) -> dict[tuple[str, ...], int]:
    """Return what the ledger says is used, without what is not."""
    fence, used = Fence(day.world.region_id, (day.world.institution_id,)), {}
    async with transaction(day.world.house.sessions, fence, MORNING) as session:
        for patient in case["patients"]:
            for each in await contracts.balances(session, region_id=day.world.region_id, person_id=UUID(patient["id"])):
                source = str(each.source)
                code = each.code if source in {"contract", "public_program"} else ""
                owner = "" if source == "contract" else patient["id"]
                used[source, str(each.ref_id), owner, code] = each.used
                assert 0 <= each.used <= each.cap
                assert each.reserved == 0
    return {key: units for key, units in used.items() if units}


def _said(balances: dict[str, Any]) -> dict[tuple[str, ...], int]:
    """Return what the case's result says is used, in the same words."""
    said: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for contract, items in balances["contracts"].items():
        for code, units in items.items():
            said["contract", contract, "", code] += units
    for patient, programmes in balances["programs"].items():
        for programme, items in programmes.items():
            for code, years in items.items():
                said["public_program", programme, patient, code] += years.get("2026", 0)
    for patient, funds in balances["insurance"].items():
        said["insurance_deductible", patient, patient, ""] += funds["deductible_used_fen"].get("2026", 0)
        said["insurance_fund", patient, patient, ""] += funds["fund_used_fen"].get("2026", 0)
    return {key: units for key, units in said.items() if units}
