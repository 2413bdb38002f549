"""Who pays: the seven sources in their order, unit by unit and fen by fen."""

import pytest

from tests.billing import facts

PUBLIC = [{"id": "PH", "from": "2026-01-01", "items": [{"code": "BP", "per_year": 4}]}]


def enrolled(used=None, **more):
    return [{"id": "P1", "programs": [{"id": "PH", "from": "2026-01-01", "used": used or {}, **more}]}]


def paid(quantity=1, code="BP", **changes):
    """Return who pays V1's only line as (source, ref, units, fen)."""
    entry = facts.settle(visits=[facts.visit("V1", (code, quantity))], **changes)
    return facts.fundings(entry)


class TestPublicProgramme:
    @pytest.mark.requirement("R042")
    def test_pays_what_is_left_of_the_calendar_year(self):
        changes = {"programs": PUBLIC, "patients": enrolled({"BP": {"2025": 4, "2026": 3}})}
        assert paid(2, **changes) == [("public_program", "PH", 1, 1000), ("self_pay", None, None, 1000)]
        assert facts.run(**changes)["balances"]["programs"] == {"P1": {"PH": {"BP": {"2025": 4, "2026": 4}}}}

    def test_counts_the_year_of_the_service_date(self):
        new_year = facts.visit(started_at="2026-12-31T16:00:00Z")
        result = facts.run(visits=[new_year], programs=PUBLIC, patients=enrolled({"BP": {"2026": 4}}))
        assert facts.fundings(result["events"][0]) == [("public_program", "PH", 1, 1000)]
        assert result["balances"]["programs"] == {"P1": {"PH": {"BP": {"2026": 4, "2027": 1}}}}

    @pytest.mark.parametrize(
        ("enrolment", "programme"),
        [
            ({"to": "2026-03-01"}, {}),
            ({"from": "2026-03-03"}, {}),
            ({}, {"to": "2026-03-01"}),
            ({}, {"from": "2026-03-03"}),
        ],
    )
    def test_pays_only_when_enrolment_and_programme_are_in_force(self, enrolment, programme):
        changes = {"programs": [{**PUBLIC[0], **programme}], "patients": enrolled(**enrolment)}
        assert paid(**changes) == [("self_pay", None, None, 1000)]

    def test_pays_on_the_first_and_on_the_last_day(self):
        day = {"from": "2026-03-02", "to": "2026-03-02"}
        assert paid(programs=[{**PUBLIC[0], **day}], patients=enrolled(**day))[0][0] == "public_program"

    def test_is_asked_in_the_order_of_the_patient(self):
        programs = [{**PUBLIC[0], "id": name} for name in ("PA", "PB")]
        patients = [{"id": "P1", "programs": [{"id": name, "from": "2026-01-01"} for name in ("PB", "PA")]}]
        assert paid(6, programs=programs, patients=patients) == [
            ("public_program", "PB", 4, 4000),
            ("public_program", "PA", 2, 2000),
        ]

    def test_pays_for_nobody_who_is_not_enrolled(self):
        assert paid(programs=PUBLIC) == [("self_pay", None, None, 1000)]


class TestBedPerDiem:
    def test_pays_every_unit_that_is_left(self):
        changes = {"programs": PUBLIC, "patients": enrolled({"BP": {"2026": 3}}), "beds": [facts.bed()]}
        assert paid(3, **changes) == [("public_program", "PH", 1, 1000), ("bed_per_diem", "B1", 2, 2000)]

    def test_is_the_first_in_file_order_that_does_not_exclude_the_code(self):
        beds = [
            facts.bed("B0", payment="per_item"),
            facts.bed("B4", excluded_codes=["BP"]),
            facts.bed("B3", opened_on="2026-03-03"),
            facts.bed("B2"),
            facts.bed("B1"),
        ]
        assert paid(beds=beds) == [("bed_per_diem", "B2", 1, 1000)]

    @pytest.mark.parametrize(
        "stay", [{"closed_on": "2026-03-02"}, {"pauses": [{"from": "2026-03-01", "to": "2026-03-03"}]}]
    )
    def test_pays_nothing_on_the_day_of_closing_or_while_paused(self, stay):
        assert paid(beds=[facts.bed(**stay)]) == [("self_pay", None, None, 1000)]


