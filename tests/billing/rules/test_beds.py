"""Bed days: counted 计入不计出, billed once, shared by ratio, year by year, day by day."""

import pytest

from tests.billing import facts

INSURED = [{"id": "P1", "insurance": facts.insured()}]


def stay(first, until, bed="B1", kind="settle_bed"):
    return {kind: bed, "from": first, "to": until}


def bill(*events, **changes):
    changes = {"patients": INSURED, "beds": [facts.bed()], **changes}
    return facts.run(*events, **changes)


def per_diem_used(result):
    return result["balances"]["insurance"]["P1"]["per_diem_used_fen"]


class TestSettleBedDays:
    @pytest.mark.requirement("R063")
    def test_counts_the_first_day_and_not_the_last(self):
        result = bill(stay("2026-03-01", "2026-04-01"), beds=[facts.bed(closed_on="2026-03-11")])
        assert result["events"][0] == {
            "event": stay("2026-03-01", "2026-04-01"),
            "status": "settled",
            "gross_fen": 80000,
            "patient_fen": 4000,
            "lines": [
                {
                    "code": "BED_DAY",
                    "year": "2026",
                    "quantity": 10,
                    "charged_quantity": 10,
                    "status": "charged",
                    "gross_fen": 80000,
                    "patient_fen": 4000,
                    "funding": [
                        {"source": "medical_insurance", "amount_fen": 76000},
                        {"source": "self_pay", "amount_fen": 4000},
                    ],
                }
            ],
        }
        assert per_diem_used(result) == {"2026": 76000}

    @pytest.mark.requirement("R064")
    def test_patient_and_insurance_share_a_day_by_ratio(self):
        entry = bill(stay("2026-03-01", "2026-03-02"))["events"][0]
        assert facts.fundings(entry) == [("medical_insurance", None, None, 7600), ("self_pay", None, None, 400)]

    def test_bills_no_day_before_opening_or_in_a_pause(self):
        pauses = [{"from": "2026-03-04", "to": "2026-03-06"}, {"from": "2026-03-08", "to": "2026-03-08"}]
        entry = bill(stay("2026-02-01", "2026-03-10"), beds=[facts.bed(pauses=pauses)])["events"][0]
        assert entry["lines"][0]["quantity"] == 7

    def test_bills_a_day_once_whatever_the_overlaps(self):
        result = bill(
            stay("2026-03-03", "2026-03-05"),
            stay("2026-03-01", "2026-03-07"),
            stay("2026-03-01", "2026-03-07"),
        )
        first, second, third = result["events"]
        assert [first["lines"][0]["quantity"], second["lines"][0]["quantity"]] == [2, 4]
        assert (third["status"], third["reason"], third["facts"]) == ("refused", "nothing_to_bill", {})

    def test_bills_a_day_once_per_patient_over_all_episodes(self):
        beds = [facts.bed("B1"), facts.bed("B2", daily_rate="90")]
        result = bill(stay("2026-03-01", "2026-03-03"), stay("2026-03-02", "2026-03-05", "B2"), beds=beds)
        assert [entry["gross_fen"] for entry in result["events"]] == [16000, 18000]

    def test_another_patient_has_days_of_its_own(self):
        beds = [facts.bed("B1"), facts.bed("B2", patient="P2")]
        patients = [*INSURED, {"id": "P2"}]
        result = bill(
            stay("2026-03-01", "2026-03-03"), stay("2026-03-01", "2026-03-03", "B2"), beds=beds, patients=patients
        )
        assert [entry["patient_fen"] for entry in result["events"]] == [800, 16000]

    @pytest.mark.parametrize(
        ("event", "reason"),
        [
            (stay("2026-03-01", "2026-03-02", "B9"), "bed_unknown"),
            (stay("2026-03-01", "2026-03-02", "BI"), "bed_not_per_diem"),
            (stay("2026-03-02", "2026-03-02"), "nothing_to_bill"),
            (stay("2026-03-02", "2026-03-01"), "nothing_to_bill"),
            (stay("2026-02-01", "2026-03-01"), "nothing_to_bill"),
        ],
    )
    def test_refuses(self, event, reason):
        entry = bill(event, beds=[facts.bed(), facts.bed("BI", payment="per_item")])["events"][0]
        assert entry == {"event": event, "status": "refused", "reason": reason, "facts": {}}


