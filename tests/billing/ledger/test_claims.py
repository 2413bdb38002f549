"""What an insurer is told of a bill: classes, what the policy covers, the deductible, and sums that hold."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from service.billing.ledger import claims_list, errors
from service.core.ids import new_id


def row(**more: Any) -> Any:
    said = {
        "mdtrt_id": str(new_id()),
        "source_id": new_id(),
        "reverses_id": None,
        "booked_on": date(2026, 3, 2),
        "service_on": date(2026, 3, 1),
        "person_id": new_id(),
        "plan_code": "RESIDENT",
        "ratio": "0.8",
        "total": 1000,
        "alone": 100,
        "first": 90,
        "covered": 810,
        "below": 10,
        "fund": 640,
        "own": 310,
        "hospital": 50,
    }
    return SimpleNamespace(**said | more)


class TestFields:
    def test_carry_the_national_names(self) -> None:
        claim = claims_list.as_claim(row())
        assert claim["medfee_sumamt"] == 1000
        assert (claim["fulamt_ownpay_amt"], claim["overlmt_selfpay"], claim["preselfpay_amt"]) == (100, 0, 90)
        assert (claim["inscp_scp_amt"], claim["act_pay_dedc"], claim["hifp_pay"]) == (810, 10, 640)
        assert (claim["fund_pay_sumamt"], claim["psn_part_amt"], claim["hosp_part_amt"]) == (640, 310, 50)
        assert (claim["psn_cash_pay"], claim["acct_pay"], claim["acct_mulaid_pay"], claim["maf_pay"]) == (310, 0, 0, 0)

    @pytest.mark.parametrize("wrong", [{"alone": 99}, {"first": 91}, {"covered": 809}, {"own": 311}, {"hospital": 0}])
    def test_a_claim_that_does_not_add_up_is_not_given_out(self, wrong: dict[str, int]) -> None:
        with pytest.raises(errors.ClaimInconsistent):
            claims_list.as_claim(row(**wrong))

    @pytest.mark.parametrize(
        "field", ["medfee_sumamt", "fund_pay_sumamt", "hifp_pay", "psn_part_amt", "psn_cash_pay", "acct_pay"]
    )
    def test_each_of_the_sums_is_checked(self, field: str) -> None:
        claim = claims_list.as_claim(row())
        assert claims_list.adds_up(claim)
        assert not claims_list.adds_up(claim | {field: claim[field] + 1})

    def test_a_claim_taken_back_is_negative_and_adds_up_too(self) -> None:
        whole = row()
        amounts = ("total", "alone", "first", "covered", "below", "fund", "own", "hospital")
        back = row(reverses_id=whole.source_id, **{name: -getattr(whole, name) for name in amounts})
        claim = claims_list.as_claim(back)
        assert (claim["medfee_sumamt"], claim["reverses_setl_id"]) == (-1000, str(whole.source_id))
