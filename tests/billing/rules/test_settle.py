"""What always holds, on cases nobody thought of: sums, caps, one payer per unit, exact reversal, identical bytes."""

import json
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from itertools import chain
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.billing import case, rules
from tests.billing import facts

CODES = ("A", "B", "C")
EVERY = settings(max_examples=40, deadline=None)
UNIT_SOURCES = {"public_program", "bed_per_diem", "capitation", "contract"}


def decimals(top, places):
    return st.decimals(0, top, places=places).map(lambda number: f"{number:f}")


def codes(most=3):
    return st.lists(st.sampled_from(CODES), max_size=most, unique=True)


@st.composite
def prices(draw):
    return [
        facts.price(
            code,
            draw(decimals(30, 4)),
            insurance_class=draw(st.sampled_from("ABC")),
            self_ratio=draw(decimals(1, 2)),
            per_visit_max=draw(st.none() | st.integers(0, 4)),
            includes=draw(codes(1)),
            excludes=draw(codes(1)),
        )
        for code in CODES
    ]


@st.composite
def contracts(draw):
    return [
        facts.contract(
            f"C{at}",
            *[(code, draw(st.integers(0, 4)), draw(st.integers(0, 5))) for code in draw(codes())],
            counting=draw(st.sampled_from(["quantity", "visit"])),
            patient=draw(st.sampled_from(["P1", "P2"])),
            signed_on=draw(st.sampled_from(["2026-01-01", "2026-01-05"])),
            capitated_codes=draw(codes(1)),
            covers_visit_fee=draw(st.booleans()),
        )
        for at in range(draw(st.integers(0, 3)))
    ]


@st.composite
def patients(draw):
    used = {"deductible_used": {"2026": draw(decimals(60, 2))}, "fund_used": {"2026": draw(decimals(60, 2))}}
    enrolments = [{"id": "PH", "from": "2026-01-01", "used": {"A": {"2026": draw(st.integers(0, 4))}}}]
    return [
        {
            "id": name,
            "ltci": draw(st.none() | st.just({"grade": 3, "used": {"2026-03": draw(decimals(60, 2))}})),
            "insurance": draw(st.none() | st.just(facts.insured(**used))),
            "programs": draw(st.sampled_from([[], enrolments])),
        }
        for name in ("P1", "P2")
    ]


@st.composite
def visits(draw):
    return [
        facts.visit(
            f"V{at}",
            *draw(st.lists(st.tuples(st.sampled_from(CODES), st.integers(1, 5)), max_size=4)),
            patient=draw(st.sampled_from(["P1", "P2"])),
            staff=draw(st.sampled_from([["D1"], ["D1", "N1"]])),
            distance_km=draw(decimals(6, 1)),
            verified=draw(st.booleans() | st.just(True)),
            trip=draw(st.sampled_from(["T1", None])),
            home="H1",
        )
        for at in range(1, 4)
    ]


@st.composite
def cases(draw):
    """A case of three visits, every payer possible and scarce, without events."""
    night = {"from": "08:00", "to": "10:00", "multiplier": draw(decimals(3, 2))}
    tiers = [{"up_to_km": "3", "price": draw(decimals(90, 4))}, {"up_to_km": "5", "price": draw(decimals(90, 2))}]
    tariff = facts.tariff(unit="visit_staff", tiers=tiers, insurance_class=draw(st.sampled_from("ABC")), night=night)
    insurance = {"deductible": draw(decimals(60, 2)), "pay_ratio": draw(decimals(1, 2)), "yearly_cap": "50.00"}
    ltci = {"eligible_grades": [3], "catalog": draw(codes()), "pay_ratio": draw(decimals(1, 2)), "monthly_cap": "50"}
    beds = [
        facts.bed(patient="P2", excluded_codes=draw(codes()), payment=draw(st.sampled_from(["per_diem", "per_item"])))
    ]
    return facts.case_file(
        price_book=draw(prices()),
        contracts=draw(contracts()),
        patients=draw(patients()),
        programs=[{"id": "PH", "from": "2026-01-01", "items": [{"code": "A", "per_year": 4}]}],
        visits=draw(visits()),
        beds=draw(st.sampled_from([[], beds])),
        visit_fee_tariff=draw(st.sampled_from([[], [tariff]])),
        region={"insurance": insurance, "ltci": ltci},
        policy={"visit_fee_in_bed_cycle": draw(st.sampled_from(["waive", "charge"]))},
    )


def carry_out(file, events):
    return case.as_json(case.run_case(case.read_case(json.dumps({**file, "events": events}).encode())))


SETTLE_ALL = [{"settle": f"V{at}"} for at in (1, 2, 3)]


