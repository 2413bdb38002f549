"""What a proof shows beside its steps is compared with the case: whatever of it was doctored is found out."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.billing import case, proof
from service.cli import bill as command
from tests.billing.day import Day
from tests.billing.documents import place
from tests.billing.proof.proofs import prove
from tests.billing.test_payers import assess, ltci

Json = dict[str, Any]


async def everything(day: Day) -> Json:
    """Return the proof of a bill that a contract, a programme, an insurance and a limit have to do with."""
    await day.price("BP", "10", includes=["CUFF"], per_visit_max=9)
    await day.price("SUGAR", "8")
    await day.price("DRESSING", "30", insurance_class="B", self_ratio=Decimal("0.1"))
    night = {"starts_at": "18:00", "ends_at": "06:00", "multiplier": "2"}
    await day.tariff(("3", "78.00"), ("5", "98.00"), night=night)
    await day.limit("BP", maximum=4)
    person_id = await day.world.add_patient()
    await day.contract(person_id, {"BP": 8})
    await day.programme(person_id, {"SUGAR": 4})
    await day.insure(person_id, deductible_fen=4000)
    await day.bill(await day.visit(person_id, ("BP", 1), ("SUGAR", 1), ("DRESSING", 1)))
    bill = await day.bill(await day.visit(person_id, ("BP", 2), ("SUGAR", 1), ("DRESSING", 1), metres=2914))
    return await prove(day.http, bill)


def at(told: Json, source: str) -> str:
    """Return where the entry of a payer stands in the evidence."""
    found = [each["source"] for each in told["evidence"]["entitlements"]]
    return f"evidence~entitlements~{found.index(source)}"


def path_of(place_at: str) -> str:
    """Return a place of `place` as a JSON path."""
    return "$" + "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in place_at.split("~"))


def find(whole: Json, changed: str, value: object) -> str | None:
    told = json.loads(json.dumps(whole))
    container, key = place(told, changed)
    container[key] = value
    found = proof.check(json.dumps(told).encode())
    return found.path if found else None


class TestDifferent:
    async def test_each_kind_of_evidence_that_was_doctored_is_named(self, day: Day) -> None:
        whole = await everything(day)
        codes = [row["code"] for row in whole["evidence"]["price_rows"]]
        assert codes == ["BP", "DRESSING", "SUGAR"]
        for changed, value in [
            ("evidence~price_rows~0~unit_price", "10.01"),
            ("evidence~price_rows~0~unit_price", 10),
            ("evidence~price_rows~0~valid_from", "2025-12-31"),
            ("evidence~price_rows~0~name", "测血压"),
            ("evidence~price_rows~0~includes", []),
            ("evidence~price_rows~0~per_visit_max", None),
            ("evidence~price_rows~1~insurance_class", "A"),
            ("evidence~price_rows~1~self_ratio", "0.2"),
            ("evidence~price_rows~1~excludes", ["BP"]),
            ("evidence~tariff~unit", "visit_staff"),
            ("evidence~tariff~valid_from", "2026-01-02"),
            ("evidence~tariff~tiers~1~price", "99"),
            ("evidence~tariff~tiers~0~up_to_km", "2.9"),
            ("evidence~tariff~night~multiplier", "3"),
            ("evidence~tariff~night~starts_at", "17:00"),
            ("evidence~tariff~insurance_class", "A"),
            ("evidence~distance~metres", 2913),
            ("evidence~crew~0~licences", []),
            ("evidence~visit~visit_id", whole["settlement_id"]),
            *(
                (f"{at(whole, source)}~{field}", told)
                for source, field, told in [
                    ("contract", "used_before", 0),
                    ("contract", "units", 1),
                    ("contract", "used_after", 2),
                    ("contract", "cap", 9),
                    ("contract", "counting", "visit"),
                    ("public_program", "used_before", 2),
                    ("public_program", "cap", 3),
                    ("insurance_deductible", "used_after", 1),
                    ("insurance_fund", "used_before", 7),
                    ("insurance_fund", "cap", 1),
                    ("limit", "used_before", 0),
                    ("limit", "cap", 5),
                    ("limit", "reserved_after", 1),
                ]
            ),
        ]:
            assert (changed, find(whole, changed, value)) == (changed, path_of(changed))

    async def test_so_is_a_row_that_was_left_out_added_or_put_on_another_name(self, day: Day) -> None:
        whole = await everything(day)
        evidence = whole["evidence"]
        entry = evidence["entitlements"][0]
        for part, value, said in [
            ("price_rows", evidence["price_rows"][:2], "$.evidence.price_rows"),
            ("tariff", None, "$.evidence.tariff"),
            ("tariff~tiers", evidence["tariff"]["tiers"][:1], "$.evidence.tariff.tiers"),
            ("tariff~night", None, "$.evidence.tariff.night"),
            ("crew", [], "$.evidence.crew"),
            ("crew~0~practitioner_id", str(day.doctor), "$.evidence.crew"),
            ("entitlements", evidence["entitlements"][1:], "$.evidence.entitlements"),
            ("entitlements~0~ref_id", str(day.doctor), "$.evidence.entitlements[0]"),
            ("entitlements~0~period", "2025", "$.evidence.entitlements[0]"),
            ("entitlements~0~kind", "opening", "$.evidence.entitlements[0]"),
            ("entitlements~0~reserved_before", entry["reserved_before"] + 1, "$.evidence.entitlements[0].used_before"),
        ]:
            assert (part, find(whole, f"evidence~{part}", value)) == (part, said)

    async def test_a_row_that_ends_earlier_by_now_is_the_same_row_one_that_ends_later_is_not(self, day: Day) -> None:
        await day.price("BP", "10", valid_to=date(2026, 12, 31))
        whole = await prove(day.http, await day.bill(await day.visit(await day.world.add_patient())))
        at_end = "evidence~price_rows~0~valid_to"
        assert find(whole, at_end, "2026-03-02") is None
        assert find(whole, at_end, "2027-01-01") == "$.evidence.price_rows[0].valid_to"
        assert find(whole, at_end, None) == "$.evidence.price_rows[0].valid_to"

    async def test_the_month_of_long_term_care_insurance_is_compared_as_well(self, day: Day) -> None:
        await day.price("BATH", "50")
        await ltci(day, {"3": 8000}, "BATH")
        person_id = await day.world.add_patient()
        await assess(day, person_id, 3)
        whole = await prove(day.http, await day.bill(await day.visit(person_id, ("BATH", 1))))
        entry = at(whole, "ltci")
        for field, value in [("used_before", 1), ("units", 4999), ("cap", 7999)]:
            assert find(whole, f"{entry}~{field}", value) == path_of(f"{entry}~{field}")

    async def test_the_command_says_where_and_ends_with_one(self, day: Day, tmp_path: Path) -> None:
        await day.price("BP", "10")
        whole = await prove(day.http, await day.bill(await day.visit(await day.world.add_patient())))
        whole["evidence"]["price_rows"][0]["unit_price"] = "1"
        path = tmp_path / "proof.json"
        path.write_text(json.dumps(whole))
        said = CliRunner().invoke(command.app, ["--proof", str(path)])
        assert said.exit_code == 1
        assert said.stdout == '不一致：$.evidence.price_rows[0].unit_price 证明写的是 "1"，复算得 "10.0000"\n'

    async def test_what_is_no_row_at_all_is_malformed(self, day: Day) -> None:
        await day.price("BP", "10")
        whole = await prove(day.http, await day.bill(await day.visit(await day.world.add_patient())))
        for part, said in [("price_rows", "$.evidence.price_rows"), ("entitlements", "$.evidence.entitlements")]:
            told = json.loads(json.dumps(whole))
            del told["evidence"][part]
            with pytest.raises(case.Malformed) as wrong:
                proof.check(json.dumps(told).encode())
            assert wrong.value.path == said
