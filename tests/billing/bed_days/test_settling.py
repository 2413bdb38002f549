"""Bed days billed over HTTP: each day once per person, by the agreement, by the insurance, by the year."""

from datetime import date

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.billing.bed_days.stays import Ward, days, parts, show, sums, used
from tests.world import World


class TestTheVector:
    @pytest.mark.requirement("R062")
    @pytest.mark.requirement("R063")
    @pytest.mark.requirement("R064")
    async def test_ten_days_of_eighty_yuan_are_760_of_the_fund_and_40_of_the_patient(self, ward: Ward) -> None:
        await ward.world.add_agreement(rate="80.00", ratio="0.95", cap_fen=1_500_000, plan_code="EMPLOYEE")
        person_id = await ward.world.add_patient()
        await ward.insure(person_id)
        bed_id = await ward.stay(person_id, "2026-03-01")
        assert (await ward.close(bed_id, "2026-03-11")).status_code == 200
        bill = await ward.bill(bed_id, "2026-03-01", "2026-03-31")
        assert parts(bill) == (80000, 76000, 0, 4000)
        assert (bill["days"], days(bill)) == (10, [f"2026-03-{day:02d}" for day in range(1, 11)])
        (line,) = bill["lines"]
        assert (line["year"], line["days"], line["gross_fen"], line["patient_fen"]) == (2026, 10, 80000, 4000)
        assert [(paid["source"], paid["amount_fen"]) for paid in line["fundings"]] == [
            ("medical_insurance", 76000), ("self_pay", 4000),
        ]  # fmt: skip
        assert line["reason"] == "2026年家庭病床（治疗型）10个床日，共800.00元（计入不计出）"
        assert line["fundings"][0]["reason"] == "床日费由医保按床日支付760.00元，今年还可支付14240.00元"
        assert await used(ward.world, person_id) == {"2026": 76000}
        assert await ward.read(bill) == bill

    @pytest.mark.requirement("R064")
    async def test_the_institution_bears_its_share_of_the_rest_and_the_journal_has_it(self, ward: Ward) -> None:
        await ward.world.add_agreement(kind="hospice_ward", share="0.333", income_class="memorandum")
        person_id = await ward.world.add_patient()
        await ward.insure(person_id)
        bill = await ward.bill(await ward.stay(person_id, kind="hospice_ward"))
        # 33.3 % of 40 yuan, rounded once; each day has what it adds, and the days come to the line
        assert parts(bill) == (80000, 76000, 1332, 2668)
        assert [sum(each) for each in zip(*map(parts, bill["bed_days"]), strict=True)] == [80000, 76000, 1332, 2668]
        assert {day["institution_fen"] for day in bill["bed_days"]} == {133, 134}
        assert [paid["source"] for paid in bill["lines"][0]["fundings"]] == [
            "medical_insurance", "institution", "self_pay",
        ]  # fmt: skip
        assert "住院安宁疗护10个床日" in bill["lines"][0]["reason"]
        booked = await sums(
            ward.world,
            "select book, account, debit_fen, credit_fen from journal_lines where region_id = :region order by account",
        )
        assert booked == [
            ("elder_care", "1212.01", 2668, 0), ("elder_care", "1212.02", 76000, 0),
            ("elder_care", "4101.05", 0, 80000), ("elder_care", "5001.01", 1332, 0),
        ]  # fmt: skip


