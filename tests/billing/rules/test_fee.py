"""The visit fee: tiers, staff, night, sharing, and when nobody pays it."""

import pytest

from tests.billing import facts

TIERS = [{"up_to_km": "3", "price": "130"}, {"up_to_km": "5", "price": "200"}, {"up_to_km": "10", "price": "300"}]

WAIVED = {"code": "VISIT_FEE", "status": "waived", "gross_fen": 0, "patient_fen": 0, "funding": []}
INSURED = [{"id": "P1", "insurance": facts.insured()}]


def share(*visits, tariff=None, settle="V1", **changes):
    changes.setdefault("patients", [{"id": name} for name in ("P1", "P2", "P3")])
    result = facts.run({"settle": settle}, visits=list(visits), visit_fee_tariff=[tariff or facts.tariff()], **changes)
    return facts.fee(result["events"][0])


def together(visit_id, **more):
    return facts.visit(visit_id, trip="T1", home="H1", **more)


class TestOwnFee:
    @pytest.mark.requirement("R046")
    def test_is_the_last_line_beside_the_services(self):
        entry = facts.settle(visit_fee_tariff=[facts.tariff("78")])
        assert [line["code"] for line in entry["lines"]] == ["BP", "VISIT_FEE"]
        assert entry["gross_fen"] == 1000 + 7800
        assert entry["lines"][1] == {
            "code": "VISIT_FEE",
            "status": "charged",
            "gross_fen": 7800,
            "patient_fen": 7800,
            "funding": [{"source": "self_pay", "amount_fen": 7800}],
        }

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"visit_fee_tariff": []},
            {"visit_fee_tariff": [facts.tariff(to="2026-03-01")]},
            {"visit_fee_tariff": [facts.tariff()], "policy": {"visit_fee": "none"}},
        ],
    )
    def test_is_no_line_without_a_tariff_on_the_day_or_by_policy(self, changes):
        assert [line["code"] for line in facts.settle(**changes)["lines"]] == ["BP"]

    @pytest.mark.requirement("R050")
    @pytest.mark.parametrize(
        ("distance_km", "fen"),
        [
            ("0", 13000),
            ("3", 13000),
            ("3.0000", 13000),
            ("3.0001", 20000),
            ("5", 20000),
            ("5.01", 30000),
            ("10", 30000),
        ],
    )
    def test_takes_the_first_tier_that_reaches_bound_included(self, distance_km, fen):
        assert share(facts.visit(distance_km=distance_km), tariff=facts.tariff(tiers=TIERS))["gross_fen"] == fen

    def test_counts_distinct_staff_when_the_unit_says_so(self):
        crew = facts.visit(staff=["D1", "N1", "D1"])
        assert share(crew, tariff=facts.tariff("78", unit="visit_staff"))["gross_fen"] == 15600
        assert share(crew, tariff=facts.tariff("78", unit="visit"))["gross_fen"] == 7800

    def test_rounds_once_after_staff_and_night(self):
        # 0.0150 x 2 x 1.5 = 0.0450 yuan = 4.5 fen; rounding 1.5 fen first would give 2 x 2 x 1.5 = 6
        night = {"from": "08:00", "to": "10:00", "multiplier": "1.5"}
        tariff = facts.tariff("0.0150", unit="visit_staff", night=night)
        assert share(facts.visit(staff=["D1", "N1"]), tariff=tariff)["gross_fen"] == 5


class TestNight:
    @pytest.mark.parametrize(
        ("start", "end", "at", "is_night"),
        [
            ("18:00", "06:00", "17:59:59", False),
            ("18:00", "06:00", "18:00:00", True),
            ("18:00", "06:00", "00:00:00", True),
            ("18:00", "06:00", "05:59:59.999", True),
            ("18:00", "06:00", "06:00:00", False),
            ("00:00", "06:00", "00:00:00", True),
            ("00:00", "06:00", "06:00:00", False),
            ("00:00", "06:00", "23:59:59", False),
            ("08:00", "08:00", "08:00:00", False),
            ("08:00", "08:00", "20:00:00", False),
        ],
    )
    def test_holds_from_its_start_until_before_its_end(self, start, end, at, is_night):
        tariff = facts.tariff("100", night={"from": start, "to": end, "multiplier": "2"})
        visit = facts.visit(started_at=f"2026-03-02T{at}+08:00")
        assert share(visit, tariff=tariff)["gross_fen"] == (20000 if is_night else 10000)

    def test_looks_at_the_local_clock(self):
        tariff = facts.tariff("100", night={"from": "18:00", "to": "06:00", "multiplier": "2"})
        assert share(facts.visit(started_at="2026-03-02T10:00:00Z"), tariff=tariff)["gross_fen"] == 20000


