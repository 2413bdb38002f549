"""Bed days taken back by the period: each with its parts, whatever the bills in which they stand."""

from tests.billing.bed_days.stays import Ward, days, parts, sums, used
from tests.world import World


class TestReverse:
    async def test_returns_each_day_with_its_parts_and_they_can_be_billed_again(self, ward: Ward) -> None:
        await ward.world.add_agreement(rate="33.33", ratio="0.95", share="0.5")
        person_id = await ward.world.add_patient()
        await ward.insure(person_id)
        bed_id = await ward.stay(person_id)
        bill = await ward.bill(bed_id)
        before = await used(ward.world, person_id)
        back = await ward.reverse(bed_id, "2026-03-04", "2026-03-07")
        assert back.status_code == 201, back.text
        taken = [day for day in bill["bed_days"] if day["on"] in {"2026-03-04", "2026-03-05", "2026-03-06"}]
        assert parts(back.json()) == tuple(sum(each) for each in zip(*map(parts, taken), strict=True))
        assert back.json()["days"] == ["2026-03-04", "2026-03-05", "2026-03-06"]
        assert await used(ward.world, person_id) == {"2026": before["2026"] - parts(back.json())[1]}
        told = await ward.read(bill)
        assert [day["on"] for day in told["bed_days"] if day["reversed"]] == back.json()["days"]
        assert [(each["reason"], parts(each)) for each in told["reversals"]] == [("更正", parts(back.json()))]
        assert parts(told) == parts(bill)  # what was posted stays as it was
        again = await ward.bill(bed_id)
        assert days(again) == back.json()["days"]

    async def test_what_was_returned_is_not_returned_twice(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        person_id = await ward.world.add_patient()
        await ward.insure(person_id)
        bed_id = await ward.stay(person_id)
        assert (await ward.reverse(bed_id)).json()["code"] == "not-settled"
        await ward.bill(bed_id)
        assert (await ward.reverse(bed_id, "2026-03-01", "2026-03-06")).status_code == 201
        again = await ward.reverse(bed_id, "2026-03-01", "2026-03-06")
        assert (again.status_code, again.json()["code"]) == (409, "not-settled")
        assert (await ward.reverse(bed_id)).json()["days"] == [f"2026-03-{day:02d}" for day in range(6, 11)]
        assert await used(ward.world, person_id) == {"2026": 0}

    async def test_days_of_several_bills_each_have_their_red_invoice(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        bed_id = await ward.stay(await ward.world.add_patient())
        bills = [
            await ward.bill(bed_id, first, until)
            for first, until in (("2026-03-01", "2026-03-04"), ("2026-03-04", "2026-03-08"))
        ]
        back = await ward.reverse(bed_id, "2026-03-03", "2026-03-06")
        assert sorted(back.json()["settlement_ids"]) == sorted(bill["id"] for bill in bills)
        rows = await sums(
            ward.world, "select source, gross_fen from invoices where region_id = :region order by number"
        )
        assert rows[:2] == [("bed_days", 24000), ("bed_days", 32000)]
        assert sorted(rows[2:]) == [("bed_days_reversal", -16000), ("bed_days_reversal", -8000)]
        assert await _earned(ward.world) == 32000

    async def test_a_longer_gone_agreement_and_a_closed_bed_do_not_matter(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        bed_id = await ward.stay(await ward.world.add_patient())
        await ward.bill(bed_id)
        await ward.close(bed_id, "2026-03-20")
        assert (await ward.reverse(bed_id)).status_code == 201
        assert parts(await ward.bill(bed_id, "2026-03-01", "2026-04-01"))[0] == 19 * 8000

    async def test_billing_and_taking_back_by_turns_leaves_the_sums_of_what_stands(self, ward: Ward) -> None:
        await ward.world.add_agreement(rate="80", ratio="0.95", cap_fen=50_000, share="0.25")
        person_id = await ward.world.add_patient()
        await ward.insure(person_id)
        bed_id = await ward.stay(person_id)
        for first, until in (("2026-03-02", "2026-03-05"), ("2026-03-04", "2026-03-09"), ("2026-03-01", "2026-03-31")):
            await ward.bill(bed_id)
            await ward.reverse(bed_id, first, until)
        await ward.bill(bed_id)
        live = await sums(
            ward.world,
            "select count(*), sum(d.gross_fen)::bigint, sum(d.fund_fen)::bigint, count(distinct d.service_on)"
            " from bed_days d where d.region_id = :region and not exists (select 1 from bed_day_reversals r"
            " where r.region_id = d.region_id and r.person_id = d.person_id and r.service_on = d.service_on"
            " and r.seq = d.seq)",
        )
        assert live == [(10, 80000, 50000, 10)]
        assert await used(ward.world, person_id) == {"2026": 50000}
        assert await _earned(ward.world) == 80000


async def _earned(world: World) -> int:
    """Return what the journal has earned by bed days; debits are credits."""
    ((debited, credited, earned),) = await sums(
        world,
        "select sum(debit_fen)::bigint, sum(credit_fen)::bigint,"
        " coalesce(sum(credit_fen) filter (where account = '4101.05'), 0)::bigint"
        " from journal_lines where region_id = :region",
    )
    assert debited == credited
    return int(earned)
