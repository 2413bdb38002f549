"""What the database itself refuses of bed days, whatever the application does."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.billing.bed_days.stays import Ward


async def billed(ward: Ward) -> tuple[str, dict[str, Any]]:
    await ward.world.add_agreement(share="0.5")
    person_id = await ward.world.add_patient()
    await ward.insure(person_id)
    bed_id = await ward.stay(person_id)
    return bed_id, await ward.bill(bed_id)


async def execute(ward: Ward, sql: str, **values: object) -> None:
    async with ward.world.owner.begin() as connection:
        await connection.execute(text(sql), {"region": ward.world.region_id, **values})


class TestAStayKeepsItsBilledDays:
    async def test_it_is_neither_closed_nor_paused_over_them_until_they_are_taken_back(self, ward: Ward) -> None:
        bed_id, _ = await billed(ward)
        closing, pausing = await ward.close(bed_id, "2026-03-10"), await ward.pause(bed_id, "2026-03-10", "2026-03-12")
        for refused in (closing, pausing):
            assert (refused.status_code, refused.json()["code"]) == (409, "bed-days-billed")
        assert (await ward.pause(bed_id, "2026-03-11", "2026-03-12")).status_code == 201
        await ward.reverse(bed_id, "2026-03-10", "2026-03-11")
        assert (await ward.close(bed_id, "2026-03-10")).status_code == 200

    async def test_no_day_outside_the_stay_is_billed(self, ward: Ward) -> None:
        bed_id, bill = await billed(ward)
        for on in (date(2026, 2, 28), date(2026, 3, 20)):
            if on.day == 20:
                await ward.pause(bed_id, "2026-03-20")
            with pytest.raises(DBAPIError, match="no day of the stay"):
                await _add_day(ward, bed_id, bill, on)


class TestSums:
    @pytest.mark.parametrize(
        "change",
        [
            "bed_settlements set gross_fen = gross_fen + 1, patient_fen = patient_fen + 1",
            "bed_settlements set institution_fen = institution_fen + 1, patient_fen = patient_fen - 1",
            "bed_settlements set reduction_fen = reduction_fen + 1, patient_fen = patient_fen - 1",
            "bed_settlement_lines set gross_fen = gross_fen + 1",
            "bed_settlement_lines set patient_fen = patient_fen + 1",
            "bed_settlement_lines set days = days + 1",
            "bed_settlement_fundings set amount_fen = amount_fen + 1",
            "bed_days set gross_fen = gross_fen + 1, patient_fen = patient_fen + 1",
            "bed_days set fund_fen = fund_fen - 1, patient_fen = patient_fen + 1",
            "bed_days set reduction_fen = reduction_fen + 1, patient_fen = patient_fen - 1",
            "journal_entries set gross_fen = gross_fen + 1",
        ],
    )
    async def test_a_bill_whose_sums_disagree_does_not_pass_the_commit(self, ward: Ward, change: str) -> None:
        await billed(ward)
        await _change_and_check(ward, None)
        where = {"bed_days": "service_on = '2026-03-05'", "bed_settlement_fundings": "source = 'institution'"}
        with pytest.raises(DBAPIError, match="add up"):
            await _change_and_check(ward, f"update {change} where {where.get(change.split(maxsplit=1)[0], 'true')}")

    async def test_a_day_of_another_bill_s_person_or_bed_is_refused(self, ward: Ward) -> None:
        bed_id, bill = await billed(ward)
        other = await ward.world.add_patient()
        elsewhere = await ward.stay(other)
        with pytest.raises(DBAPIError, match="bed_days_of_a_settlement"):
            await _add_day(ward, elsewhere, bill | {"person_id": str(other)}, date(2026, 3, 20))
        assert bed_id

    async def test_a_second_bill_of_a_day_needs_the_reversal_of_the_first(self, ward: Ward) -> None:
        bed_id, bill = await billed(ward)
        on = date(2026, 3, 5)
        for seq, follows, constraint in ((1, None, "pk_bed_days"), (2, 1, "bed_days_follow"), (2, None, "follows")):
            with pytest.raises(DBAPIError, match=constraint):
                await _add_day(ward, bed_id, bill, on, seq=seq, follows=follows)


async def _change_and_check(ward: Ward, change: str | None) -> None:
    """Change a posted row as nobody may, then write a row of the bill anew: its sums are checked at the commit."""
    region = {"region": ward.world.region_id}
    async with ward.world.owner.begin() as connection:
        if change is not None:
            await connection.execute(text(f"{change} and region_id = :region"), region)
        await connection.execute(
            text(
                "create temp table kept on commit drop as"
                " select * from bed_settlement_fundings where region_id = :region"
            ),
            region,
        )
        await connection.execute(text("delete from bed_settlement_fundings where region_id = :region"), region)
        await connection.execute(text("insert into bed_settlement_fundings select * from kept"))


async def _add_day(
    ward: Ward, bed_id: str, bill: dict[str, Any], on: date, *, seq: int = 1, follows: int | None = None
) -> None:
    await execute(
        ward,
        "insert into bed_days (region_id, person_id, service_on, seq, follows_seq, institution_id, bed_id,"
        " settlement_id, gross_fen, fund_fen, institution_fen, patient_fen)"
        " values (:region, :person, :on, :seq, :follows, :at, :bed, :bill, 0, 0, 0, 0)",
        person=UUID(bill["person_id"]), on=on, seq=seq, follows=follows, at=ward.at, bed=UUID(bed_id),
        bill=UUID(bill["id"]),
    )  # fmt: skip


async def test_nothing_posted_is_changed_or_deleted_by_the_application(ward: Ward) -> None:
    tables = (
        "bed_settlements", "bed_settlement_lines", "bed_settlement_fundings", "bed_days", "bed_reversals",
        "bed_day_reversals",
    )  # fmt: skip
    async with ward.world.owner.connect() as connection:
        for table in tables:
            rights = [
                (await connection.execute(
                    text("select has_table_privilege('xunzhen_app', :table, :right)"), {"table": table, "right": right}
                )).scalar_one()
                for right in ("select", "insert", "update", "delete", "truncate")
            ]  # fmt: skip
            assert rights == [True, True, False, False, False], table
