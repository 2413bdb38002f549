"""Whether the report's figures add up: orders, bills to the fen, and the server's own sums."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from service.demo.client import Json
from service.demo.processes import DemoFailed

PREVENTING: Final = frozenset({"public_program", "bed_per_diem", "capitation", "contract"})
"""Payers that have paid already: without them the family would be charged again."""


def check(report: Json, standing: Iterable[Json], totals: Json) -> list[str]:
    """Return what was checked; `standing` are the bills, `totals` the server's sums of them.

    Raises:
        DemoFailed: names the sum that does not come out.
    """
    orders, bills, day = report["orders"], report["bills"], report["day"]
    states = Counter(orders["states"])
    from_payers = sum(part["fen"] for part in report["double_charges_prevented"] if part["payer"] in PREVENTING)
    sums = {
        "订单 = 排上 + 未排 + 排班前取消": (
            orders["placed"],
            orders["planned"] + orders["unassigned"] + orders["cancelled_before_planning"],
        ),
        "排上 = 已结算 + 未遇": (orders["planned"], states["closed"] + states["noshow"]),
        "未排 = 仍待排": (orders["unassigned"], states["accepted"]),
        "账单数 = 已核实上门数": (bills["count"], day["verified"]),
        "账单合计 = 各行合计": (bills["gross_fen"], bills["lines_fen"]),
        "各行合计 = 各付费方合计": (bills["lines_fen"], bills["payers_fen"]),
        "逐张：账单 = 各行 = 各付费方": (sum(_adds_up(bill) for bill in standing), bills["count"]),
        "逐张：证明复算一致": (report["proofs"]["equal"], bills["count"]),
        "与系统汇总一致：合计": (bills["gross_fen"], totals["gross_fen"]),
        "与系统汇总一致：家庭自付": (bills["family_fen"], totals["patient_fen"]),
        "与系统汇总一致：避免的重复收费": (from_payers, totals["prevented_fen"]),
        "冲销金额 = 重新结算金额": (report["reversal"]["reversed_fen"], report["reversal"]["settled_again_fen"]),
    }
    for what, (one, other) in sums.items():
        if one != other:
            raise DemoFailed(f"数目不平：{what}（{one} ≠ {other}）。")
    return list(sums)


def _adds_up(bill: Json) -> bool:
    lines = sum(line["gross_fen"] for line in bill["lines"])
    parts = sum(part["amount_fen"] for line in bill["lines"] for part in line["fundings"])
    own = sum(part["amount_fen"] for line in bill["lines"] for part in line["fundings"] if part["source"] == "self_pay")
    return bool(bill["gross_fen"] == lines == parts and bill["patient_fen"] == own)
