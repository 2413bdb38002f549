"""The evidence of a bill of bed days, billed again by the command line to the same result."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli import bill as command
from tests.billing.bed_days.stays import Ward, parts
from tests.billing.day import rerun


async def case_of(ward: Ward, bill: dict[str, Any]) -> dict[str, Any]:
    answer = await ward.finance.get(f"/bed-settlements/{bill['id']}/case")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def again(case: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """Bill the case with `xunzhen bill --json`; return the entry of its last event."""
    path = tmp_path / "case.json"
    path.write_text(json.dumps(case))
    told = CliRunner().invoke(command.app, [str(path), "--json"])
    assert told.exit_code == 0, told.output
    return dict(json.loads(told.stdout)["events"][-1])


def lines(entry: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    """Return year, days, gross and fund of each line of an entry of the command."""
    return [
        (int(line["year"]), line["quantity"], line["gross_fen"], line["gross_fen"] - line["patient_fen"])
        for line in entry["lines"]
    ]


def posted(bill: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    """Return the same of a bill that was posted."""
    return [
        (line["year"], line["days"], line["gross_fen"], _paid(line["fundings"], "medical_insurance"))
        for line in bill["lines"]
    ]


def _paid(fundings: Sequence[dict[str, Any]], source: str) -> int:
    return sum(paid["amount_fen"] for paid in fundings if paid["source"] == source)


class TestCase:
    async def test_is_billed_again_to_the_same_fen(self, ward: Ward, tmp_path: Path) -> None:
        await ward.world.add_agreement(rate="33.33", ratio="0.95", cap_fen=40_000, share="0.4", excluded=("BLOOD",))
        person_id = await ward.world.add_patient()
        await ward.insure(person_id, (date(2025, 12, 30), date(2026, 3, 3)))
        bed_id = await ward.stay(person_id, "2025-12-25")
        await ward.pause(bed_id, "2026-01-10", "2026-01-12")
        first = await ward.bill(bed_id, "2025-12-25", "2026-01-05")
        second = await ward.bill(bed_id, "2025-12-20", "2026-03-20")
        for bill in (first, second):
            entry = again(await case_of(ward, bill), tmp_path)
            assert entry["status"] == "settled"
            assert lines(entry) == posted(bill)
            assert (entry["gross_fen"], entry["patient_fen"]) == (
                bill["gross_fen"], bill["institution_fen"] + bill["patient_fen"],
            )  # fmt: skip
        assert parts(second)[1] == 40_000 - posted(first)[1][3]  # the cap of 2026 was reached

    async def test_days_of_other_bills_are_billed_before_for_nothing(self, ward: Ward, tmp_path: Path) -> None:
        await ward.world.add_agreement()
        person_id = await ward.world.add_patient()
        await ward.insure(person_id)
        bed_id = await ward.stay(person_id)
        for day in (3, 4, 7):
            await ward.bill(bed_id, f"2026-03-0{day}", f"2026-03-0{day + 1}")
        bill = await ward.bill(bed_id)
        case = await case_of(ward, bill)
        assert rerun(case)["gross_fen"] == 0
        entry = again(case, tmp_path)
        assert entry["event"] == {"settle_bed": bed_id, "from": "2026-03-01", "to": "2026-03-11"}
        assert lines(entry) == posted(bill) == [(2026, 7, 56000, 53200)]

    @pytest.mark.parametrize("insured", [True, False])
    async def test_names_the_person_by_id_only(self, ward: Ward, insured: bool) -> None:
        await ward.world.add_agreement()
        person_id = await ward.world.add_patient()
        if insured:
            await ward.insure(person_id)
        case = await case_of(ward, await ward.bill(await ward.stay(person_id)))
        assert [each["id"] for each in case["patients"]] == [str(person_id)]
        assert ("insurance" in case["patients"][0]) == insured
        assert "居民" not in json.dumps(case, ensure_ascii=False)
