"""Settling visits from the database: who pays, on the facts of the service date."""

from tests.billing.day import Day, line_of, parts


class TestServices:
    async def test_a_visit_without_payers_is_paid_by_the_patient(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        bill = await day.bill(await day.visit(await day.world.add_patient(), ("BP", 2)))
        assert (bill["services_fen"], bill["visit_fee_fen"], bill["gross_fen"]) == (2000, 7800, 9800)
        assert parts(bill, "BP") == [("self_pay", None, 2000)]
        assert line_of(bill, "BP")["price_from"] == "2026-01-01"