class TestCapitation:
    @pytest.mark.requirement("R038")
    def test_pays_every_unit_that_is_left_and_the_patient_nothing(self):
        deal = facts.contract("C1", ("BP", 8, 0), capitated_codes=["BP"])
        result = facts.run(visits=[facts.visit("V1", ("BP", 5))], contracts=[deal])
        entry = result["events"][0]
        assert facts.fundings(entry) == [("capitation", "C1", 5, 5000)]
        assert entry["patient_fen"] == 0
        assert result["balances"]["contracts"] == {"C1": {"BP": 0}}

    def test_comes_after_the_bed_and_takes_the_earliest_contract_then_the_lowest_id(self):
        deals = [facts.contract(name, capitated_codes=["BP"]) for name in ("C9", "C10")]
        earlier = facts.contract("CZ", capitated_codes=["EKG"], signed_on="2025-01-01")
        assert paid(contracts=[*deals, earlier]) == [("capitation", "C10", 1, 1000)]
        assert paid(contracts=deals, beds=[facts.bed()]) == [("bed_per_diem", "B1", 1, 1000)]


class TestContract:
    @pytest.mark.requirement("R039")
    def test_pays_the_eighth_and_not_the_ninth(self):
        visits = [
            facts.visit(name, started_at=f"2026-03-0{day}T09:00:00+08:00") for name, day in (("V1", 2), ("V2", 3))
        ]
        deal = facts.contract("C1", ("BP", 8, 7))
        result = facts.run({"settle": "V1"}, {"settle": "V2"}, visits=visits, contracts=[deal])
        assert [entry["patient_fen"] for entry in result["events"]] == [0, 1000]
        assert result["balances"]["contracts"] == {"C1": {"BP": 8}}

    def test_of_several_the_earliest_signed_pays_first_then_the_lowest_id(self):
        deals = [
            facts.contract("C2", ("BP", 1, 0)),
            facts.contract("C10", ("BP", 1, 0)),
            facts.contract("C9", ("BP", 1, 0), signed_on="2026-01-04"),
        ]
        assert [row[1] for row in paid(3, contracts=deals)] == ["C9", "C10", "C2"]

    @pytest.mark.parametrize(
        "deal",
        [
            {"to": "2026-03-01"},
            {"from": "2026-03-03"},
            {"terminated_on": "2026-03-02"},
            {"patient": "P2"},
        ],
    )
    def test_pays_only_while_it_is_active(self, deal):
        patients = [{"id": "P1"}, {"id": "P2"}]
        contracts = [facts.contract("C1", ("BP", 8, 0), **deal)]
        assert paid(patients=patients, contracts=contracts) == [("self_pay", None, None, 1000)]

    def test_pays_on_its_first_and_last_day_and_until_its_termination(self):
        deal = facts.contract("C1", ("BP", 8, 0), **{"from": "2026-03-02"}, to="2026-03-02", terminated_on="2026-03-03")
        assert paid(contracts=[deal]) == [("contract", "C1", 1, 1000)]

    def test_counted_by_visit_one_use_pays_all_units_that_remain(self):
        deals = [
            facts.contract("C1", ("BP", 3, 1), signed_on="2026-01-01"),
            facts.contract("C2", ("BP", 4, 3), counting="visit"),
            facts.contract("C3", ("BP", 4, 0), counting="visit", signed_on="2026-02-01"),
        ]
        result = facts.run(visits=[facts.visit("V1", ("BP", 5))], contracts=deals)
        assert facts.fundings(result["events"][0]) == [("contract", "C1", 2, 2000), ("contract", "C2", 3, 3000)]
        assert result["balances"]["contracts"] == {"C1": {"BP": 3}, "C2": {"BP": 4}, "C3": {"BP": 0}}

    def test_counted_by_visit_nothing_is_used_when_no_use_is_left(self):
        deal = facts.contract("C1", ("BP", 4, 4), counting="visit")
        result = facts.run(contracts=[deal])
        assert facts.fundings(result["events"][0]) == [("self_pay", None, None, 1000)]
        assert result["balances"]["contracts"] == {"C1": {"BP": 4}}

    def test_that_has_used_more_than_it_grants_leaves_nothing(self):
        result = facts.run(contracts=[facts.contract("C1", ("BP", 8, 9)), facts.contract("C2", ("BP", 1, 0))])
        assert facts.fundings(result["events"][0]) == [("contract", "C2", 1, 1000)]
        assert result["balances"]["contracts"] == {"C1": {"BP": 9}, "C2": {"BP": 1}}

    def test_an_earlier_line_uses_a_balance_first(self):
        book = [facts.price("BP"), facts.price("EKG", "20")]
        deal = facts.contract("C1", ("BP", 1, 0), ("EKG", 1, 0))
        visits = [facts.visit("V1", ("EKG", 1), ("BP", 2))]
        entry = facts.settle(visits=visits, price_book=book, contracts=[deal])
        assert facts.fundings(entry, 0) == [("contract", "C1", 1, 2000)]
        assert facts.fundings(entry, 1) == [("contract", "C1", 1, 1000), ("self_pay", None, None, 1000)]