class TestInsuranceOfBedDays:
    def test_settles_a_stay_across_new_year_year_by_year(self):
        beds = [facts.bed(opened_on="2026-12-30", per_diem_year_cap="100")]
        patients = [{"id": "P1", "insurance": facts.insured(per_diem_used={"2026": "30"})}]
        result = bill(stay("2026-12-30", "2027-01-02"), beds=beds, patients=patients)
        lines = result["events"][0]["lines"]
        # 2026: two days, 160.00 x 0.95 = 152.00, but 70.00 are left; 2027: 80.00 x 0.95 = 76.00 of a new 100.00
        assert [(line["year"], line["quantity"], line["funding"][0]["amount_fen"]) for line in lines] == [
            ("2026", 2, 7000),
            ("2027", 1, 7600),
        ]
        assert per_diem_used(result) == {"2026": 10000, "2027": 7600}

    def test_pays_only_for_days_on_which_the_patient_is_insured(self):
        patients = [{"id": "P1", "insurance": {"from": "2026-03-03", "to": "2026-03-04"}}]
        entry = bill(stay("2026-03-01", "2026-03-07"), patients=patients)["events"][0]
        assert facts.fundings(entry) == [("medical_insurance", None, None, 15200), ("self_pay", None, None, 32800)]

    def test_pays_nothing_for_a_patient_without_insurance(self):
        result = bill(stay("2026-03-01", "2026-03-02"), patients=[{"id": "P1"}])
        assert facts.fundings(result["events"][0]) == [("self_pay", None, None, 8000)]
        assert result["balances"]["insurance"] == {}

    def test_pays_nothing_when_more_than_the_cap_is_used(self):
        patients = [{"id": "P1", "insurance": facts.insured(per_diem_used={"2026": "15000.01"})}]
        result = bill(stay("2026-03-01", "2026-03-02"), patients=patients)
        assert facts.fundings(result["events"][0]) == [("self_pay", None, None, 8000)]
        assert per_diem_used(result) == {"2026": 1500001}


class TestReverseBedDays:
    def reverse(self, *days, **changes):
        events = [stay("2026-03-01", "2026-03-04"), *(stay(*day, kind="reverse_bed") for day in days)]
        return bill(*events, **changes)

    def test_returns_each_day_with_the_part_that_it_added(self):
        # 33.335 a day: 33.34 + 33.33 + 33.34 (rounded totals 33.34, 66.67, 100.01 after 1, 2, 3 days);
        # the fund has half of it, 16.67, 33.34 and 50.01 after 1, 2 and 3 days: 16.67 each
        bed = facts.bed(daily_rate="33.335", per_diem_pay_ratio="0.5")
        days = [("2026-03-01", "2026-03-02"), ("2026-03-02", "2026-03-03"), ("2026-03-03", "2026-03-04")]
        result = self.reverse(*days, beds=[bed])
        whole, *parts = result["events"]
        assert (whole["gross_fen"], whole["patient_fen"]) == (10001, 5000)
        assert [(part["gross_fen"], part["patient_fen"]) for part in parts] == [
            (3334, 1667),
            (3333, 1666),
            (3334, 1667),
        ]
        assert parts[0] == {
            "event": stay("2026-03-01", "2026-03-02", kind="reverse_bed"),
            "status": "reversed",
            "gross_fen": 3334,
            "patient_fen": 1667,
        }
        assert per_diem_used(result) == {}

    def test_the_days_before_the_cap_hold_what_the_fund_has_paid(self):
        # 76.00 a day and 100.00 left: parts 76.00, 24.00, 0
        result = self.reverse(
            ("2026-03-02", "2026-03-03"), ("2026-03-03", "2026-03-04"), beds=[facts.bed(per_diem_year_cap="100")]
        )
        assert [entry["patient_fen"] for entry in result["events"]] == [14000, 5600, 8000]
        assert per_diem_used(result) == {"2026": 7600}

    def test_returned_days_can_be_billed_again(self):
        events = [stay("2026-03-01", "2026-03-04"), stay("2026-03-02", "2026-03-03", kind="reverse_bed")]
        entries = bill(*events, stay("2026-03-01", "2026-03-04"))["events"]
        assert entries[2]["lines"][0]["quantity"] == 1

    def test_returns_only_days_of_that_bed(self):
        beds = [facts.bed("B1", closed_on="2026-03-03"), facts.bed("B2", daily_rate="90")]
        events = [
            stay("2026-03-01", "2026-03-03"),
            stay("2026-03-01", "2026-03-05", "B2"),
            stay("2026-03-01", "2026-03-05", kind="reverse_bed"),
        ]
        assert bill(*events, beds=beds)["events"][2]["gross_fen"] == 16000

    @pytest.mark.parametrize(
        ("event", "reason"),
        [
            (stay("2026-03-01", "2026-03-02", "B9", kind="reverse_bed"), "bed_unknown"),
            (stay("2026-03-01", "2026-03-02", "BI", kind="reverse_bed"), "bed_not_per_diem"),
            (stay("2026-03-04", "2026-03-09", kind="reverse_bed"), "not_settled"),
            (stay("2026-03-02", "2026-03-02", kind="reverse_bed"), "not_settled"),
            (stay("2026-03-03", "2026-03-01", kind="reverse_bed"), "not_settled"),
        ],
    )
    def test_refuses(self, event, reason):
        beds = [facts.bed(), facts.bed("BI", payment="per_item")]
        result = bill(stay("2026-03-01", "2026-03-04"), event, beds=beds)
        assert result["events"][1] == {"event": event, "status": "refused", "reason": reason, "facts": {}}
        assert per_diem_used(result) == {"2026": 22800}