class TestEveryCase:
    @EVERY
    @given(cases())
    def test_fundings_sum_to_their_line_and_lines_to_the_bill(self, file):
        for entry in carry_out(file, SETTLE_ALL)["events"]:
            lines = entry.get("lines", [])
            for line in lines:
                assert sum(paid["amount_fen"] for paid in line["funding"]) == line["gross_fen"]
                own = sum(paid["amount_fen"] for paid in line["funding"] if paid["source"] == "self_pay")
                assert own == line["patient_fen"]
                assert all(paid["amount_fen"] > 0 for paid in line["funding"])
            assert sum(line["gross_fen"] for line in lines) == entry.get("gross_fen", 0)
            assert sum(line["patient_fen"] for line in lines) == entry.get("patient_fen", 0)

    @EVERY
    @given(cases())
    def test_no_balance_rises_above_its_cap(self, file):
        before, after = (carry_out(file, events)["balances"] for events in ([], SETTLE_ALL))
        for contract in file["contracts"]:
            for item in contract["items"]:
                start, end = (found["contracts"][contract["id"]][item["code"]] for found in (before, after))
                assert start <= end <= max(start, item["quantity"])
        for kind, cap in (("ltci", 5000), ("insurance", 5000)):
            for patient, found in after[kind].items():
                start = before[kind][patient]
                rows = (start, found) if kind == "ltci" else (start["fund_used_fen"], found["fund_used_fen"])
                assert all(
                    rows[0].get(key, 0) <= used <= max(rows[0].get(key, 0), cap) for key, used in rows[1].items()
                )

    @pytest.mark.requirement("R040")
    @EVERY
    @given(cases())
    def test_a_unit_that_is_paid_is_charged_to_nobody_else(self, file):
        unit_prices = {row["code"]: Decimal(row["unit_price"]) for row in file["price_book"]}
        for entry in carry_out(file, SETTLE_ALL)["events"]:
            for line in entry.get("lines", []):
                if line["code"] == "VISIT_FEE" or line["status"] != "charged":
                    continue
                by_units = [paid for paid in line["funding"] if paid["source"] in UNIT_SOURCES]
                assert sum(paid["units"] for paid in by_units) <= line["charged_quantity"]
                sources = [paid["source"] for paid in line["funding"]]
                assert not {"ltci", "medical_insurance"} <= set(sources)
                if sum(paid["units"] for paid in by_units) == line["charged_quantity"] and unit_prices[line["code"]]:
                    assert sources == [paid["source"] for paid in by_units]

    @EVERY
    @given(cases(), st.permutations(SETTLE_ALL))
    def test_a_trip_to_a_home_has_one_fee_whatever_the_order(self, file, order):
        plain = {**file, "policy": {"visit_fee_in_bed_cycle": "charge", "visit_fee_when_fully_funded": "charge"}}
        entries = carry_out(plain, order)["events"]
        settled = {entry["event"]["settle"]: entry for entry in entries if entry["status"] == "settled"}
        shares = {
            name: entry["lines"][-1]["gross_fen"]
            for name, entry in settled.items()
            if entry["lines"] and entry["lines"][-1]["code"] == "VISIT_FEE"
        }
        trips = {visit["id"]: visit["trip"] for visit in plain["visits"]}
        alone = {**plain, "policy": {**plain["policy"], "visit_fee_sharing": "per_patient"}}
        own = {
            entry["event"]["settle"]: entry["lines"][-1]["gross_fen"]
            for entry in carry_out(alone, order)["events"]
            if entry["event"]["settle"] in shares
        }
        together = [name for name in shares if trips[name] == "T1"]
        if together:
            assert sum(shares[name] for name in together) == max(own[name] for name in together)
        assert all(shares[name] <= own[name] for name in shares)
        assert all(shares[name] == own[name] for name in shares if name not in together)

    @EVERY
    @given(cases(), st.permutations([1, 2, 3]))
    def test_reversing_returns_every_balance_exactly(self, file, order):
        before = carry_out(file, [])
        settled = carry_out(file, SETTLE_ALL)
        after = carry_out(file, SETTLE_ALL + [{"reverse": f"V{at}"} for at in order])
        assert after["balances"] == before["balances"]
        returned = [entry for entry in after["events"] if entry["status"] == "reversed"]
        for kind in ("gross_fen", "patient_fen"):
            assert sum(entry[kind] for entry in returned) == sum(entry.get(kind, 0) for entry in settled["events"])

    @EVERY
    @given(cases())
    def test_settling_again_answers_the_same_and_uses_nothing(self, file):
        once, twice = carry_out(file, SETTLE_ALL), carry_out(file, SETTLE_ALL * 2)
        assert twice["events"] == once["events"] * 2
        assert twice["balances"] == once["balances"]

    @EVERY
    @given(cases())
    def test_a_reversed_visit_settles_as_if_for_the_first_time(self, file):
        entries = carry_out(file, [{"settle": "V1"}, {"reverse": "V1"}, {"settle": "V1"}])["events"]
        assert entries[2] == entries[0]

    @EVERY
    @given(cases())
    def test_running_again_gives_the_same_bytes(self, file):
        raw = json.dumps({**file, "events": SETTLE_ALL}).encode()
        first, second = (case.dump(case.run_case(case.read_case(raw))) for _ in range(2))
        assert first.encode() == second.encode()
        assert "." not in first


