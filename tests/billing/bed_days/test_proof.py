"""The proof of a bill of bed days: redone from its bytes it is equal, and changed it says where."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from service.accounts.rules import Role
from service.billing import case, proof
from service.cli import bill as command
from tests.billing.bed_days.stays import Ward
from tests.billing.bed_days.test_reductions import billed, reduce, split
from tests.billing.documents import place

Json = dict[str, Any]


async def read_proof(ward: Ward, bill: Json) -> Json:
    answer = await ward.finance.get(f"/bed-settlements/{bill['id']}/proof")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def prove(ward: Ward, bill: Json) -> Json:
    """Return the proof of a bill; redone offline it is equal, and it is of this very bill."""
    told = await read_proof(ward, bill)
    assert proof.check(json.dumps(told).encode()) is None
    assert split(told["result"]) == split(bill)
    lines = [
        (line["year"], line["quantity"], line["gross_fen"], line["patient_fen"]) for line in told["result"]["lines"]
    ]
    assert lines == [
        (f"{each['year']}", each["days"], each["gross_fen"], each["patient_fen"]) for each in bill["lines"]
    ]
    assert [(day["on"], split(day)) for day in told["result"]["days"]] == [
        (day["on"], split(day)) for day in bill["bed_days"]
    ]
    return told


class TestEqual:
    async def test_a_bill_with_everything_says_so_on_the_command_line(self, ward: Ward, tmp_path: Path) -> None:
        await ward.world.add_agreement(rate="33.33", ratio="0.95", cap_fen=40_000, share="0.4")
        await reduce(ward, "0.3333", bill_cap_fen=9000, valid_from=date(2025, 12, 30))
        await reduce(ward, "0.5", valid_from=date(2026, 2, 1), valid_to=date(2026, 2, 10))
        person_id = await ward.world.add_patient()
        await ward.insure(person_id, (date(2025, 12, 30), date(2026, 3, 3)))
        bed_id = await ward.stay(person_id, "2025-12-25")
        await ward.pause(bed_id, "2026-01-10", "2026-01-12")
        bills = [
            await ward.bill(bed_id, "2026-01-02", "2026-01-05"),
            await ward.bill(bed_id, "2025-12-20", "2026-03-20"),
        ]
        paths = []
        for bill in bills:
            told = await prove(ward, bill)
            paths.append(tmp_path / f"{bill['id']}.json")
            paths[-1].write_text(json.dumps(told))
        assert bills[1]["reduction_fen"] > 0
        assert len(bills[1]["lines"]) == 2
        said = CliRunner().invoke(command.app, ["--proof", *map(str, paths)])
        assert (said.exit_code, [line.split("：")[1] for line in said.stdout.splitlines()]) == (0, ["一致", "一致"])

    async def test_it_stays_as_it_was_whatever_is_taken_back_or_changed_since(self, ward: Ward) -> None:
        bed_id, bill = await billed(ward)
        await ward.reverse(bed_id, "2026-03-09", "2026-03-11")
        await reduce(ward, "1")
        told = await prove(ward, bill)
        entries = told["evidence"]["entitlements"]
        assert [(each["kind"], each["used_before"], each["used_after"]) for each in entries] == [
            ("consume", 0, 72000),
            ("reverse", 72000, 57600),
        ]
        assert told["evidence"]["agreement"]["daily_rate"] == "80"
        assert told["evidence"]["stay"]["bed_id"] == bed_id
        again = await ward.bill(bed_id)
        assert (await prove(ward, again))["result"]["reduction_fen"] == again["patient_fen"] + again["reduction_fen"]

    async def test_a_bill_that_kept_its_bare_case_is_proven_as_well(self, ward: Ward) -> None:
        await ward.world.add_agreement(share="0.5")
        person_id = await ward.world.add_patient()
        await ward.insure(person_id)
        bill = await ward.bill(await ward.stay(person_id))
        path = f"/bed-settlements/{bill['id']}/case"
        bare = (await ward.finance.get(path)).json()
        async with ward.world.owner.begin() as connection:
            await connection.exec_driver_sql(
                "update bed_settlements set facts = $1::text::jsonb where id = $2", (json.dumps(bare), UUID(bill["id"]))
            )
        await prove(ward, bill)
        assert (await ward.finance.get(path)).json() == bare


def _set(path: str, value: object) -> Callable[[Json], None]:
    def change(told: Json) -> None:
        container, key = place(told, path)
        container[key] = value

    return change


class TestDifferent:
    async def test_the_first_place_is_named(self, ward: Ward) -> None:
        _, bill = await billed(ward)
        whole = await read_proof(ward, bill)
        for path, value, said in [
            ("rules", "xunzhen.billing-rules/0", "$.rules"),
            ("limits~cut", [{}], "$.limits.cut[0]"),
            ("case~beds~0~daily_rate", "81.00", "$.reductions.applied[0].amount_fen"),
            ("case~beds~0~per_diem_year_cap", "100.00", "$.reductions.applied[0].amount_fen"),
            ("case~events~0~to", "2026-03-10", "$.reductions.applied[0].to"),
            ("case~events~0~settle_bed", "nobody", "$.result"),
            ("case~patients~0~insurance~to", "2026-03-09", "$.reductions.applied[0].amount_fen"),
            ("sharing~institution_share", "0.25", "$.reductions.applied[0].amount_fen"),
            ("reductions~rows~0~ratio", "0.31", "$.reductions.applied[0].amount_fen"),
            ("reductions~rows~0~to", "2026-03-05", "$.reductions.applied[0].to"),
            ("reductions~groups~0~from", "2026-03-01", "$.reductions.applied[0].from"),
            ("reductions~applied~0~amount_fen", 961, "$.reductions.applied[0].amount_fen"),
            ("result~patient_fen", 3041, "$.result.patient_fen"),
            ("result~lines~0~fundings~2~amount_fen", 961, "$.result.lines[0].fundings[2].amount_fen"),
            ("result~days~9~reduction_fen", 121, "$.result.days[9].reduction_fen"),
        ]:
            told = json.loads(json.dumps(whole))
            _set(path, value)(told)
            found = proof.check(json.dumps(told).encode())
            assert (path, found.path if found else None) == (path, said)

    @pytest.mark.parametrize(
        ("path", "value", "said"),
        [
            ("case~events", [], "$.case.events"),
            ("sharing~institution_share", "1.1", "$.sharing.institution_share"),
            ("reductions~groups~0~to", "2026-03-02", "$.reductions.groups[0].to"),
            ("reductions~rows~0~ratio", "0", "$.reductions.rows[0].ratio"),
            ("more", 1, "$.more"),
        ],
    )
    async def test_what_is_malformed_is_one_sentence_that_names_the_place(
        self, ward: Ward, path: str, value: object, said: str
    ) -> None:
        _, bill = await billed(ward)
        told = await read_proof(ward, bill)
        _set(path, value)(told)
        with pytest.raises(case.Malformed) as wrong:
            proof.check(json.dumps(told).encode())
        assert wrong.value.path == said


class TestWhoReads:
    async def test_neither_another_institution_nor_the_family(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        person_id = await ward.world.add_patient()
        bill = await ward.bill(await ward.stay(person_id))
        other = await ward.world.as_role(Role.finance, await ward.world.add_institution())
        account_id = await ward.world.add_account(Role.elder)
        await ward.world.add_relation(person_id, account_id)
        elder = ward.world.client(ward.world.principal(Role.elder, account_id))
        for who in (other, elder):
            assert (await who.get(f"/bed-settlements/{bill['id']}/proof")).status_code == 404
        assert (await elder.get(f"/bed-settlements/{bill['id']}")).status_code == 200
