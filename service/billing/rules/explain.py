"""Says in Chinese, for the elder, why a line costs what it costs, who pays it, and why something was refused.

Each sentence belongs to one machine code (`reason`) of the bill.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from service.billing.rules import bills, words
from service.core import money

_REFUSALS: Final[Mapping[bills.RefusalReason, str]] = {
    bills.RefusalReason.visit_unknown: "没有这次上门",
    bills.RefusalReason.visit_not_verified: "这次上门还没有核实（六要素不全，也没有批准的例外），不能结算",
    bills.RefusalReason.provider_not_qualified: "上门资格不符，不能结算",
    bills.RefusalReason.too_few_staff: "上门人员{staff_count}名，少于规定的{min_staff}名，不能结算",
    bills.RefusalReason.price_missing: "项目{code}在服务当日没有价格，不能结算",
    bills.RefusalReason.outside_service_area: "距离超出上门服务范围，不能结算",
    bills.RefusalReason.not_settled: "没有已结算的账可以冲销",
    bills.RefusalReason.bed_unknown: "没有这张家庭病床",
    bills.RefusalReason.bed_not_per_diem: "这张家庭病床不按床日付费",
    bills.RefusalReason.nothing_to_bill: "没有可计费的床日（未开床、已暂停或已经计过）",
}
_UNQUALIFIED: Final[Mapping[str, str]] = {
    "mode": "机构在服务当日没有登记服务方式{mode}，不能结算",
    "staff_count": "没有上门人员，不能结算",
    "staff": "上门人员{staff}在服务当日没有有效执业资格，不能结算",
}
_FUNDING: Final[Mapping[bills.FundingReason, str]] = {
    bills.FundingReason.program_units: "{what}由公共卫生项目{ref}支付{units}次，今年余{left}次",
    bills.FundingReason.bed_per_diem: "{what}已含在家庭病床{ref}的床日费里，不另收费",
    bills.FundingReason.capitated: "{what}已含在家庭医生签约{ref}的人头费里，不另收费",
    bills.FundingReason.contract_units: "{what}由家庭医生签约{ref}支付，余{left}次",
    bills.FundingReason.contract_use: "{what}由家庭医生签约{ref}按上门次数支付，余{left}次",
    bills.FundingReason.contract_covers_fee: "{what}由家庭医生签约{ref}支付",
    bills.FundingReason.ltci_catalog: "{what}由长期护理保险支付{yuan}元，本月还可支付{left_yuan}元",
    bills.FundingReason.insurance: "{what}由医保支付{yuan}元，今年还可支付{left_yuan}元",
    bills.FundingReason.insurance_per_diem: "{what}由医保按床日支付{yuan}元，今年还可支付{left_yuan}元",
    bills.FundingReason.rest_after_insurance: "{what}医保支付后，您自付{yuan}元",
    bills.FundingReason.ltci_excludes_insurance: "{what}属于长期护理保险目录，医保不再支付，您自付{yuan}元",
    bills.FundingReason.class_c: "{what}是医保丙类（目录外），您自付{yuan}元",
    bills.FundingReason.insurance_exhausted: "{what}未超过医保起付线或已到年度限额，您自付{yuan}元",
    bills.FundingReason.nobody_pays: "{what}没有可用的经费来源，您自付{yuan}元",
}
_FEE_NAME: Final = "上门服务费"
_BED_NAME: Final = "家庭病床床日费"


def explain_line(line: bills.Line, names: Mapping[str, str] | None = None) -> str:
    """Say why a line costs what it costs; `names` gives the names of other codes."""
    by = (names or {}).get(line.marked_by or "", line.marked_by)
    if line.reason is bills.LineReason.included:
        return f"{line.price.name}已含在“{by}”的项目内涵里，不另收费"
    if line.reason is bills.LineReason.excluded:
        return f"{line.price.name}不能与“{by}”同时收费，本次不收"
    sum_of = f"{line.price.name}{_plain(line.price.unit_price)}元×{line.charged_quantity}"
    limit = f"（做了{line.quantity}，每次上门最多收{line.charged_quantity}）"
    amount = f"＝{money.format_yuan(line.gross_fen)}元"
    return sum_of + (limit if line.reason is bills.LineReason.over_limit else "") + amount


def explain_fee(line: bills.FeeLine) -> str:
    """Say how the visit fee came about, or why it is not taken."""
    if line.reason is bills.LineReason.fee_waived_in_bed_cycle:
        return f"家庭病床期间免收{_FEE_NAME}"
    if line.reason is bills.LineReason.fee_waived_fully_funded:
        return f"服务项目已有经费保障，免收{_FEE_NAME}"
    share, own = line.share, line.share.own
    if share.sharers > 1:
        home, part = money.format_yuan(share.home_fen), money.format_yuan(share.amount_fen)
        return f"{_FEE_NAME}：同一次上门同一户只收一次（{home}元，{share.sharers}人分摊），您分摊{part}元"
    staff = f"×{own.units}人" if own.tariff.unit is words.FeeUnit.visit_staff else ""
    night = f"×夜间{_plain(own.multiplier)}倍" if own.multiplier is not None else ""
    return f"{_FEE_NAME}：{_plain(own.price)}元{staff}{night}＝{money.format_yuan(own.amount_fen)}元"


def explain_bed_line(line: bills.BedLine) -> str:
    """Say what the bed days of a year cost."""
    return f"{line.year}年家庭病床{line.days}个床日，共{money.format_yuan(line.gross_fen)}元（计入不计出）"


def explain_funding(paid: bills.Funding, line: bills.Line | bills.FeeLine | bills.BedLine) -> str:
    """Say who pays a part of a line, why, and what is left of that source."""
    return _FUNDING[paid.reason].format(
        what=_name_of(line),
        ref=paid.ref,
        units=paid.units,
        left=paid.left,
        yuan=money.format_yuan(paid.amount_fen),
        left_yuan=money.format_yuan(paid.left or 0),
    )


def explain_refusal(refusal: bills.Refusal) -> str:
    """Say why nothing was settled or reversed."""
    if refusal.reason is bills.RefusalReason.provider_not_qualified:
        named = next((sentence for fact, sentence in _UNQUALIFIED.items() if fact in refusal.facts), None)
        if named is not None:
            return named.format_map(refusal.facts)
    return _REFUSALS[refusal.reason].format_map(refusal.facts)


def _name_of(line: bills.Line | bills.FeeLine | bills.BedLine) -> str:
    if isinstance(line, bills.Line):
        return line.price.name
    return _FEE_NAME if isinstance(line, bills.FeeLine) else _BED_NAME


def _plain(number: Decimal) -> str:
    """Write a price without trailing zeros, with at least two decimals when it has any, never as an exponent."""
    text = f"{number:f}"
    if "." not in text:
        return text
    whole, decimals = text.split(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals.ljust(2, '0')}" if decimals else whole
