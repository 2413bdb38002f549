"""The ceiling in the proof of a bill above its quote: what it kept, and what older bills kept of it."""

from uuid import UUID

import pytest

from service.accounts.rules import Role
from tests.billing.day import Day
from tests.billing.proof.proofs import prove
from tests.billing.test_ceiling import ordered


class TestTheProof:
    @pytest.mark.parametrize("amounts", [[], ["99.00", "25.00"], ["99.00"]])
    async def test_one_that_kept_the_amounts_alone_is_completed(self, day: Day, amounts: list[str]) -> None:
        await day.price("BP", "10")
        await day.price("WOUND", "20")
        person_id, home_id, order_id = await ordered(day, ("BP", 1))
        visit_id = await day.visit(person_id, ("BP", 1), ("WOUND", 1), home_id=home_id, order_id=order_id)
        account_id = await day.world.add_account(Role.elder)
        await day.world.add_relation(person_id, account_id)
        elder = day.world.client(day.world.principal(Role.elder, account_id))
        for amount in amounts:
            assert (await elder.post(f"/visits/{visit_id}/consents", json={"amount": amount})).status_code == 201
        bill = await day.bill(visit_id)
        told = await prove(day.http, bill)
        assert [each["amount_fen"] for each in told["ceiling"]["consents"]] == [
            int(each.replace(".", "")) for each in amounts
        ]
        assert told["ceiling"]["uncollected_fen"] == 3000 - bill["patient_fen"]
        older = (
            "update settlements set facts = jsonb_set(facts, '{ceiling}', jsonb_build_object('quoted',"
            " facts #> '{ceiling,quoted}', 'consented_fen', null, 'uncollected_fen',"
            " facts #> '{ceiling,uncollected_fen}')) where id = $1"
        )
        async with day.world.owner.begin() as connection:
            await connection.exec_driver_sql(older, (UUID(bill["id"]),))
        assert await prove(day.http, bill) == told

    async def test_a_bill_within_its_quote_needs_none(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id, home_id, order_id = await ordered(day, ("BP", 1))
        told = await prove(
            day.http, await day.bill(await day.visit(person_id, ("BP", 1), home_id=home_id, order_id=order_id))
        )
        assert told["ceiling"] is None
