"""Bed days in the books: per-diem statement, claims and income classes come to what the stays come to."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from tests.billing.bed_days.stays import Ward
from tests.world import World

PERIOD = {"from": "2026-04-01", "to": "2026-04-30"}


@pytest.fixture
async def ward(world: World) -> AsyncIterator[Ward]:
    opened = await Ward.open(world)
    async with opened.doctor, opened.finance:
        yield opened


async def read(ward: Ward, kind: str) -> dict[str, Any]:
    answer = await ward.finance.get(f"/institutions/{ward.at}/statements/{kind}", params=PERIOD)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_days_billed_and_taken_back_stand_in_every_statement(ward: Ward) -> None:
    await ward.world.add_agreement(rate="80.00", ratio="0.90", share="0.5")
    person_id = await ward.world.add_patient()
    await ward.insure(person_id)
    bed_id = await ward.stay(person_id)
    bill = await ward.bill(bed_id)
    back = (await ward.reverse(bed_id, "2026-03-09", "2026-03-11")).json()
    left = {name: bill[name] - back[name] for name in ("gross_fen", "fund_fen", "institution_fen", "patient_fen")}
    assert left["gross_fen"] == 8 * 8000
    assert min(left.values()) > 0

    [row] = (await read(ward, "per-diem"))["rows"]
    assert {name: row[name] for name in left} == left
    assert (row["days"], row["person_id"]) == (8, str(person_id))

    totals = (await read(ward, "daily"))["totals"]
    assert (totals["gross_fen"], totals["medical_insurance_fen"]) == (left["gross_fen"], left["fund_fen"])
    assert (totals["institution_fen"], totals["self_pay_fen"]) == (left["institution_fen"], left["patient_fen"])

    classes = await read(ward, "income-classes")
    assert classes["totals"] == {
        "amount_fen": left["gross_fen"],
        "bills_fen": left["gross_fen"],
        "difference_fen": 0,
    }
    assert [row["income"] for row in classes["rows"]] == ["床日收入"]

    first, red = (await read(ward, "insurance-claims"))["rows"]
    assert (first["setl_id"], red["reverses_setl_id"]) == (bill["id"], bill["id"])
    assert (first["med_type"], red["med_type"], first["ltci_pay"]) == ("5", "5", "0.00")
    claimed = sum(Decimal(claim["fund_pay_sumamt"]) for claim in (first, red))
    assert claimed * 100 == left["fund_fen"]
    assert sum(Decimal(claim["hosp_part_amt"]) for claim in (first, red)) * 100 == left["institution_fen"]

    invoices = (await read(ward, "invoices"))["rows"]
    assert [(each["source"], each["gross_fen"]) for each in invoices] == [
        ("床日结算", bill["gross_fen"]),
        ("床日结算冲销", -back["gross_fen"]),
    ]
