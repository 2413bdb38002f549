"""Events: in order, idempotent, refused ones change nothing; balances are sums."""

import pytest

from tests.billing import facts

QUOTA = {"contracts": [facts.contract("C1", ("BP", 8, 7))]}
TWO = [facts.visit("V1"), facts.visit("V2", started_at="2026-03-03T09:00:00+08:00")]


class TestSettle:
    @pytest.mark.requirement("R040")
    def test_again_answers_the_same_bill_and_uses_nothing_more(self):
        result = facts.run({"settle": "V1"}, {"settle": "V1"}, **QUOTA)
        first, again = result["events"]
        assert first == again
        assert first["status"] == "settled"
        assert result["balances"]["contracts"] == {"C1": {"BP": 8}}

    def test_after_a_refused_event_goes_on(self):
        result = facts.run({"settle": "V9"}, {"reverse": "V1"}, {"settle": "V1"}, **QUOTA)
        assert [entry["status"] for entry in result["events"]] == ["refused", "refused", "settled"]


class TestReverse:
    def test_returns_the_unit_to_whoever_settles_next(self):
        events = [
            {"settle": "V1"},
            {"settle": "V2"},
            {"reverse": "V1"},
            {"reverse": "V2"},
            {"settle": "V2"},
            {"settle": "V1"},
        ]
        entries = facts.run(*events, visits=TWO, **QUOTA)["events"]
        assert [entry["patient_fen"] for entry in entries] == [0, 1000, 0, 1000, 0, 1000]

    def test_leaves_the_bills_of_other_visits_as_they_are(self):
        events = [{"settle": "V1"}, {"settle": "V2"}, {"reverse": "V1"}, {"settle": "V2"}]
        entries = facts.run(*events, visits=TWO, **QUOTA)["events"]
        assert entries[3] == entries[1]
        assert entries[3]["patient_fen"] == 1000

    def test_answers_the_amounts_that_it_returns(self):
        entry = facts.run({"settle": "V1"}, {"reverse": "V1"})["events"][1]
        assert entry == {"event": {"reverse": "V1"}, "status": "reversed", "gross_fen": 1000, "patient_fen": 1000}

    @pytest.mark.parametrize(
        ("events", "reason"),
        [
            ([{"reverse": "V9"}], "visit_unknown"),
            ([{"reverse": "V1"}], "not_settled"),
            ([{"settle": "V1"}, {"reverse": "V1"}, {"reverse": "V1"}], "not_settled"),
        ],
    )
    def test_refuses_what_is_not_there(self, events, reason):
        entry = facts.run(*events)["events"][-1]
        assert entry == {"event": events[-1], "status": "refused", "reason": reason, "facts": {}}


class TestBalances:
    def test_has_all_four_keys_also_when_there_is_nothing(self):
        assert facts.run()["balances"] == {"contracts": {}, "programs": {}, "ltci": {}, "insurance": {}}

    def test_lists_a_year_that_the_file_gives_and_one_that_is_not_zero(self):
        patients = [{"id": "P1", "insurance": facts.insured(fund_used={"2025": "0"})}]
        book = [facts.price("BP", insurance_class="A")]
        settled = {"patients": patients, "price_book": book, "region": facts.region()}
        kept = facts.run({"settle": "V1"}, **settled)["balances"]["insurance"]["P1"]["fund_used_fen"]
        returned = facts.run({"settle": "V1"}, {"reverse": "V1"}, **settled)["balances"]["insurance"]["P1"]
        assert kept == {"2025": 0, "2026": 800}
        assert returned == {"deductible_used_fen": {}, "fund_used_fen": {"2025": 0}, "per_diem_used_fen": {}}

    def test_lists_every_enrolment_and_no_patient_without_one(self):
        programs = [{"id": name, "from": "2026-01-01", "items": []} for name in ("PA", "PB")]
        patients = [
            {"id": "P1", "programs": [{"id": "PB", "from": "2027-01-01"}, {"id": "PA", "from": "2026-01-01"}]},
            {"id": "P2", "programs": []},
        ]
        assert facts.run(programs=programs, patients=patients)["balances"]["programs"] == {"P1": {"PA": {}, "PB": {}}}
