"""Statements over HTTP: they equal the bills, stay within their institution, and come as JSON, CSV and XLSX."""

import csv
import io
import random
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from httpx import AsyncClient, Response

from service.accounts.rules import Role
from service.billing.ledger import claims_list, statements
from tests.billing.day import Day
from tests.billing.test_payers import assess, ltci

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def ask(day: Day, kind: str, client: AsyncClient | None = None, **more: Any) -> Response:
    headers = more.pop("headers", {})
    where = f"/institutions/{more.pop('institution_id', day.world.institution_id)}/statements/{kind}"
    return await (client or day.http).get(where, params={**MARCH, **more}, headers=headers)


async def read(day: Day, kind: str, **more: Any) -> dict[str, Any]:
    answer = await ask(day, kind, **more)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def fen(yuan: str) -> int:
    return int(Decimal(yuan) * 100)


async def some_bills(day: Day, dice: random.Random, count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Settle visits of random people, payers, prices and classes; return the bills, and those taken back again."""
    codes = [f"C{at}" for at in range(6)]
    for code in codes:
        await day.price(
            code,
            f"{dice.randint(0, 300)}.{dice.randint(0, 99):02d}",
            income_class=dice.choice(["unified", "memorandum"]),
            category=dice.choice(["service", "drug", "consumable"]),
            insurance_class=dice.choice(["A", "B", "C"]),
            self_ratio=Decimal("0.15"),
        )
    await day.tariff(("5", "78.00"), income_class=dice.choice(["unified", "memorandum"]))
    bills, back = [], []
    for _ in range(count):
        person_id = await day.world.add_patient()
        if dice.random() < 0.5:
            await day.insure(person_id, deductible_fen=dice.choice([0, 5000]), pay_ratio="0.7")
        if dice.random() < 0.5:
            granted = dict.fromkeys(dice.sample(codes, 3), 2)
            await day.contract(person_id, granted, income_class=dice.choice(["unified", "memorandum"]))
        if dice.random() < 0.3:
            await day.programme(person_id, {dice.choice(codes): 1})
        items = [(code, dice.randint(1, 4)) for code in dice.sample(codes, dice.randint(1, 4))]
        bills.append(await day.bill(await day.visit(person_id, *items)))
        if dice.random() < 0.3:
            assert (await day.reverse(bills[-1])).status_code == 201
            back.append(bills[-1])
    return bills, back


def paid(bills: list[dict[str, Any]]) -> Counter[str]:
    found = Counter[str]()
    for bill in bills:
        for line in bill["lines"]:
            for part in line["fundings"]:
                found[part["source"]] += part["amount_fen"]
    return found


class TestEqualTheBills:
    @pytest.mark.requirement("R055")
    @pytest.mark.requirement("R056")
    @pytest.mark.parametrize("seed", [1, 2])
    async def test_every_report_comes_to_what_the_bills_come_to(self, day: Day, seed: int) -> None:
        bills, back = await some_bills(day, random.Random(seed), 14)
        assert back
        gross = sum(bill["gross_fen"] for bill in bills) - sum(bill["gross_fen"] for bill in back)
        due = paid(bills)
        due.subtract(paid(back))

        classes = await read(day, "income-classes")
        assert classes["totals"] == {"amount_fen": gross, "bills_fen": gross, "difference_fen": 0}
        assert all(row["difference_fen"] == 0 for row in classes["rows"])
        assert {row["income_class"] for row in classes["rows"]} == {"统一管理", "单列备查"}

        for kind in ("daily", "monthly"):
            totals = (await read(day, kind))["totals"]
            assert totals["gross_fen"] == gross
            sources = {name: totals[f"{name}_fen"] for name in due}
            assert sources == dict(due)
            assert sum(value for name, value in totals.items() if name.endswith("_fen")) == 2 * gross

        balance = await read(day, "trial-balance")
        assert balance["totals"]["debit_fen"] == balance["totals"]["credit_fen"] == gross
        for book in {row["book"] for row in balance["rows"]}:
            of_book = [row for row in balance["rows"] if row["book"] == book]
            assert sum(row["debit_fen"] - row["credit_fen"] for row in of_book) == 0
        assert (await read(day, "invoices"))["totals"]["gross_fen"] == gross

        claims = (await read(day, "insurance-claims"))["rows"]
        whole = [{name: fen(value) if _is_money(name) else value for name, value in row.items()} for row in claims]
        assert whole
        assert all(claims_list.adds_up(claim) for claim in whole)
        assert sum(claim["hifp_pay"] for claim in whole) == due["medical_insurance"]
        assert sum(row["amount_fen"] for row in (await read(day, "programmes"))["rows"]) == due["public_program"]
        visits = (await read(day, "fulfilment-visits"))["totals"]
        assert visits["amount_fen"] == due["contract"] == (await read(day, "fulfilment"))["totals"]["amount_fen"]

    async def test_a_reversal_counts_on_its_own_day(self, day: Day) -> None:
        await day.price("BP", "10")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        day.world.clock.shows = datetime.fromisoformat("2026-04-01T09:00:00+08:00")
        assert (await day.reverse(bill)).status_code == 201
        assert (await read(day, "monthly"))["totals"]["gross_fen"] == 1000
        april: dict[str, Any] = {"from": "2026-04-01", "to": "2026-04-30"}
        assert (await read(day, "monthly", **april))["totals"] | {"bills": 0} == {
            **(await read(day, "monthly", **april))["totals"],
            "bills": 0,
            "reversals": 1,
            "gross_fen": -1000,
            "self_pay_fen": -1000,
        }
        both = await read(day, "monthly", to="2026-04-30")
        assert [(row["month"], row["gross_fen"]) for row in both["rows"]] == [("2026-03", 1000), ("2026-04", -1000)]
        year = await read(day, "trial-balance", **april)
        assert (year["totals"]["debit_fen"], year["totals"]["year_debit_fen"]) == (-1000, 0)

    async def test_days_are_local_days(self, day: Day) -> None:
        await day.price("BP", "10")
        visit_id = await day.visit(await day.world.add_patient())
        day.world.clock.shows = datetime.fromisoformat("2026-03-31T23:30:00+08:00")
        await day.bill(visit_id)
        late = await day.visit(await day.world.add_patient())
        day.world.clock.shows = datetime.fromisoformat("2026-04-01T00:30:00+08:00")
        await day.bill(late)
        for kind in ("daily", "income-classes"):
            told = await read(day, kind)
            assert told["totals"].get("gross_fen", told["totals"].get("bills_fen")) == 1000
        assert [row["day"] for row in (await read(day, "daily", to="2026-04-02"))["rows"]] == [
            "2026-03-31",
            "2026-04-01",
        ]


def _is_money(name: str) -> bool:
    return name.endswith(("_amt", "_pay", "_selfpay", "_sumamt", "_dedc")) and name != "pool_prop_selfpay"


class TestPayers:
    async def test_a_claim_names_class_deductible_and_what_the_patient_pays(self, day: Day) -> None:
        await day.price("A", "100", insurance_class="A")
        await day.price("B", "50", insurance_class="B", self_ratio=Decimal("0.1"))
        await day.price("C", "30", insurance_class="C")
        person_id = await day.world.add_patient()
        await day.insure(person_id, deductible_fen=2000, pay_ratio="0.8")
        await day.contract(person_id, {"A": 1})
        bill = await day.bill(await day.visit(person_id, ("A", 2), ("B", 1), ("C", 1)))
        [claim] = (await read(day, "insurance-claims"))["rows"]
        assert (claim["psn_no"], claim["setl_id"] != "", claim["mdtrt_id"]) == (str(person_id), True, bill["visit_id"])
        # of A the contract pays one of two; B: 5.00 first; the deductible takes 20.00 of A
        assert {name: claim[name] for name in ("medfee_sumamt", "fulamt_ownpay_amt", "preselfpay_amt")} == {
            "medfee_sumamt": "180.00",
            "fulamt_ownpay_amt": "30.00",
            "preselfpay_amt": "5.00",
        }
        assert (claim["inscp_scp_amt"], claim["act_pay_dedc"]) == ("145.00", "20.00")
        assert (claim["hifp_pay"], claim["fund_pay_sumamt"]) == ("100.00", "100.00")
        assert (claim["psn_part_amt"], claim["psn_cash_pay"], claim["hosp_part_amt"]) == ("80.00", "80.00", "0.00")
        assert Decimal(claim["pool_prop_selfpay"]) == Decimal("0.8")
        assert claim["insutype"].startswith("PLAN")
        await day.reverse(bill)
        first, back = (await read(day, "insurance-claims"))["rows"]
        assert (back["medfee_sumamt"], back["hifp_pay"]) == ("-180.00", "-100.00")
        assert back["reverses_setl_id"] == first["setl_id"] == bill["id"]

    async def test_long_term_care_is_claimed_apart(self, day: Day) -> None:
        await day.price("BATH", "60", income_class="memorandum")
        await day.price("BP", "10", insurance_class="A")
        person_id = await day.world.add_patient()
        await day.insure(person_id)
        await ltci(day, {"3": 155000}, "BATH", ratio="0.9")
        await assess(day, person_id, 3)
        await day.bill(await day.visit(person_id, ("BATH", 1), ("BP", 1)))
        [care] = (await read(day, "ltci-claims"))["rows"]
        assert (care["medfee_sumamt"], care["fund_pay_sumamt"], care["psn_cash_pay"]) == ("60.00", "54.00", "6.00")
        assert (care["ltci_pay"], care["hifp_pay"], care["ltci_prop"], care["pool_prop_selfpay"]) == (
            "54.00", "0.00", "0.9000", "",
        )  # fmt: skip
        assert (care["insutype"], care["med_type"], care["psn_type"]) == ("410", "", "")
        [insured] = (await read(day, "insurance-claims"))["rows"]
        assert (insured["medfee_sumamt"], insured["ltci_pay"], insured["med_type"]) == ("10.00", "0.00", "11")
        assert insured["insutype"].startswith("PLAN")

    async def test_fulfilment_tells_what_was_granted_used_and_left_and_each_visit(self, day: Day) -> None:
        await day.price("BP", "5")
        person_id = await day.world.add_patient()
        contract_id = await day.contract(person_id, {"BP": 8, "GLU": 1})
        other = await day.contract(await day.world.add_patient(), {"BP": 8})
        bill = await day.bill(await day.visit(person_id, ("BP", 2)))
        taken_back = await day.bill(await day.visit(person_id, ("BP", 1)))
        await day.reverse(taken_back)
        told = await read(day, "fulfilment", contract_id=str(contract_id))
        kept = ("code", "granted", "used", "remaining", "visits", "units", "amount_fen")
        assert [tuple(row[name] for name in kept) for row in told["rows"]] == [
            ("BP", 8, 2, 6, 1, 2, 1000),
            ("GLU", 1, 0, 1, 0, 0, 0),
        ]
        assert {row["contract_id"] for row in (await read(day, "fulfilment"))["rows"]} == {
            str(contract_id),
            str(other),
        }
        visits = (await read(day, "fulfilment-visits", contract_id=str(contract_id)))["rows"]
        assert [(row["visit_id"], row["units"]) for row in visits] == [
            (bill["visit_id"], 2),
            (taken_back["visit_id"], 1),
            (taken_back["visit_id"], -1),
        ]

    async def test_programmes_are_told_by_payer(self, day: Day) -> None:
        await day.price("BP", "5")
        for _ in range(2):
            person_id = await day.world.add_patient()
            await day.programme(person_id, {"BP": 1}, name="基本公卫")
            await day.bill(await day.visit(person_id, ("BP", 2)))
        told = await read(day, "programmes")
        assert [(row["payer"], row["programme_name"], row["code"], row["units"]) for row in told["rows"]] == [
            ("财政", "基本公卫", "BP", 1)
        ] * 2
        assert told["totals"] == {"units": 2, "amount_fen": 1000}

    async def test_capitation_counts_heads_also_those_who_were_not_served(self, day: Day) -> None:
        await day.price("BP", "5")
        person_id = await day.world.add_patient()
        await day.contract(person_id, capitated_codes=["BP"])
        await day.contract(await day.world.add_patient(), capitated_codes=["BP"])
        await day.contract(await day.world.add_patient(), {"BP": 1})
        await day.bill(await day.visit(person_id, ("BP", 3)))
        rows = (await read(day, "capitation"))["rows"]
        assert sorted((row["heads"], row["code"], row["persons"], row["units"], row["amount_fen"]) for row in rows) == [
            (1, "", 0, 0, 0),
            (1, "BP", 1, 3, 1500),
        ]

    async def test_services_that_the_daily_rate_includes_stand_by_their_bed(self, day: Day) -> None:
        await day.price("BP", "5")
        person_id = await day.world.add_patient()
        await day.bed(person_id, "per_diem")
        await day.bill(await day.visit(person_id, ("BP", 2)))
        [row] = (await read(day, "per-diem"))["rows"]
        assert (row["person_id"], row["included_fen"], row["days"]) == (str(person_id), 1000, 0)


class TestInvoices:
    async def test_each_bill_has_one_and_a_red_letter_names_it(self, day: Day) -> None:
        await day.price("BP", "10")
        first = await day.bill(await day.visit(await day.world.add_patient()))
        await day.bill(await day.visit(await day.world.add_patient()))
        await day.reverse(first)
        rows = (await read(day, "invoices"))["rows"]
        assert [(row["invoice_no"], row["reverses_no"], row["gross_fen"]) for row in rows] == [
            ("202600000001", "", 1000),
            ("202600000002", "", 1000),
            ("202600000003", "202600000001", -1000),
        ]
        assert rows[0]["source_id"] == first["id"]


class TestFormats:
    async def test_csv_and_xlsx_say_the_same_as_json(self, day: Day) -> None:
        await day.price("BP", "10.01")
        await day.bill(await day.visit(await day.world.add_patient()))
        told = await read(day, "daily")
        as_csv = await ask(day, "daily", headers={"Accept": "text/csv"})
        assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
        assert "UTF-8''" in as_csv.headers["content-disposition"]
        lines = list(csv.reader(io.StringIO(as_csv.content.decode("utf-8-sig"))))
        assert as_csv.content.startswith(b"\xef\xbb\xbf")
        assert (lines[0][0], lines[1][0], lines[1][4]) == ("日期", "2026-03-02", "10.01")
        as_xlsx = await ask(day, "daily", format="xlsx")
        assert as_xlsx.headers["content-type"] == XLSX
        sheet = list(openpyxl.load_workbook(io.BytesIO(as_xlsx.content)).worksheets[0].iter_rows(values_only=True))
        assert [str(each) for each in sheet[2]] == lines[0]
        assert round(Decimal(str(sheet[3][4])), 2) == Decimal("10.01")
        assert told["rows"][0]["gross_fen"] == 1001

    async def test_another_format_is_not_to_be_had(self, day: Day) -> None:
        assert (await ask(day, "daily", format="pdf")).status_code == 422


class TestBounds:
    @pytest.mark.parametrize(
        ("kind", "last", "status"),
        [
            ("daily", "2027-03-01", 200),
            ("daily", "2027-03-02", 422),
            ("insurance-claims", "2026-03-31", 200),
            ("insurance-claims", "2026-04-01", 422),
            ("daily", "2026-02-28", 422),
            ("daily", "9999-12-31", 422),
        ],
    )
    async def test_a_period_has_an_end(self, day: Day, kind: str, last: str, status: int) -> None:
        answer = await ask(day, kind, to=last)
        assert answer.status_code == status
        if status == 422:
            assert answer.json()["code"] == "statement-period"

    @pytest.mark.parametrize("at", ["0001-01-01", "1999-12-31", "2100-01-01", "9999-12-31"])
    async def test_and_lies_within_the_calendar(self, day: Day, at: str) -> None:
        both: dict[str, Any] = {"from": at, "to": at}
        answer = await ask(day, "income-classes", **both)
        assert (answer.status_code, answer.json()["code"]) == (422, "statement-period")

    async def test_more_rows_than_one_answer_holds_are_refused(self, day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
        await day.price("BP", "10")
        for _ in range(2):
            await day.bill(await day.visit(await day.world.add_patient()))
        monkeypatch.setattr(statements, "MOST_ROWS", 1)
        answer = await ask(day, "invoices")
        assert (answer.status_code, answer.json()["code"]) == (422, "statement-too-large")

    async def test_a_contract_is_named_for_fulfilment_only(self, day: Day) -> None:
        answer = await ask(day, "daily", contract_id=str(UUID(int=1)))
        assert (answer.status_code, answer.json()["code"]) == (422, "statement-filter")

    async def test_a_day_without_bills_has_an_empty_statement(self, day: Day) -> None:
        for kind in ("trial-balance", "daily", "monthly", "income-classes", "per-diem", "capitation"):
            told = await read(day, kind)
            assert told["rows"] == []
            assert set(told["totals"].values()) <= {0}


class TestWhoMayRead:
    async def test_finance_and_administration_of_the_institution_and_nobody_else(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.bill(await day.visit(await day.world.add_patient()))
        other = await day.world.add_institution()
        for role in Role:
            client = await day.world.as_role(role)
            expected = 200 if role in {Role.finance, Role.institution_admin} else 403
            assert (await ask(day, "daily", client)).status_code == expected, role
        stranger = await day.world.as_role(Role.finance, other)
        assert (await ask(day, "daily", stranger)).status_code == 404
        assert (await ask(day, "daily", institution_id=other)).status_code == 404
        assert (await read(day, "daily", client=stranger, institution_id=other))["rows"] == []