class TestUnits:
    def test_each_source_gets_what_its_units_add_to_the_rounded_total(self):
        # 1.005 a unit: 1 unit 101 fen, 2 units 201, 3 units 302 -> parts 101, 100, 101
        changes = {
            "price_book": [facts.price("BP", "1.0050")],
            "programs": PUBLIC,
            "patients": enrolled({"BP": {"2026": 3}}),
            "contracts": [facts.contract("C1", ("BP", 1, 0))],
        }
        assert paid(3, **changes) == [
            ("public_program", "PH", 1, 101),
            ("contract", "C1", 1, 100),
            ("self_pay", None, None, 101),
        ]

    @pytest.mark.parametrize("unit_price", ["0", "0.0001"])
    def test_of_no_money_are_used_and_not_listed(self, unit_price):
        deal = facts.contract("C1", ("BP", 8, 0))
        result = facts.run(price_book=[facts.price("BP", unit_price)], contracts=[deal])
        assert facts.fundings(result["events"][0]) == []
        assert result["balances"]["contracts"] == {"C1": {"BP": 1}}

    def test_above_the_limit_of_the_visit_are_not_used(self):
        deal = facts.contract("C1", ("BP", 8, 0))
        result = facts.run(
            visits=[facts.visit("V1", ("BP", 5))], price_book=[facts.price("BP", per_visit_max=2)], contracts=[deal]
        )
        assert facts.fundings(result["events"][0]) == [("contract", "C1", 2, 2000)]
        assert result["balances"]["contracts"] == {"C1": {"BP": 2}}


