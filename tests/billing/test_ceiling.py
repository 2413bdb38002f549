"""The accepted quote is a ceiling: what rises above it is not collected without a consent, or waits for a human."""

from typing import Any
from uuid import UUID

import pytest

from service.accounts.rules import Role
from service.billing import ceiling, rules
from service.billing.ceiling import Ceiling, Rise
from service.core.ids import new_id
from tests.billing.day import Day, line_of, parts
from tests.billing.proof.proofs import prove
from tests.billing.test_quotes import accept, quote


class TestRiseOf:
    @pytest.mark.parametrize(
        ("billed", "as_quoted", "consented", "rise"),
        [
            (900, 900, None, Rise(0, 0)),
            (1000, 1000, None, Rise(0, 0)),
            (1500, 1500, None, Rise(0, 500)),
            (1500, 1000, None, Rise(500, 0)),
            (1500, 800, None, Rise(500, 0)),
            (1800, 1300, None, Rise(500, 300)),
            (1500, 1700, None, Rise(0, 500)),
            (1800, 1300, 1200, Rise(500, 100)),
            (1800, 1300, 1800, Rise(0, 0)),
            (1500, 1500, 300, Rise(0, 500)),
        ],
    )
    def test_is_split_between_balances_of_money_and_anything_else(
        self, billed: int, as_quoted: int, consented: int | None, rise: Rise
    ) -> None:
        agreed = Ceiling({"BP": 600, "VISIT_FEE": 400}, consented)
        assert ceiling.rise_of(agreed, billed_fen=billed, with_quoted_money_fen=as_quoted) == rise


class TestPartsOf:
    def test_what_was_quoted_stays_and_what_rose_is_taken_line_by_line(self) -> None:
        agreed = Ceiling({"BP": 600, "VISIT_FEE": 400})
        own = [("BP", 700), ("WOUND", 2000), ("VISIT_FEE", 400)]
        assert ceiling.parts_of(own, agreed, 2100) == [100, 2000, 0]
        assert ceiling.parts_of(own, agreed, 150) == [100, 50, 0]

    def test_no_more_is_taken_than_the_lines_rose_by(self) -> None:
        with pytest.raises(ValueError, match="50 fen"):
            ceiling.parts_of([("BP", 700)], Ceiling({"BP": 600}), 150)


class TestQuotedMoney:
    def test_only_balances_of_money_are_put_back(self) -> None:
        def of(balance: rules.Balance, period: str | None = None) -> rules.Entitlement:
            return rules.Entitlement(balance, "P", period=period)

        used = {of(rules.Balance.fund_fen, "2026"): 900, of(rules.Balance.contract_units): 3}
        case = {"patients": [{"id": "P", "insurance": {"fund_used": {"2026": "1.00"}, "deductible_used": {}}}]}
        told = {of(rules.Balance.fund_fen, "2026"): 100, of(rules.Balance.contract_units): 3}
        assert ceiling.with_quoted_money(used, {"proof": {"case": case}}, "P") == told
        assert ceiling.with_quoted_money(used, {"case": case}, "P") == told


async def ordered(day: Day, *items: tuple[str, int], **more: Any) -> tuple[UUID, UUID, UUID]:
    """Return a person, his home and his order for which a quote was accepted."""
    home_id = await day.world.add_home()
    person_id = await day.world.add_patient(home_id=home_id)
    return person_id, home_id, await _order(day, person_id, home_id, *items, **more)


async def _order(day: Day, person_id: UUID, home_id: UUID, *items: tuple[str, int], **more: Any) -> UUID:
    quoted = await quote(day, person_id, home_id, *items, **more)
    order_id = await day.order(person_id, list(items), home_id=home_id, metres=quoted.distance_metres)
    await accept(day, quoted.quote_id, order_id)
    return order_id


