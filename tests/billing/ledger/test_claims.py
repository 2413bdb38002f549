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
        "kind": "home_visit",
        "insutype": None,
        "med_types": {},
    }
    return SimpleNamespace(**said | more)


class TestFields:
    def test_carry_the_national_names(self) -> None:
        claim = claims_list.as_insurance_claim(row())
        assert claim["medfee_sumamt"] == 1000
        assert (claim["fulamt_ownpay_amt"], claim["overlmt_selfpay"], claim["preselfpay_amt"]) == (100, 0, 90)
        assert (claim["inscp_scp_amt"], claim["act_pay_dedc"], claim["hifp_pay"]) == (810, 10, 640)
        assert (claim["fund_pay_sumamt"], claim["psn_part_amt"], claim["hosp_part_amt"]) == (640, 310, 50)
        assert (claim["psn_cash_pay"], claim["acct_pay"], claim["acct_mulaid_pay"], claim["maf_pay"]) == (310, 0, 0, 0)

    @pytest.mark.parametrize("wrong", [{"alone": 99}, {"first": 91}, {"covered": 809}, {"own": 311}, {"hospital": 0}])
    def test_a_claim_that_does_not_add_up_is_not_given_out(self, wrong: dict[str, int]) -> None:
        with pytest.raises(errors.ClaimInconsistent):
            claims_list.as_insurance_claim(row(**wrong))

    @pytest.mark.parametrize(
        "field",
        ["medfee_sumamt", "fund_pay_sumamt", "hifp_pay", "ltci_pay", "psn_part_amt", "psn_cash_pay", "acct_pay"],
    )
    def test_each_of_the_sums_is_checked(self, field: str) -> None:
        claim = claims_list.as_insurance_claim(row())
        assert claims_list.adds_up(claim)
        assert not claims_list.adds_up(claim | {field: claim[field] + 1})

    def test_a_claim_taken_back_is_negative_and_adds_up_too(self) -> None:
        whole = row()
        amounts = ("total", "alone", "first", "covered", "below", "fund", "own", "hospital")
        back = row(reverses_id=whole.source_id, **{name: -getattr(whole, name) for name in amounts})
        claim = claims_list.as_insurance_claim(back)
        assert (claim["medfee_sumamt"], claim["reverses_setl_id"]) == (-1000, str(whole.source_id))


class TestCodes:
    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ("home_visit", "11"),
            ("home_bed_round", "5"),
            ("institution_round", "11"),
            ("treatment", "5"),
            ("rehabilitation", "5"),
            ("palliative", "5"),
            ("hospice_ward", "21"),
            ("medical_rehabilitation", "21"),
        ],
    )
    def test_each_kind_of_bill_has_its_own_and_the_plan_names_the_insurance(self, kind: str, code: str) -> None:
        claim = claims_list.as_insurance_claim(row(kind=kind))
        assert (claim["insutype"], claim["med_type"]) == ("RESIDENT", code)
        assert (claim["hifp_pay"], claim["ltci_pay"]) == (640, 0)
        assert (claim["pool_prop_selfpay"], claim["ltci_prop"]) == ("0.8", "")

    def test_the_rule_of_the_payer_says_others(self) -> None:
        said = {"insutype": "390", "med_types": {"home_bed_round": "24"}}
        codes = [claims_list.as_insurance_claim(row(kind=kind, **said)) for kind in ("home_bed_round", "home_visit")]
        assert [(each["insutype"], each["med_type"]) for each in codes] == [("390", "24"), ("390", "11")]

    def test_long_term_care_insurance_has_its_own_whatever_the_medical_insurance_is(self) -> None:
        claim = claims_list.as_ltci_claim(row())
        assert (claim["insutype"], claim["med_type"]) == ("410", "")
        assert (claim["ltci_pay"], claim["hifp_pay"], claim["fund_pay_sumamt"]) == (640, 0, 640)
        assert (claim["ltci_prop"], claim["pool_prop_selfpay"]) == ("0.8", "")
        named = claims_list.as_ltci_claim(row(insutype="CH", med_types={"visit": "91"}))
        assert (named["insutype"], named["med_type"]) == ("CH", "91")

    def test_a_person_is_named_by_the_number_that_he_has_here_and_his_kind_is_not_known(self) -> None:
        whole = row()
        for claim in (claims_list.as_insurance_claim(whole), claims_list.as_ltci_claim(whole)):
            assert (claim["psn_no"], claim["psn_type"], claim["mdtrt_cert_type"]) == (whole.person_id, "", "02")
