"""Every bill of random days, limits and reductions in force, is redone from its proof alone, to the fen."""

import random
from uuid import UUID

import pytest

from tests.billing import generator
from tests.billing.day import Day
from tests.billing.proof.proofs import prove


@pytest.mark.parametrize("seed", [11, 12])
async def test_each_of_fifty_random_bills_is_redone_from_its_proof(day: Day, seed: int) -> None:
    draw = random.Random(seed)
    case = await generator.make_case(day, seed)
    await generator.load(day, case)
    for per, maximum in [("day", 1), ("week", 3), ("year", 4), ("bed_cycle", 1)]:
        await day.limit(*draw.sample(generator.CODES, 2), per=per, maximum=maximum)
    await day.limit("VISIT_FEE", per="week", maximum=2)
    await day.reduce("0.3333", key_groups=["low_income"], bill_cap_fen=2000)
    await day.reduce("0.5", key_groups=["low_income", "disabled"], codes=draw.sample(generator.CODES, 3))
    await day.reduce("0.1", regional=True, codes=["VISIT_FEE"])
    for patient in case["patients"]:
        await day.join(UUID(patient["id"]), *draw.sample(["low_income", "disabled", "chronic"], draw.randint(0, 2)))
    statuses, reduced = set(), 0
    for event in case["events"]:
        await day.work(event["settle"])
        told = await day.status(event["settle"])
        if told["status"] == "settled":
            await prove(day.http, told["settlement"])
            statuses |= {line["status"] for line in told["settlement"]["lines"]}
            reduced += told["settlement"]["reduction_fen"]
    assert {"charged", "limited", "waived"} <= statuses
    assert reduced > 0