class TestLtci:
    BOOK = (facts.price("BATH", "50", insurance_class="A"), facts.price("BP", "10", insurance_class="A"))

    def settle(self, *, used=None, grade=3, at="2026-03-31T09:00:00+08:00", items=(("BATH", 1),), **region):
        patient = {"id": "P1", "ltci": {"grade": grade, "used": used or {}}, "insurance": facts.insured()}
        return facts.run(
            price_book=list(self.BOOK),
            patients=[patient],
            visits=[facts.visit("V1", *items, started_at=at)],
            region=facts.ltci_region(**region),
        )

    @pytest.mark.requirement("R075")
    def test_pays_up_to_the_cap_of_the_calendar_month(self):
        result = self.settle(used={"2026-03": "1549.99"})
        assert facts.fundings(result["events"][0]) == [("ltci", None, None, 1), ("self_pay", None, None, 4999)]
        assert result["balances"]["ltci"] == {"P1": {"2026-03": 155000}}

    @pytest.mark.requirement("R075")
    def test_the_cap_is_new_in_the_next_month_and_does_not_carry_over(self):
        result = self.settle(used={"2026-03": "1550"}, at="2026-03-31T16:00:00Z")
        assert facts.fundings(result["events"][0]) == [("ltci", None, None, 5000)]
        assert result["balances"]["ltci"] == {"P1": {"2026-03": 155000, "2026-04": 5000}}

    @pytest.mark.parametrize("used", ["1550", "1600.00"])
    def test_goes_to_no_medical_insurance_when_the_cap_is_used_up(self, used):
        result = self.settle(used={"2026-03": used})
        assert facts.fundings(result["events"][0]) == [("self_pay", None, None, 5000)]
        assert result["balances"]["insurance"]["P1"]["fund_used_fen"] == {}

    def test_pays_its_ratio_of_what_units_have_left(self):
        # 2 of 3 baths are left: 100.00 x 0.333 = 33.30
        patient = {"id": "P1", "ltci": {"grade": 5}}
        entry = facts.settle(
            price_book=[facts.price("BATH", "50")],
            patients=[patient],
            visits=[facts.visit("V1", ("BATH", 3))],
            contracts=[facts.contract("C1", ("BATH", 1, 0))],
            region=facts.ltci_region(pay_ratio="0.333"),
        )
        assert facts.fundings(entry) == [
            ("contract", "C1", 1, 5000),
            ("ltci", None, None, 3330),
            ("self_pay", None, None, 6670),
        ]

    @pytest.mark.requirement("R076")
    @pytest.mark.parametrize(
        ("grade", "source"), [(2, "medical_insurance"), (3, "ltci"), (5, "ltci"), (6, "medical_insurance")]
    )
    def test_pays_for_eligible_grades_only(self, grade, source):
        assert facts.fundings(self.settle(grade=grade)["events"][0])[0][0] == source

    def test_leaves_codes_outside_its_catalogue_to_medical_insurance(self):
        assert facts.fundings(self.settle(items=[("BP", 1)])["events"][0])[0][0] == "medical_insurance"

    def test_needs_terms_of_the_region(self):
        patient = {"id": "P1", "ltci": {"grade": 3}}
        assert paid(patients=[patient], region={"ltci": None}) == [("self_pay", None, None, 1000)]