class TestSharing:
    def test_gives_the_fen_that_remains_to_the_lowest_id_by_code_point(self):
        trip = [together(name) for name in ("V2", "V1", "V10")]
        shares = {
            name: share(*trip, tariff=facts.tariff("100"), settle=name)["gross_fen"] for name in ("V1", "V2", "V10")
        }
        # 3333 each and one fen left: ids ascend V1, V10, V2
        assert shares == {"V1": 3334, "V10": 3333, "V2": 3333}
        assert share(*trip[:1], trip[2], tariff=facts.tariff("0.01"), settle="V10")["gross_fen"] == 1

    def test_splits_the_highest_fee_in_proportion_to_the_own_fees(self):
        # own fees 130.00 and 200.00: 20000 x 130/330 = 7878.79 -> 7879, 20000 x 200/330 = 12121.21 -> 12121
        trip = [together("V1", distance_km="3"), together("V2", distance_km="5")]
        assert share(*trip, tariff=facts.tariff(tiers=TIERS), settle="V1")["gross_fen"] == 7879
        assert share(*trip, tariff=facts.tariff(tiers=TIERS), settle="V2")["gross_fen"] == 12121

    def test_computes_each_fee_on_its_own_data(self):
        # V1 by day 100.00, V2 at night 200.00: 20000 x 1/3 = 6666.67 -> 6667
        tariff = facts.tariff("100", night={"from": "18:00", "to": "06:00", "multiplier": "2"})
        trip = [together("V1"), together("V2", started_at="2026-03-02T18:00:00+08:00")]
        assert share(*trip, tariff=tariff)["gross_fen"] == 6667

    def test_does_not_depend_on_what_happens_to_the_other_visits(self):
        trip = [together("V1"), together("V2")]
        events = [{"settle": "V1"}, {"reverse": "V1"}, {"settle": "V2"}, {"settle": "V1"}]
        entries = facts.run(*events, visits=trip, visit_fee_tariff=[facts.tariff("100")])["events"]
        assert [facts.fee(entries[at])["gross_fen"] for at in (0, 2, 3)] == [5000, 5000, 5000]

    @pytest.mark.parametrize(
        "refused",
        [
            {"verified": False},
            {"mode": "other"},
            {"staff": []},
            {"distance_km": "6"},
            {"items": [{"code": "X", "quantity": 1}]},
        ],
        ids=["unverified", "unregistered", "no staff", "too far", "no price"],
    )
    def test_does_not_count_visits_that_the_gate_refuses(self, refused):
        assert share(together("V1"), {**together("V2"), **refused}, tariff=facts.tariff("100"))["gross_fen"] == 10000

    def test_does_not_count_visits_without_a_tariff(self):
        later = together("V2", started_at="2026-03-03T00:00:00+08:00")
        assert share(together("V1"), later, tariff=facts.tariff("100", to="2026-03-02"))["gross_fen"] == 10000

    @pytest.mark.parametrize("place", [{"trip": "T1"}, {"home": "H1"}, {}, {"trip": None, "home": None}])
    def test_a_visit_without_trip_or_home_stands_alone(self, place):
        assert (
            share(facts.visit("V1", **place), facts.visit("V2", **place), tariff=facts.tariff("100"))["gross_fen"]
            == 10000
        )

    @pytest.mark.parametrize("other", [{"trip": "T2"}, {"home": "H2"}])
    def test_another_trip_or_home_pays_its_own_fee(self, other):
        assert share(together("V1"), {**together("V2"), **other}, tariff=facts.tariff("100"))["gross_fen"] == 10000

    def test_per_patient_everybody_pays_the_own_fee(self):
        policy = {"visit_fee_sharing": "per_patient"}
        assert share(together("V1"), together("V2"), tariff=facts.tariff("100"), policy=policy)["gross_fen"] == 10000

    def test_splits_fees_of_nothing_into_nothing(self):
        line = share(together("V1"), together("V2"), tariff=facts.tariff("0"))
        assert line == {"code": "VISIT_FEE", "status": "charged", "gross_fen": 0, "patient_fen": 0, "funding": []}

    def test_counts_visits_whose_own_share_is_waived(self):
        trip = [together("V1"), together("V2", patient="P2")]
        stay = facts.bed(patient="P2", payment="per_item")
        assert share(*trip, tariff=facts.tariff("100"), beds=[stay])["gross_fen"] == 5000
        assert share(*trip, tariff=facts.tariff("100"), beds=[stay], settle="V2")["status"] == "waived"