TEN = tuple(f"X{at}" for at in range(10))


def ten_lines():
    """A visit of ten lines, and everything that the kernel asks for."""
    whole_year = rules.Period(date(2026, 1, 1))
    prices = {
        code: (rules.PriceRow(code, code, Decimal("12.34"), whole_year, rules.InsuranceClass.B, Decimal("0.1")),)
        for code in TEN
    }
    tariff = rules.Tariff(whole_year, rules.FeeUnit.visit_staff, (rules.Tier(Decimal(5), Decimal(78)),))
    terms = rules.Terms(
        policy=rules.Policy(),
        service_modes=(rules.ServiceMode("home_visit", whole_year),),
        licences={"D1": (whole_year,), "N1": (whole_year,)},
        prices=prices,
        tariffs=(tariff,),
        ltci=rules.LtciTerms(frozenset({3}), frozenset(TEN[:3]), Decimal(1), 155000),
        insurance=rules.InsuranceTerms(0, Decimal("0.8"), 1200000),
    )
    deals = tuple(
        rules.Contract(
            f"C{at}",
            date(2026, 1, at),
            whole_year,
            items={code: rules.ContractItem(1, rules.Counting.quantity) for code in TEN},
        )
        for at in (1, 2, 3)
    )
    patient = rules.Patient("P1", ltci_grade=3, insured=whole_year, contracts=deals)
    items = tuple(rules.Item(code, 5) for code in TEN)
    visit = rules.Visit(
        "V1", "P1", "home_visit", date(2026, 3, 2), time(9), True, ("D1", "N1"), Decimal(2), items, "H1", "T1"
    )
    return visit, terms, patient


class TestSettleVisit:
    def test_returns_the_bill_and_what_a_ledger_must_post(self):
        visit, terms, patient = ten_lines()
        first = rules.Entitlement(rules.Balance.contract_units, "P1", "C1", "X0")
        settlement = rules.settle_visit(visit, terms=terms, patient=patient, used={first: 1})
        posted = {(used.entitlement.ref, used.entitlement.code): used.amount for used in settlement.consumptions}
        assert ("C1", "X0") not in posted
        assert posted["C1", "X1"] == posted["C2", "X0"] == posted["C3", "X9"] == 1
        ltci = [used for used in settlement.consumptions if used.entitlement.balance is rules.Balance.ltci_fen]
        # X0: three of five units are left at 12.34, X1 and X2: two
        assert [(used.code, used.entitlement.period, used.amount) for used in ltci] == [
            ("X0", "2026-03", 3702),
            ("X1", "2026-03", 2468),
            ("X2", "2026-03", 2468),
        ]

    @pytest.mark.requirement("R046")
    def test_states_services_and_visit_fee_apart(self):
        visit, terms, patient = ten_lines()
        bill = rules.settle_visit(visit, terms=terms, patient=patient, used={}).bill
        assert (bill.services_fen, bill.visit_fee_fen, bill.gross_fen) == (61700, 15600, 77300)

    def test_a_quote_without_peers_is_a_ceiling_of_the_share(self):
        visit, terms, patient = ten_lines()
        quote = rules.settle_visit(visit, terms=terms, patient=patient, used={}).bill
        peers = [replace(visit, id=name) for name in ("V0", "V1", "V2")]
        bill = rules.settle_visit(visit, terms=terms, patient=patient, used={}, peers=peers).bill
        assert (quote.visit_fee_fen, bill.visit_fee_fen) == (15600, 5200)
        assert bill.fee.share.fees == (("V0", 15600), ("V1", 15600), ("V2", 15600))

    def test_raises_what_the_gate_refuses(self):
        visit, terms, patient = ten_lines()
        with pytest.raises(rules.Refused) as refused:
            rules.settle_visit(replace(visit, staff=("D1", "Z9")), terms=terms, patient=patient, used={})
        assert refused.value.refusal == rules.Refusal(rules.RefusalReason.provider_not_qualified, {"staff": "Z9"})

    def test_settles_ten_lines_in_a_millisecond(self):
        visit, terms, patient = ten_lines()
        best = 1.0
        for _ in range(20):
            begun = thread_time()
            rules.settle_visit(visit, terms=terms, patient=patient, used={})
            best = min(best, thread_time() - begun)
        assert best < 0.001


class TestReverseSettlement:
    def test_is_the_negative_of_what_was_consumed(self):
        visit, terms, patient = ten_lines()
        settlement = rules.settle_visit(visit, terms=terms, patient=patient, used={})
        reversal = rules.reverse_settlement(settlement)
        sums = {}
        for used in chain(settlement.consumptions, reversal.consumptions):
            sums[used.entitlement] = sums.get(used.entitlement, 0) + used.amount
        assert settlement.consumptions
        assert set(sums.values()) == {0}
        assert (reversal.gross_fen, reversal.patient_fen) == (settlement.bill.gross_fen, settlement.bill.patient_fen)