class TestMedicalInsurance:
    def settle(self, insurance_class="A", self_ratio="0", used=None, price="100", insured=None, **region):
        return facts.run(
            price_book=[facts.price("BP", price, insurance_class=insurance_class, self_ratio=self_ratio)],
            patients=[{"id": "P1", "insurance": insured or facts.insured(**(used or {}))}],
            region=facts.region(**region),
        )

    @pytest.mark.parametrize(
        ("insurance_class", "self_ratio", "fund"),
        [("A", "0.10", 8000), ("B", "0.10", 7200), ("B", "0", 8000), ("B", "1", 0), ("C", "0", 0)],
    )
    def test_pays_by_class(self, insurance_class, self_ratio, fund):
        entry = self.settle(insurance_class, self_ratio)["events"][0]
        insured = [("medical_insurance", None, None, fund)] if fund else []
        assert facts.fundings(entry) == [*insured, ("self_pay", None, None, 10000 - fund)]

    def test_rounds_what_is_borne_first_and_what_the_fund_pays(self):
        # 1.05 of class B: round(105 x 0.5) = 53 borne first, eligible 52; round(52 x 0.625 = 32.5) = 33
        entry = self.settle("B", "0.5", price="1.05", pay_ratio="0.625")["events"][0]
        assert facts.fundings(entry) == [("medical_insurance", None, None, 33), ("self_pay", None, None, 72)]

    def test_uses_up_the_deductible_of_the_year_first(self):
        result = self.settle(used={"deductible_used": {"2025": "9", "2026": "20"}}, deductible="50")
        # 30.00 of the deductible are left: (100 - 30) x 0.80 = 56.00
        assert facts.fundings(result["events"][0])[0] == ("medical_insurance", None, None, 5600)
        assert result["balances"]["insurance"]["P1"] == {
            "deductible_used_fen": {"2025": 900, "2026": 5000},
            "fund_used_fen": {"2026": 5600},
            "per_diem_used_fen": {},
        }

    def test_uses_the_deductible_also_when_the_fund_pays_nothing(self):
        result = self.settle(used={"fund_used": {"2026": "12000"}}, deductible="150")
        assert facts.fundings(result["events"][0]) == [("self_pay", None, None, 10000)]
        assert result["balances"]["insurance"]["P1"]["deductible_used_fen"] == {"2026": 10000}

    def test_class_c_leaves_the_deductible_alone(self):
        assert self.settle("C", deductible="50")["balances"]["insurance"]["P1"]["deductible_used_fen"] == {}

    @pytest.mark.parametrize(
        ("used", "fund", "used_after"), [("11999.99", 1, 1200000), ("12000", 0, 1200000), ("99999", 0, 9999900)]
    )
    def test_pays_up_to_the_cap_of_the_year(self, used, fund, used_after):
        result = self.settle(used={"fund_used": {"2026": used}})
        assert result["events"][0]["patient_fen"] == 10000 - fund
        assert result["balances"]["insurance"]["P1"]["fund_used_fen"] == {"2026": used_after}

    def test_a_deductible_used_beyond_its_limit_leaves_nothing_of_it(self):
        entry = self.settle(used={"deductible_used": {"2026": "60"}}, deductible="50")["events"][0]
        assert facts.fundings(entry)[0] == ("medical_insurance", None, None, 8000)

    @pytest.mark.parametrize("period", [{"from": "2026-03-03"}, {"from": "2026-01-01", "to": "2026-03-01"}])
    def test_pays_only_while_the_patient_is_insured(self, period):
        assert facts.fundings(self.settle(insured=period)["events"][0]) == [("self_pay", None, None, 10000)]

    @pytest.mark.parametrize("region", [{}, {"insurance": None}])
    def test_needs_terms_of_the_region(self, region):
        patients = [{"id": "P1", "insurance": facts.insured()}]
        book = [facts.price("BP", insurance_class="A")]
        assert paid(patients=patients, region=region, price_book=book) == [("self_pay", None, None, 1000)]

    def test_two_lines_share_the_deductible_and_the_cap(self):
        book = [facts.price("A", "30", insurance_class="A"), facts.price("B", "40", insurance_class="A")]
        entry = facts.settle(
            visits=[facts.visit("V1", ("A", 1), ("B", 1))],
            price_book=book,
            patients=[{"id": "P1", "insurance": facts.insured()}],
            region=facts.region(deductible="50", pay_ratio="1", yearly_cap="15"),
        )
        assert facts.fundings(entry, 0) == [("self_pay", None, None, 3000)]
        assert facts.fundings(entry, 1) == [("medical_insurance", None, None, 1500), ("self_pay", None, None, 2500)]


@pytest.mark.requirement("R040")
def test_all_sources_in_their_order_and_no_unit_twice():
    entry = facts.settle(
        visits=[facts.visit("V1", ("BP", 7))],
        price_book=[facts.price("BP", "10", insurance_class="A")],
        programs=PUBLIC,
        patients=[{**enrolled({"BP": {"2026": 2}})[0], "insurance": facts.insured()}],
        contracts=[facts.contract("C1", ("BP", 3, 0))],
        region=facts.region(),
    )
    assert facts.fundings(entry) == [
        ("public_program", "PH", 2, 2000),
        ("contract", "C1", 3, 3000),
        ("medical_insurance", None, None, 1600),
        ("self_pay", None, None, 400),
    ]
