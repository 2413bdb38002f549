"""What is taken off the bills of a region (减免): whose, of what, and how the bill says so."""

from datetime import date
from uuid import UUID

from service.accounts.rules import Role
from tests.billing.day import Day, line_of, parts

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


async def journal(day: Day, bill: dict[str, object]) -> dict[str, int]:
    """Return what was debited for a bill, by account."""
    async with day.world.owner.connect() as connection:
        found = await connection.exec_driver_sql(
            "select l.account, sum(l.debit_fen)::bigint from journal_entries e join journal_lines l"
            " on l.region_id = e.region_id and l.entry_id = e.id"
            " where e.source_id = $1 and l.debit_fen <> 0 group by 1",
            (UUID(str(bill["id"])),),
        )
        return {row.account: row[1] for row in found}


class TestTheBill:
    async def test_it_shows_gross_reduction_and_net_and_adds_up(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        rule = await day.reduce("0.3", title="低收入老人减免", key_groups=["low_income"])
        person_id = await day.world.add_patient()
        await day.join(person_id, "low_income", "chronic")
        bill = await day.bill(await day.visit(person_id, ("BP", 2)))
        assert (bill["gross_fen"], bill["reduction_fen"], bill["patient_fen"]) == (9800, 600, 9200)
        assert parts(bill, "BP") == [("reduction", None, 600), ("self_pay", None, 1400)]
        first, second = line_of(bill, "BP")["fundings"]
        assert (first["ref_id"], first["reason"]) == (str(rule), "BP：低收入老人减免，减免6.00元")
        assert second["reason"] == "BP没有可用的经费来源，您自付14.00元"
        assert [(each["label"], each["amount_fen"]) for each in bill["payers"]] == [("减免", 600), ("个人自付", 9200)]
        assert await journal(day, bill) == {"4101.90": 600, "1212.01": 9200}

    async def test_only_the_own_part_is_reduced(self, day: Day) -> None:
        await day.price("DRESSING", "100", insurance_class="A")
        await day.reduce("1")
        person_id = await day.world.add_patient()
        await day.insure(person_id)
        bill = await day.bill(await day.visit(person_id, ("DRESSING", 1)))
        assert parts(bill, "DRESSING") == [("medical_insurance", None, 8000), ("reduction", None, 2000)]
        assert bill["patient_fen"] == 0

    async def test_nobody_outside_its_audience_gets_it_nor_who_has_left_it(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.reduce("0.5", key_groups=["low_income"])
        never, left = [await day.world.add_patient() for _ in range(2)]
        await day.join(left, "low_income", valid_to=date(2026, 3, 1))
        bills = [await day.bill(await day.visit(each)) for each in (never, left)]
        assert [(bill["reduction_fen"], bill["patient_fen"]) for bill in bills] == [(0, 1000), (0, 1000)]

    async def test_the_regions_rule_holds_at_every_institution_and_an_institutions_at_its_own(self, day: Day) -> None:
        person_id = await day.world.add_patient()
        there = await day.elsewhere(person_id)
        await day.reduce("0.2", regional=True)
        await day.reduce("0.5")
        for at in (day, there):
            await at.price("BP", "10")
        near, far = [await at.bill(await at.visit(person_id)) for at in (day, there)]
        assert (near["reduction_fen"], far["reduction_fen"]) == (500, 200)

    async def test_a_cap_holds_for_the_bill_and_the_next_bill_has_it_anew(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.reduce("1", bill_cap_fen=1500)
        person_id = await day.world.add_patient()
        bills = [await day.bill(await day.visit(person_id, ("BP", 3))) for _ in range(2)]
        assert [bill["reduction_fen"] for bill in bills] == [1500, 1500]

    async def test_a_reversal_takes_it_back_in_the_books(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.reduce("0.5")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        assert (await day.reverse(bill)).status_code == 201
        told = (await day.http.get("/reports/settlement-totals", params=MARCH)).json()
        assert (told["gross_fen"], told["patient_fen"]) == (0, 0)

    async def test_the_sums_of_the_institution_name_it(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.reduce("0.5")
        await day.bill(await day.visit(await day.world.add_patient()))
        told = (await day.http.get("/reports/settlement-totals", params=MARCH)).json()
        assert {each["label"]: each["amount_fen"] for each in told["by_source"] if each["amount_fen"]} == {
            "减免": 500, "个人自付": 500,
        }  # fmt: skip
        assert (told["lines_fen"], told["paid_fen"]) == (1000, 1000)


async def test_a_quote_shows_the_same(day: Day) -> None:
    await day.price("BP", "10")
    await day.tariff()
    await day.list_services("BP")
    await day.reduce("0.5")
    await day.reduce("0.1", codes=["VISIT_FEE"])
    person_id = await day.world.add_patient(home_id=await day.world.add_home())
    desk = await day.world.as_role(Role.dispatcher)
    asked = await desk.post(
        "/quotes",
        json={
            "institution_id": str(day.world.institution_id),
            "person_id": str(person_id),
            "kind": "home_visit",
            "start_at": "2026-03-02T15:00:00+08:00",
            "items": [{"code": "BP", "quantity": 1}],
        },
    )
    told = asked.json()
    assert (told["gross_fen"], told["reduction_fen"], told["patient_fen"]) == (8800, 1280, 7520)
    assert parts(told, "VISIT_FEE") == [("reduction", None, 780), ("self_pay", None, 7020)]
