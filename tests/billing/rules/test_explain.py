"""Every reason has its sentence, and the sentence has the figures."""

import json

import pytest

from service.billing import case, rules
from service.billing.rules import explain
from tests.billing import facts


def bill(**changes):
    result = case.run_case(case.read_case(json.dumps(facts.case_file(**changes)).encode()))
    return result.outcomes[0].answer


class TestSentences:
    @pytest.mark.parametrize("reason", rules.FundingReason)
    def test_every_funding_reason_has_one(self, reason):
        paid = rules.Funding(rules.Source.self_pay, 1234, reason, ref="R1", units=2, left=5)
        said = rules.explain_funding(paid, rules.BedLine("2026", 1, 1234))
        assert said.startswith("家庭病床床日费")
        assert "None" not in said

    @pytest.mark.parametrize("reason", rules.RefusalReason)
    def test_every_refusal_has_one(self, reason):
        named = {"code": "X", "staff_count": 1, "min_staff": 2}
        assert "{" not in rules.explain_refusal(rules.Refusal(reason, named))

    @pytest.mark.parametrize(
        ("named", "said"),
        [
            ({"mode": "night"}, "机构在服务当日没有登记服务方式night，不能结算"),
            ({"staff_count": 0}, "没有上门人员，不能结算"),
            ({"staff": "N1"}, "上门人员N1在服务当日没有有效执业资格，不能结算"),
        ],
    )
    def test_says_which_qualification_is_missing(self, named, said):
        assert rules.explain_refusal(rules.Refusal(rules.RefusalReason.provider_not_qualified, named)) == said

    def test_names_the_contract_and_what_is_left(self):
        line = bill(
            price_book=[facts.price("BP", "5.0000", name="血压测量")], contracts=[facts.contract("C1", ("BP", 8, 7))]
        ).lines[0]
        assert explain.explain_line(line) == "血压测量5元×1＝5.00元"
        assert rules.explain_funding(line.funding[0], line) == "血压测量由家庭医生签约C1支付，余0次"

    def test_names_the_line_that_includes_or_excludes(self):
        book = [facts.price("A", name="注射", includes=["B"], excludes=["C"]), facts.price("B"), facts.price("C")]
        lines = bill(visits=[facts.visit("V1", ("A", 1), ("B", 1), ("C", 1))], price_book=book).lines
        said = [rules.explain_line(line, {"A": "注射"}) for line in lines[1:]]
        assert said == ["B已含在“注射”的项目内涵里，不另收费", "C不能与“注射”同时收费，本次不收"]

    def test_says_what_is_over_the_limit(self):
        book = [facts.price("BP", "2.5", per_visit_max=2)]
        line = bill(visits=[facts.visit("V1", ("BP", 3))], price_book=book).lines[0]
        assert rules.explain_line(line) == "BP2.50元×2（做了3，每次上门最多收2）＝5.00元"

    def test_says_how_a_fee_came_about(self):
        tariff = facts.tariff("78", unit="visit_staff", night={"from": "08:00", "to": "10:00", "multiplier": "1.5"})
        fee = bill(visits=[facts.visit(staff=["D1", "N1"])], visit_fee_tariff=[tariff]).fee
        assert rules.explain_fee(fee) == "上门服务费：78元×2人×夜间1.50倍＝234.00元"

    def test_says_that_a_home_pays_one_fee(self):
        trip = [facts.visit(name, trip="T1", home="H1") for name in ("V1", "V2", "V3")]
        fee = bill(visits=trip, visit_fee_tariff=[facts.tariff("100")]).fee
        assert rules.explain_fee(fee) == "上门服务费：同一次上门同一户只收一次（100.00元，3人分摊），您分摊33.34元"

    def test_says_why_a_fee_is_not_taken(self):
        tariff = [facts.tariff()]
        in_bed = bill(visit_fee_tariff=tariff, beds=[facts.bed(payment="per_item")]).fee
        funded = bill(visit_fee_tariff=tariff, contracts=[facts.contract("C1", ("BP", 8, 0))]).fee
        assert rules.explain_fee(in_bed) == "家庭病床期间免收上门服务费"
        assert rules.explain_fee(funded) == "服务项目已有经费保障，免收上门服务费"

    def test_counts_bed_days(self):
        line = rules.BedLine("2026", 10, 80000)
        assert rules.explain_bed_line(line) == "2026年家庭病床10个床日，共800.00元（计入不计出）"