class TestWhichDays:
    async def test_the_same_request_again_has_nothing_to_bill_and_a_later_one_the_rest(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        person_id = await ward.world.add_patient()
        bed_id = await ward.stay(person_id)
        assert days(await ward.bill(bed_id, "2026-03-03", "2026-03-05")) == ["2026-03-03", "2026-03-04"]
        again = await ward.settle(bed_id, "2026-03-03", "2026-03-05")
        assert (again.status_code, again.json()["code"]) == (409, "nothing-to-bill")
        rest = await ward.bill(bed_id, "2026-03-01", "2026-03-07")
        assert days(rest) == ["2026-03-01", "2026-03-02", "2026-03-05", "2026-03-06"]

    async def test_a_day_is_billed_when_it_is_over(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        show(ward.world, date(2026, 3, 4))
        bed_id = await ward.stay(await ward.world.add_patient())
        assert days(await ward.bill(bed_id, "2026-03-01", "2026-03-31")) == ["2026-03-01", "2026-03-02", "2026-03-03"]
        assert (await ward.settle(bed_id, "2026-03-04", "2026-03-31")).json()["code"] == "nothing-to-bill"

    async def test_paused_days_and_the_closing_day_are_not_billed(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        bed_id = await ward.stay(await ward.world.add_patient(), "2026-03-02")
        assert (await ward.pause(bed_id, "2026-03-04", "2026-03-06")).status_code == 201
        assert (await ward.close(bed_id, "2026-03-08")).status_code == 200
        bill = await ward.bill(bed_id, "2026-02-01", "2026-03-31")
        assert days(bill) == ["2026-03-02", "2026-03-03", "2026-03-06", "2026-03-07"]

    async def test_a_day_of_another_stay_at_another_institution_is_not_billed_twice(self, ward: Ward) -> None:
        world = ward.world
        other = await Ward.open(world, await world.add_institution())
        for at in (ward, other):
            await world.add_agreement(institution_id=at.at)
        person_id = await world.add_patient()
        bed_id = await ward.stay(person_id)
        await ward.bill(bed_id, "2026-03-01", "2026-03-06")
        assert (await ward.reverse(bed_id, "2026-03-03", "2026-03-06")).status_code == 201
        assert (await ward.close(bed_id, "2026-03-03")).status_code == 200
        await relate(world, person_id, other.at)
        async with other.doctor, other.finance:
            elsewhere = await other.stay(person_id, "2026-03-03")
            # what was taken back is billed again, by whoever has the day now
            bill = await other.bill(elsewhere, "2026-02-25", "2026-03-08")
            assert days(bill) == [f"2026-03-{day:02d}" for day in range(3, 8)]
            seqs = await sums(
                world, "select service_on, seq, follows_seq from bed_days where region_id = :region order by 1, 2"
            )
            assert [row[1:] for row in seqs if row[0] == date(2026, 3, 4)] == [(1, None), (2, 1)]
            # the first institution is not told of bills that are not its own
            assert (await ward.finance.get(f"/bed-settlements/{bill['id']}")).status_code == 404

    async def test_from_not_before_to_has_nothing_to_bill(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        bed_id = await ward.stay(await ward.world.add_patient())
        for until in ("2026-03-05", "2026-03-04"):
            assert (await ward.settle(bed_id, "2026-03-05", until)).json()["code"] == "nothing-to-bill"


class TestTheYear:
    async def test_a_stay_over_the_new_year_has_a_line_and_a_cap_for_each(self, ward: Ward) -> None:
        await ward.world.add_agreement(rate="100", ratio="0.5", cap_fen=12_000)
        person_id = await ward.world.add_patient()
        await ward.insure(person_id)
        bed_id = await ward.stay(person_id, "2025-12-28")
        bill = await ward.bill(bed_id, "2025-12-28", "2026-01-03")
        lines = [(line["year"], line["days"], line["gross_fen"], line["patient_fen"]) for line in bill["lines"]]
        assert lines == [(2025, 4, 40000, 28000), (2026, 2, 20000, 10000)]
        assert await used(ward.world, person_id) == {"2025": 12000, "2026": 10000}
        # of the cap of 2026 20 yuan are left
        assert parts(await ward.bill(bed_id, "2026-01-03", "2026-01-05")) == (20000, 2000, 0, 18000)
        assert parts(await ward.bill(bed_id, "2026-01-05", "2026-01-06")) == (10000, 0, 0, 10000)
        assert await used(ward.world, person_id) == {"2025": 12000, "2026": 12000}


class TestWhoIsInsured:
    async def test_the_fund_pays_on_covered_days_at_a_designated_institution(self, ward: Ward) -> None:
        await ward.world.add_agreement(rate="100", ratio="0.9")
        person_id = await ward.world.add_patient()
        await ward.insure(person_id, (date(2026, 3, 3), date(2026, 3, 8)), designated=False)
        await ward.designate("EMPLOYEE", date(2026, 3, 5), date(2026, 3, 31))
        bill = await ward.bill(await ward.stay(person_id))
        assert [day["on"] for day in bill["bed_days"] if day["fund_fen"]] == [f"2026-03-0{day}" for day in range(5, 9)]
        assert parts(bill) == (100000, 36000, 0, 64000)

    async def test_nowhere_designated_the_patient_pays(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        person_id = await ward.world.add_patient()
        await ward.insure(person_id, designated=False)
        bill = await ward.bill(await ward.stay(person_id))
        assert parts(bill) == (80000, 0, 0, 80000)
        assert bill["lines"][0]["fundings"][0]["reason"] == "床日费没有可用的经费来源，您自付800.00元"

    async def test_an_agreement_with_one_insurance_pays_nothing_of_another(self, ward: Ward) -> None:
        await ward.world.add_agreement(plan_code="EMPLOYEE", ratio="0.95")
        await ward.world.add_agreement(plan_code="RESIDENT", ratio="0.80")
        person_id = await ward.world.add_patient()
        await ward.insure(person_id, (date(2020, 1, 1), date(2026, 3, 5)), plan="EMPLOYEE")
        await ward.insure(person_id, (date(2026, 3, 6), None), plan="RESIDENT")
        bill = await ward.bill(await ward.stay(person_id))
        assert parts(bill) == (80000, 5 * 7600, 0, 80000 - 5 * 7600)
        other = await ward.world.add_patient()
        await ward.insure(other, plan="RESIDENT", designated=False)
        assert parts(await ward.bill(await ward.stay(other)))[1] == 64000

    async def test_an_interruption_is_billed_in_parts(self, ward: Ward) -> None:
        await ward.world.add_agreement(rate="100", ratio="0.9")
        person_id = await ward.world.add_patient()
        await ward.insure(person_id, (date(2026, 3, 1), date(2026, 3, 3)), (date(2026, 3, 6), None))
        bed_id = await ward.stay(person_id)
        refused = await ward.settle(bed_id)
        assert (refused.json()["code"], refused.json()["until"]) == ("insurance-interrupted", "2026-03-06")
        assert parts(await ward.bill(bed_id, "2026-03-01", "2026-03-06")) == (50000, 27000, 0, 23000)
        assert parts(await ward.bill(bed_id, "2026-03-06", "2026-03-11")) == (50000, 45000, 0, 5000)


class TestRefusals:
    async def test_a_bed_paid_per_item_has_no_bed_days(self, ward: Ward) -> None:
        bed_id = await ward.stay(await ward.world.add_patient(), payment="per_item")
        for answer in (await ward.settle(bed_id), await ward.reverse(bed_id)):
            assert (answer.status_code, answer.json()["code"]) == (409, "bed-not-per-diem")

    async def test_an_unknown_bed_and_another_institutions_are_404(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        bed_id = await ward.stay(await ward.world.add_patient())
        other = await ward.world.add_institution()
        async with await ward.world.as_role(Role.finance, other) as stranger:
            for path, body in (("settlements", {}), ("reversals", {"reason": "更正"})):
                asked = {"from": "2026-03-01", "to": "2026-03-11"} | body
                assert (await stranger.post(f"/beds/{bed_id}/{path}", json=asked)).status_code == 404
            assert (await stranger.get(f"/beds/{bed_id}/bed-settlements")).status_code == 404
        assert (await ward.settle(str(new_id()))).status_code == 404

    async def test_more_than_a_year_and_malformed_days_are_422(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        bed_id = await ward.stay(await ward.world.add_patient())
        assert (await ward.settle(bed_id, "2025-03-01", "2026-03-03")).json()["code"] == "bed-period-too-long"
        assert (await ward.settle(bed_id, "2025-03-01", "2026-03-02")).status_code == 201
        for body in (
            {"from": "2026-03-01"},
            {"from": 1, "to": "2026-03-02"},
            {"from": "2026-03-01", "to": "9999-01-01"},
        ):
            assert (await ward.finance.post(f"/beds/{bed_id}/bed-settlements", json=body)).status_code == 422

    async def test_the_doctor_does_not_bill(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        bed_id = await ward.stay(await ward.world.add_patient())
        answer = await ward.doctor.post(
            f"/beds/{bed_id}/bed-settlements", json={"from": "2026-03-01", "to": "2026-03-11"}
        )
        assert answer.status_code == 403

    async def test_the_same_key_bills_once(self, ward: Ward) -> None:
        await ward.world.add_agreement()
        bed_id = await ward.stay(await ward.world.add_patient())
        key, body = {"Idempotency-Key": "days-1"}, {"from": "2026-03-01", "to": "2026-03-11"}
        first, again = [
            await ward.finance.post(f"/beds/{bed_id}/bed-settlements", json=body, headers=key) for _ in range(2)
        ]
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json() == first.json()


class TestReading:
    async def test_lists_the_bills_of_a_bed_to_its_institution_and_to_those_who_pay(self, ward: Ward) -> None:
        world = ward.world
        await world.add_agreement()
        person_id = await world.add_patient()
        bed_id = await ward.stay(person_id)
        made = [await ward.bill(bed_id, first, until) for first, until in (
            ("2026-03-01", "2026-03-03"), ("2026-03-03", "2026-03-05"),
        )]  # fmt: skip
        await ward.reverse(bed_id, "2026-03-02", "2026-03-03")
        page = (await ward.finance.get(f"/beds/{bed_id}/bed-settlements", params={"limit": 1})).json()
        shown = [(each["id"], each["days"], each["reversed_days"]) for each in page["items"]]
        assert shown == [(made[0]["id"], 2, 1)]
        rest = await ward.finance.get(f"/beds/{bed_id}/bed-settlements", params={"cursor": page["next_cursor"]})
        assert [each["id"] for each in rest.json()["items"]] == [made[1]["id"]]
        for rights, status in ((["view"], 200), (["pay"], 200), (["book"], 404)):
            account_id = await world.add_account(Role.family_proxy)
            await world.add_relation(person_id, account_id, kind="proxy", rights=rights)
            async with world.client(world.principal(Role.family_proxy, account_id)) as proxy:
                assert (await proxy.get(f"/beds/{bed_id}/bed-settlements")).status_code == status
                assert (await proxy.get(f"/bed-settlements/{made[0]['id']}")).status_code == status
                assert (await proxy.get(f"/bed-settlements/{made[0]['id']}/case")).status_code == 404


async def relate(world: World, person_id: object, at: object) -> None:
    """Let another institution care for a person as well."""
    async with world.owner.begin() as connection:
        await connection.execute(
            text(
                "insert into care_relations (region_id, id, person_id, kind, institution_id, rights, during, because)"
                " values (:region, :id, :person, 'institution', :at, '{}', '[2026-01-01,)', 'test')"
            ),
            {"region": world.region_id, "id": new_id(), "person": person_id, "at": at},
        )
