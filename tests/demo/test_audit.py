"""The report's figures: any one that does not add up ends the demo."""

import copy
from typing import Any

import pytest

from service.demo import audit
from service.demo.processes import DemoFailed

BILL = {
    "gross_fen": 3000,
    "patient_fen": 1000,
    "lines": [
        {"gross_fen": 2000, "fundings": [{"source": "contract", "amount_fen": 2000}]},
        {"gross_fen": 1000, "fundings": [{"source": "self_pay", "amount_fen": 1000}]},
    ],
}
TOTALS = {"gross_fen": 3000, "patient_fen": 1000, "prevented_fen": 2000}
REPORT: dict[str, Any] = {
    "orders": {
        "placed": 4,
        "planned": 2,
        "unassigned": 1,
        "cancelled_before_planning": 1,
        "states": {"closed": 1, "noshow": 1, "accepted": 1, "cancelled": 1},
    },
    "day": {"verified": 1},
    "bills": {"count": 1, "gross_fen": 3000, "lines_fen": 3000, "payers_fen": 3000, "family_fen": 1000},
    "double_charges_prevented": [{"payer": "contract", "fen": 2000}, {"payer": "included", "fen": 500}],
    "proofs": {"of": 1, "equal": 1},
    "reversal": {"reversed_fen": 1300, "settled_again_fen": 1300},
}


class TestCheck:
    def test_passes_what_adds_up_and_says_what_it_checked(self) -> None:
        assert len(audit.check(REPORT, [BILL], TOTALS)) == 12

    @pytest.mark.parametrize(
        ("part", "figure"),
        [
            ("orders", "planned"),
            ("orders", "unassigned"),
            ("day", "verified"),
            ("bills", "gross_fen"),
            ("bills", "payers_fen"),
            ("bills", "family_fen"),
            ("reversal", "settled_again_fen"),
            ("proofs", "equal"),
        ],
    )
    def test_ends_the_demo_when_a_figure_is_one_off(self, part: str, figure: str) -> None:
        wrong = copy.deepcopy(REPORT)
        wrong[part][figure] += 1
        with pytest.raises(DemoFailed, match="数目不平"):
            audit.check(wrong, [BILL], TOTALS)

    def test_ends_the_demo_when_one_bill_is_off_though_the_sums_are_right(self) -> None:
        wrong = copy.deepcopy(BILL)
        wrong["patient_fen"] = 999
        with pytest.raises(DemoFailed, match="逐张"):
            audit.check(REPORT, [wrong], TOTALS)

    @pytest.mark.parametrize("figure", TOTALS)
    def test_ends_the_demo_when_the_server_sums_up_otherwise(self, figure: str) -> None:
        with pytest.raises(DemoFailed, match="与系统汇总一致"):
            audit.check(REPORT, [BILL], TOTALS | {figure: 1})