class TestWaiver:
    def test_in_an_open_bed_episode_of_any_payment(self):
        assert share(facts.visit(), beds=[facts.bed(payment="per_item")]) == WAIVED

    @pytest.mark.parametrize(
        "stay",
        [
            {"opened_on": "2026-03-03"},
            {"closed_on": "2026-03-02"},
            {"pauses": [{"from": "2026-03-02", "to": "2026-03-03"}]},
            {"pauses": [{"from": "2026-03-01"}]},
            {"patient": "P2"},
        ],
    )
    def test_not_outside_the_episode_or_while_it_is_paused(self, stay):
        assert share(facts.visit(), beds=[facts.bed(payment="per_item", **stay)])["gross_fen"] == 7800

    @pytest.mark.parametrize(
        "pause", [{"from": "2026-03-01", "to": "2026-03-02"}, {"from": "2026-03-02", "to": "2026-03-02"}]
    )
    def test_on_the_day_on_which_a_pause_has_ended(self, pause):
        assert share(facts.visit(), beds=[facts.bed(payment="per_item", pauses=[pause])]) == WAIVED

    def test_not_when_the_policy_charges_in_a_bed_cycle(self):
        policy = {"visit_fee_in_bed_cycle": "charge"}
        assert share(facts.visit(), beds=[facts.bed(payment="per_item")], policy=policy)["gross_fen"] == 7800

    def test_when_units_have_paid_for_all_services(self):
        deal = facts.contract("C1", ("BP", 8, 0))
        assert share(facts.visit(), contracts=[deal]) == WAIVED
        assert (
            share(facts.visit(), contracts=[deal], policy={"visit_fee_when_fully_funded": "charge"})["gross_fen"]
            == 7800
        )

    def test_not_when_one_unit_is_left_to_the_patient(self):
        assert share(facts.visit("V1", ("BP", 2)), contracts=[facts.contract("C1", ("BP", 1, 0))])["gross_fen"] == 7800

    def test_not_when_insurance_has_paid_for_a_part(self):
        book = [facts.price("BP"), facts.price("BATH")]
        line = share(
            facts.visit("V1", ("BP", 1), ("BATH", 1)),
            price_book=book,
            patients=[{"id": "P1", "ltci": {"grade": 3}}],
            region=facts.ltci_region(),
            contracts=[facts.contract("C1", ("BP", 8, 0))],
        )
        assert line["gross_fen"] == 7800

    def test_not_when_all_services_cost_nothing(self):
        visit = facts.visit("V1", ("BP", 1))
        deal = facts.contract("C1", ("BP", 8, 0))
        assert share(visit, contracts=[deal], price_book=[facts.price("BP", "0")])["gross_fen"] == 7800
        assert share({**visit, "items": []})["gross_fen"] == 7800

    def test_lines_that_cost_nothing_do_not_hinder_it(self):
        book = [facts.price("BP", includes=["CUFF"]), facts.price("CUFF"), facts.price("TALK", "0")]
        visit = facts.visit("V1", ("BP", 1), ("CUFF", 1), ("TALK", 1))
        assert share(visit, price_book=book, contracts=[facts.contract("C1", ("BP", 1, 0))]) == WAIVED


