"""The gate refuses in its order, and names the facts that the order asks for."""

import pytest

from tests.billing import facts


def refusal(**changes):
    entry = facts.settle(**changes)
    assert entry["status"] == "refused"
    return entry["reason"], entry["facts"]


class TestGate:
    def test_refuses_an_unknown_visit(self):
        entry = facts.run({"settle": "V9"})["events"][0]
        assert entry == {"event": {"settle": "V9"}, "status": "refused", "reason": "visit_unknown", "facts": {}}

    def test_refuses_a_visit_that_is_not_verified_before_anything_else(self):
        wrong = facts.visit("V1", ("X", 1), verified=False, mode="other", staff=[], distance_km="99")
        assert refusal(visits=[wrong], visit_fee_tariff=[facts.tariff()]) == ("visit_not_verified", {})

    def test_refuses_a_mode_without_a_registration_on_the_service_date_and_names_it(self):
        modes = [
            {"mode": "home_visit", "from": "2025-01-01", "to": "2026-03-01"},
            {"mode": "home_visit", "from": "2026-03-03"},
            {"mode": "other", "from": "2025-01-01"},
        ]
        wrong = facts.visit("V1", staff=[])
        institution = {"code": "I1", "service_modes": modes}
        assert refusal(visits=[wrong], institution=institution) == ("provider_not_qualified", {"mode": "home_visit"})

    @pytest.mark.parametrize("row", [{"from": "2026-03-02"}, {"from": "2025-01-01", "to": "2026-03-02"}])
    def test_takes_a_registration_on_its_first_and_last_day(self, row):
        institution = {"code": "I1", "service_modes": [{"mode": "home_visit", **row}]}
        assert facts.settle(institution=institution)["status"] == "settled"

    def test_refuses_a_visit_without_staff(self):
        assert refusal(visits=[facts.visit(staff=[])]) == ("provider_not_qualified", {"staff_count": 0})

    def test_names_the_first_member_of_staff_without_a_licence_on_the_service_date(self):
        staff = [
            {"id": "A", "licences": []},
            {"id": "B", "licences": [{"from": "2020-01-01", "to": "2026-03-01"}]},
            {"id": "D1", "licences": [{"from": "2020-01-01"}]},
        ]
        wrong = facts.visit(staff=["D1", "B", "A"])
        assert refusal(visits=[wrong], staff=staff) == ("provider_not_qualified", {"staff": "B"})

    def test_counts_distinct_members_of_staff(self):
        alone = facts.visit("V1", ("X", 1), staff=["D1", "D1"])
        expected = ("too_few_staff", {"staff_count": 1, "min_staff": 2})
        assert refusal(visits=[alone], policy={"min_staff": 2}) == expected
        pair = facts.visit(staff=["D1", "N1"])
        assert facts.settle(visits=[pair], policy={"min_staff": 2})["status"] == "settled"

    def test_names_the_first_item_without_a_price_on_the_service_date(self):
        book = [facts.price("BP"), facts.price("OLD", to="2026-03-01"), facts.price("NEW", **{"from": "2026-03-03"})]
        wrong = facts.visit("V1", ("BP", 1), ("NEW", 1), ("OLD", 1), distance_km="99")
        assert refusal(visits=[wrong], price_book=book, visit_fee_tariff=[facts.tariff()]) == (
            "price_missing",
            {"code": "NEW"},
        )

    def test_refuses_an_included_item_without_a_price_too(self):
        book = [facts.price("BP", includes=["CUFF"])]
        wrong = facts.visit("V1", ("BP", 1), ("CUFF", 1))
        assert refusal(visits=[wrong], price_book=book) == ("price_missing", {"code": "CUFF"})

    def test_refuses_a_distance_beyond_the_last_tier(self):
        far = facts.visit(distance_km="5.0001")
        assert refusal(visits=[far], visit_fee_tariff=[facts.tariff()]) == ("outside_service_area", {})

    @pytest.mark.parametrize(
        "changes",
        [
            {"visit_fee_tariff": [facts.tariff(tiers=[{"up_to_km": None, "price": "1"}])]},
            {"visit_fee_tariff": [facts.tariff()], "policy": {"visit_fee": "none"}},
            {"visit_fee_tariff": [facts.tariff(to="2026-03-01")]},
        ],
        ids=["a tier without end", "no fee by policy", "no tariff on the day"],
    )
    def test_asks_for_no_distance_when_the_tariff_sets_no_end(self, changes):
        assert facts.settle(visits=[facts.visit(distance_km="999999999")], **changes)["status"] == "settled"
