"""减免 on bills of bed days: shown, booked, taken back, in every statement."""

from datetime import date
from decimal import Decimal
from typing import Any

from service.accounts.rules import Role
from service.catalog.reduction_models import ReductionRule
from service.patients.models import KeyGroupRow
from tests.billing.bed_days.stays import Ward, sums

APRIL = {"from": "2026-04-01", "to": "2026-04-30"}


async def reduce(ward: Ward, ratio: str = "0.5", **more: Any) -> str:
    row = ReductionRule(
        region_id=ward.world.region_id,
        institution_id=ward.at,
        code=f"RD{ward.world.number()}",
        ratio=Decimal(ratio),
        **{"title": "低收入老人减免", "valid_from": date(2026, 1, 1), **more},
    )
    await ward.world.add(row)
    return str(row.id)


def split(bill: dict[str, Any]) -> tuple[int, ...]:
    names = ("gross_fen", "fund_fen", "institution_fen", "reduction_fen", "patient_fen")
    return tuple(bill[name] for name in names)


async def billed(ward: Ward, **rule: Any) -> tuple[str, dict[str, Any]]:
    """Return a bed of somebody of low income, and the bill of its first ten days."""
    await ward.world.add_agreement(rate="80.00", ratio="0.90", share="0.5")
    await reduce(ward, "0.3", key_groups=["low_income"], **rule)
    person_id = await ward.world.add_patient()
    await ward.insure(person_id)
    group = {"region_id": ward.world.region_id, "person_id": person_id, "key_group": "low_income"}
    await ward.world.add(KeyGroupRow(**group, valid_from=date(2026, 3, 3)))
    bed_id = await ward.stay(person_id)
    return bed_id, await ward.bill(bed_id)


class TestTheBill:
    async def test_it_shows_gross_reduction_and_net_from_the_day_he_belongs_to_its_audience(self, ward: Ward) -> None:
        _, bill = await billed(ward)
        # of 80 yuan a day the fund pays 72, the institution 4; of his 4 yuan 30 % are taken off on eight days
        assert split(bill) == (80000, 72000, 4000, 960, 3040)
        assert [day["reduction_fen"] for day in bill["bed_days"]] == [0, 0, *[120] * 8]
        (line,) = bill["lines"]
        assert [(paid["source"], paid["amount_fen"]) for paid in line["fundings"]] == [
            ("medical_insurance", 72000), ("institution", 4000), ("reduction", 960), ("self_pay", 3040),
        ]  # fmt: skip
        assert line["fundings"][2]["reason"] == "床日费：低收入老人减免，减免9.60元"
        assert line["fundings"][3]["reason"] == "床日费医保支付、医疗机构分担、减免后，您自付30.40元"
        assert await ward.read(bill) == bill

    async def test_a_cap_holds_for_the_bill(self, ward: Ward) -> None:
        _, bill = await billed(ward, bill_cap_fen=500)
        assert (bill["reduction_fen"], bill["patient_fen"]) == (500, 3500)
        assert sum(day["reduction_fen"] for day in bill["bed_days"]) == 500

    async def test_a_rule_for_bed_days_alone_is_written_like_any_other(self, ward: Ward) -> None:
        admin = await ward.world.as_role(Role.institution_admin)
        body = {"code": "BED", "title": "床日减免", "codes": ["BED_DAY"], "ratio": "1", "valid_from": "2026-01-01"}
        told = await admin.post(f"/institutions/{ward.at}/reduction-rules", json=body)
        assert told.status_code == 201, told.text
        await ward.world.add_agreement(rate="80.00")
        bill = await ward.bill(await ward.stay(await ward.world.add_patient()))
        assert (bill["reduction_fen"], bill["patient_fen"]) == (80000, 0)


class TestTheBooks:
    async def test_journal_and_statements_have_it_and_what_is_taken_back_goes_with_its_days(self, ward: Ward) -> None:
        bed_id, bill = await billed(ward)
        back = (await ward.reverse(bed_id, "2026-03-02", "2026-03-05")).json()
        assert split(back) == (24000, 21600, 1200, 240, 960)
        booked = await sums(
            ward.world,
            "select account, sum(debit_fen - credit_fen)::bigint from journal_lines where region_id = :region"
            " group by 1 order by 1",
        )
        assert booked == [
            ("1212.01", 3040 - 960), ("1212.02", 50400), ("4101.05", -56000), ("4101.90", 720), ("5001.01", 2800),
        ]  # fmt: skip
        (row,) = (await read(ward, "per-diem"))["rows"]
        assert split(row) == tuple(a - b for a, b in zip(split(bill), split(back), strict=True))
        totals = (await read(ward, "daily"))["totals"]
        assert (totals["reduction_fen"], totals["self_pay_fen"]) == (720, 2080)
        claims = (await read(ward, "insurance-claims"))["rows"]
        # what is taken off is not the insurer's nor the patient's
        assert [claim["hosp_part_amt"] for claim in claims] == ["49.60", "-14.40"]
        assert (await read(ward, "income-classes"))["totals"]["difference_fen"] == 0

    async def test_days_taken_back_are_billed_again_with_it(self, ward: Ward) -> None:
        bed_id, _ = await billed(ward)
        await ward.reverse(bed_id, "2026-03-09", "2026-03-11")
        again = await ward.bill(bed_id)
        assert split(again) == (16000, 14400, 800, 240, 560)


async def read(ward: Ward, kind: str) -> dict[str, Any]:
    answer = await ward.finance.get(f"/institutions/{ward.at}/statements/{kind}", params=APRIL)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