class TestWhatRises:
    async def test_what_was_added_at_the_door_is_the_institution_s_to_bear(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.price("WOUND", "20")
        person_id, home_id, order_id = await ordered(day, ("BP", 1))
        bill = await day.bill(await day.visit(person_id, ("BP", 1), ("WOUND", 1), home_id=home_id, order_id=order_id))
        assert (bill["gross_fen"], bill["patient_fen"]) == (3000, 1000)
        assert parts(bill, "BP") == [("self_pay", None, 1000)]
        assert parts(bill, "WOUND") == [("institution", None, 2000)]
        assert "未经同意" in line_of(bill, "WOUND")["fundings"][0]["reason"]
        assert line_of(bill, "WOUND")["sentence"] == "WOUND：医疗机构承担20.00元，免费"
        await prove(day.http, bill)

    async def test_a_consent_lets_it_be_collected_as_far_as_it_goes(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.price("WOUND", "20")
        person_id, home_id, order_id = await ordered(day, ("BP", 1))
        visit_id = await day.visit(person_id, ("BP", 1), ("WOUND", 1), home_id=home_id, order_id=order_id)
        account_id = await day.world.add_account(Role.elder)
        await day.world.add_relation(person_id, account_id)
        elder = day.world.client(day.world.principal(Role.elder, account_id))
        for amount in ("99.00", "25.00"):  # the last one counts
            told = await elder.post(f"/visits/{visit_id}/consents", json={"amount": amount})
            assert (told.status_code, told.json()["given_by"]) == (201, "elder"), told.text
        bill = await day.bill(visit_id)
        assert parts(bill, "WOUND") == [("institution", None, 500), ("self_pay", None, 1500)]
        assert bill["patient_fen"] == 2500
        await prove(day.http, bill)

    async def test_a_consent_below_the_quote_does_not_undo_it(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id, home_id, order_id = await ordered(day, ("BP", 1))
        visit_id = await day.visit(person_id, ("BP", 2), home_id=home_id, order_id=order_id)
        account_id = await day.world.add_account(Role.family_proxy)
        await day.world.add_relation(person_id, account_id, kind="proxy")
        proxy = day.world.client(day.world.principal(Role.family_proxy, account_id))
        assert (await proxy.post(f"/visits/{visit_id}/consents", json={"amount": "1.00"})).status_code == 201
        assert (await day.bill(visit_id))["patient_fen"] == 1000

    async def test_a_housemate_who_cancels_makes_nobody_pay_more_than_the_whole_fee(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff(("5", "78.00"))
        person_id, home_id, order_id = await ordered(day, ("BP", 1))
        bill = await day.bill(await day.visit(person_id, ("BP", 1), home_id=home_id, order_id=order_id))
        assert (bill["patient_fen"], parts(bill, "VISIT_FEE")) == (8800, [("self_pay", None, 7800)])

    async def test_more_staff_than_were_quoted_are_not_collected(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff(("5", "30.00"), unit="visit_staff")
        person_id, home_id, order_id = await ordered(day, ("BP", 1))
        crew = [day.nurse, await day.world.add_practitioner()]
        bill = await day.bill(await day.visit(person_id, ("BP", 1), home_id=home_id, order_id=order_id, crew=crew))
        assert parts(bill, "VISIT_FEE") == [("institution", None, 3000), ("self_pay", None, 3000)]

    async def test_without_an_accepted_quote_there_is_no_ceiling(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        assert (await day.bill(await day.visit(person_id, ("BP", 5))))["patient_fen"] == 5000


class TestMoneyUsedMeanwhile:
    async def _parked(self, day: Day) -> tuple[UUID, dict[str, Any]]:
        """Return a visit whose insurance was used up by another bill since its quote, and what is told of it."""
        await day.price("BP", "10", insurance_class="A")
        home_id = await day.world.add_home()
        person_id = await day.world.add_patient(home_id=home_id)
        await day.insure(person_id, yearly_cap_fen=800)
        order_id = await _order(day, person_id, home_id, ("BP", 1))
        assert (await day.bill(await day.visit(person_id, ("BP", 1))))["patient_fen"] == 200
        visit_id = await day.visit(person_id, ("BP", 1), home_id=home_id, order_id=order_id)
        await day.work(visit_id, visit_id)
        return visit_id, await day.status(visit_id)

    async def test_parks_the_bill_once_and_charges_nothing(self, day: Day) -> None:
        visit_id, told = await self._parked(day)
        assert (told["status"], told["settlement"]) == ("parked", None)
        assert (told["parked"]["gross_fen"], told["parked"]["patient_fen"]) == (1000, 1000)
        (reason,) = told["parked"]["reasons"]
        assert (reason["why"], reason["facts"]) == ("balance_used", {"agreed": "2.00", "rise": "8.00"})
        again = await day.settle(visit_id)
        assert (again.status_code, again.json()["code"]) == (409, "settlement-parked")

    @pytest.mark.parametrize(
        ("collect_rise", "fundings"),
        [
            (True, [("self_pay", None, 1000)]),
            (False, [("institution", None, 800), ("self_pay", None, 200)]),
        ],
    )
    async def test_a_human_decides_whether_the_rise_is_collected(
        self, day: Day, collect_rise: bool, fundings: list[tuple[str, None, int]]
    ) -> None:
        visit_id, told = await self._parked(day)
        body = {"reason": "已与家属电话核实", "collect_rise": collect_rise}
        released = await day.http.post(f"/parked-settlements/{told['parked']['id']}/release", json=body)
        assert (released.status_code, released.json()["state"]) == (200, "released"), released.text
        bill = (await day.status(visit_id))["settlement"]
        assert (bill["id"], parts(bill, "BP")) == (released.json()["settlement_id"], fundings)
        await prove(day.http, bill)


class TestWhoAgrees:
    async def test_a_stranger_and_a_proxy_without_the_right_to_pay_do_not(self, day: Day) -> None:
        person_id = await day.world.add_patient()
        visit_id = await day.visit(person_id)
        for rights, status in ((["view", "book"], 403), (None, 404)):
            account_id = await day.world.add_account(Role.family_proxy)
            if rights:
                await day.world.add_relation(person_id, account_id, kind="proxy", rights=rights)
            proxy = day.world.client(day.world.principal(Role.family_proxy, account_id))
            told = await proxy.post(f"/visits/{visit_id}/consents", json={"amount": "1.00"})
            assert told.status_code == status, told.text

    async def test_the_quote_agreed_to_must_be_the_person_s(self, day: Day) -> None:
        await day.price("BP", "10")
        home_id = await day.world.add_home()
        other = await quote(day, await day.world.add_patient(home_id=home_id), home_id)
        person_id = await day.world.add_patient()
        visit_id = await day.visit(person_id)
        account_id = await day.world.add_account(Role.elder)
        await day.world.add_relation(person_id, account_id)
        elder = day.world.client(day.world.principal(Role.elder, account_id))
        for quote_id in (other.quote_id, new_id()):
            body = {"amount": "1.00", "quote_id": str(quote_id)}
            assert (await elder.post(f"/visits/{visit_id}/consents", json=body)).status_code == 404

    @pytest.mark.parametrize("amount", ["-1.00", "1.001", 1.5, 1, "1e3", ""])
    async def test_an_amount_is_written_in_yuan(self, day: Day, amount: object) -> None:
        visit_id = await day.visit(await day.world.add_patient())
        nurse = await day.world.as_role(Role.nurse)
        told = await nurse.post(f"/visits/{visit_id}/consents", json={"amount": amount})
        assert (told.status_code, told.json()["code"]) == (422, "malformed")

    async def test_nobody_agrees_to_a_visit_without_a_service(self, day: Day) -> None:
        person_id = await day.world.add_patient()
        visit_id = await day.visit(person_id, state="missed")
        account_id = await day.world.add_account(Role.elder)
        await day.world.add_relation(person_id, account_id)
        elder = day.world.client(day.world.principal(Role.elder, account_id))
        told = await elder.post(f"/visits/{visit_id}/consents", json={"amount": "1.00"})
        assert (told.status_code, told.json()["code"]) == (409, "nobody-agreed")