class TestContractThatCoversTheFee:
    def test_pays_the_whole_share_and_no_unit(self):
        result = facts.run(
            visits=[facts.visit()],
            visit_fee_tariff=[facts.tariff()],
            contracts=[facts.contract("C1", ("EKG", 8, 3), covers_visit_fee=True)],
        )
        assert facts.fee(result["events"][0]) == {
            "code": "VISIT_FEE",
            "status": "charged",
            "gross_fen": 7800,
            "patient_fen": 0,
            "funding": [{"source": "contract", "ref": "C1", "amount_fen": 7800}],
        }
        assert result["balances"]["contracts"] == {"C1": {"EKG": 3}}

    def test_of_several_the_earliest_signed_pays_then_the_lowest_id(self):
        deals = [
            facts.contract("C9", covers_visit_fee=True),
            facts.contract("C10", covers_visit_fee=True),
            facts.contract("C1", covers_visit_fee=True, signed_on="2026-01-06"),
            facts.contract("C0", signed_on="2025-01-01"),
            facts.contract("CX", covers_visit_fee=True, signed_on="2025-01-01", terminated_on="2026-03-02"),
            facts.contract("CP", covers_visit_fee=True, signed_on="2025-01-01", patient="P2"),
        ]
        assert share(facts.visit(), contracts=deals)["funding"][0]["ref"] == "C10"

    def test_comes_after_the_bed_cycle_and_before_full_funding(self):
        deal = facts.contract("C1", ("BP", 8, 0), covers_visit_fee=True)
        assert share(facts.visit(), contracts=[deal])["status"] == "charged"
        assert share(facts.visit(), contracts=[deal], beds=[facts.bed(payment="per_item")])["status"] == "waived"


class TestInsuranceOfTheFee:
    @pytest.mark.requirement("R070")
    def test_is_in_no_fund_base_by_default(self):
        entry = facts.settle(
            patients=INSURED,
            region=facts.region(),
            visit_fee_tariff=[facts.tariff("100")],
            price_book=[facts.price("BP", insurance_class="A")],
        )
        assert facts.fundings(entry, 0) == [("medical_insurance", None, None, 800), ("self_pay", None, None, 200)]
        assert facts.fundings(entry, 1) == [("self_pay", None, None, 10000)]

    def test_goes_by_the_class_and_ratio_of_the_tariff_of_the_service_date(self):
        tariffs = [
            facts.tariff("100", to="2026-03-01", insurance_class="A"),
            facts.tariff("100", **{"from": "2026-03-02"}, insurance_class="B", self_ratio="0.10"),
        ]
        entry = facts.settle(patients=INSURED, region=facts.region(), visit_fee_tariff=tariffs)
        # 10 % of 100.00 borne first, 80 % of 90.00 by the fund
        assert facts.fundings(entry, 1) == [("medical_insurance", None, None, 7200), ("self_pay", None, None, 2800)]

    def test_comes_after_all_other_lines(self):
        entry = facts.settle(
            patients=INSURED,
            region=facts.region(deductible="15.00", pay_ratio="1"),
            visit_fee_tariff=[facts.tariff("100", insurance_class="A")],
            price_book=[facts.price("BP", insurance_class="A")],
        )
        assert facts.fundings(entry, 0) == [("self_pay", None, None, 1000)]
        assert facts.fundings(entry, 1) == [("medical_insurance", None, None, 9500), ("self_pay", None, None, 500)]

    def test_is_never_paid_by_ltci_or_units_that_name_its_code(self):
        entry = facts.settle(
            patients=[{"id": "P1", "ltci": {"grade": 3}, "programs": [{"id": "PH", "from": "2026-01-01"}]}],
            programs=[{"id": "PH", "from": "2026-01-01", "items": [{"code": "VISIT_FEE", "per_year": 9}]}],
            region=facts.ltci_region(catalog=["VISIT_FEE"]),
            contracts=[facts.contract("C1", ("VISIT_FEE", 9, 0), capitated_codes=["VISIT_FEE"])],
            beds=[facts.bed(excluded_codes=["BP"])],
            policy={"visit_fee_in_bed_cycle": "charge"},
            visit_fee_tariff=[facts.tariff("100")],
        )
        assert facts.fundings(entry, 1) == [("self_pay", None, None, 10000)]
