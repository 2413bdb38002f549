"""The statements there are: their Chinese titles, their columns, how long a period each may cover. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from service.billing.ledger import rules

_YEAR: Final = 366
_MONTH: Final = 31


class StatementKind(StrEnum):
    """What may be asked of the ledger."""

    trial_balance = "trial-balance"
    daily = "daily"
    monthly = "monthly"
    income_classes = "income-classes"
    fulfilment = "fulfilment"
    fulfilment_visits = "fulfilment-visits"
    programmes = "programmes"
    insurance_claims = "insurance-claims"
    ltci_claims = "ltci-claims"
    capitation = "capitation"
    per_diem = "per-diem"
    invoices = "invoices"


class Unit(StrEnum):
    """What the cells of a column are.

    Money is whole fen until it is written. In JSON `fen` stays fen and `yuan` is a decimal string; tables for people
    show both as yuan with two decimals.
    """

    text = "text"
    day = "day"
    number = "number"
    fen = "fen"
    yuan = "yuan"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in JSON, its Chinese heading; `summed` has a total in the last line."""

    name: str
    heading: str
    unit: Unit = Unit.text
    summed: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A statement's title and columns; `most_days` is the longest period, `persons` the column that names people."""

    title: str
    columns: tuple[Column, ...]
    most_days: int = _YEAR
    persons: str | None = None


def _money(name: str, heading: str, *, summed: bool = True) -> Column:
    return Column(name, heading, Unit.fen, summed)


def _count(name: str, heading: str, *, summed: bool = True) -> Column:
    return Column(name, heading, Unit.number, summed)


def _yuan(name: str, heading: str) -> Column:
    return Column(name, heading, Unit.yuan, summed=True)


_PAYERS: Final = tuple(
    _money(f"{source}_fen", rules.ACCOUNT_NAMES[account].removeprefix("应收"))
    for source, account in rules.DEBITED.items()
)
_TURNOVER: Final = (
    Column("book", "账簿"),
    _count("bills", "账单数"),
    _count("reversals", "冲销数"),
    _money("gross_fen", "费用合计"),
    *_PAYERS,
)
_UNITS: Final = (_count("units", "数量"), _money("amount_fen", "金额"))
_ITEM: Final = (Column("code", "项目编码"), Column("name", "项目名称"))

# the names are those of the national settlement (医保结算), so that a claim can be carried over without a dictionary
_CLAIM: Final = (
    Column("mdtrt_id", "就诊ID"),
    Column("setl_id", "结算ID"),
    Column("reverses_setl_id", "被冲销的结算ID"),
    Column("setl_time", "结算日期", Unit.day),
    Column("begndate", "服务日期", Unit.day),
    Column("psn_no", "人员编号"),
    Column("insutype", "险种"),
    Column("psn_type", "人员类别"),
    Column("mdtrt_cert_type", "就诊凭证类型"),
    Column("med_type", "医疗类别"),
    _yuan("medfee_sumamt", "医疗费总额"),
    _yuan("fulamt_ownpay_amt", "全自费金额"),
    _yuan("overlmt_selfpay", "超限价自费费用"),
    _yuan("preselfpay_amt", "先行自付金额"),
    _yuan("inscp_scp_amt", "符合政策范围金额"),
    _yuan("act_pay_dedc", "实际支付起付线"),
    _yuan("hifp_pay", "基本医疗保险统筹基金支出"),
    Column("pool_prop_selfpay", "基本医疗保险统筹基金支付比例"),
    _yuan("ltci_pay", "长期护理保险基金支出"),
    Column("ltci_prop", "长期护理保险基金支付比例"),
    _yuan("maf_pay", "医疗救助基金支出"),
    _yuan("fund_pay_sumamt", "基金支付总额"),
    _yuan("psn_part_amt", "个人负担总金额"),
    _yuan("acct_pay", "个人账户支出"),
    _yuan("psn_cash_pay", "个人现金支出"),
    _yuan("hosp_part_amt", "医院负担金额"),
    _yuan("acct_mulaid_pay", "个人账户共济支付金额"),
)

FORMS: Final[Mapping[StatementKind, Form]] = {
    StatementKind.trial_balance: Form(
        "科目发生额试算平衡表",
        (
            Column("book", "账簿"),
            Column("account", "科目编号"),
            Column("account_name", "科目名称"),
            _money("debit_fen", "本期借方"),
            _money("credit_fen", "本期贷方"),
            _money("year_debit_fen", "本年累计借方"),
            _money("year_credit_fen", "本年累计贷方"),
        ),
    ),
    StatementKind.daily: Form("收费日报表", (Column("day", "日期", Unit.day), *_TURNOVER)),
    StatementKind.monthly: Form("收费月报表", (Column("month", "月份"), *_TURNOVER)),
    StatementKind.income_classes: Form(
        "收入分类报表（统一管理与单列备查）",
        (
            Column("income_class", "收入类别"),
            Column("income", "收入项目"),
            _money("amount_fen", "金额"),
            _money("bills_fen", "账单合计"),
            _money("difference_fen", "差额"),
        ),
    ),
    StatementKind.fulfilment: Form(
        "签约履约报表",
        (
            Column("contract_id", "签约编号"),
            Column("package", "服务包"),
            Column("person_id", "居民编号"),
            Column("valid_from", "签约生效", Unit.day),
            Column("valid_to", "签约截止", Unit.day),
            Column("code", "项目编码"),
            _count("granted", "约定数量", summed=False),
            _count("used", "已履约", summed=False),
            _count("remaining", "剩余", summed=False),
            _count("visits", "本期服务次数"),
            *_UNITS,
        ),
        _MONTH,
        persons="person_id",
    ),
    StatementKind.fulfilment_visits: Form(
        "签约履约明细",
        (
            Column("contract_id", "签约编号"),
            Column("person_id", "居民编号"),
            Column("booked_on", "记账日期", Unit.day),
            Column("service_on", "服务日期", Unit.day),
            Column("visit_id", "上门编号"),
            *_ITEM,
            *_UNITS,
        ),
        _MONTH,
        persons="person_id",
    ),
    StatementKind.programmes: Form(
        "公共项目经费报表",
        (
            Column("payer", "付费方"),
            Column("programme", "项目"),
            Column("programme_name", "项目名称"),
            *_ITEM,
            _count("persons", "服务人数", summed=False),
            *_UNITS,
        ),
    ),
    StatementKind.insurance_claims: Form("基本医疗保险申报明细", _CLAIM, _MONTH, persons="psn_no"),
    StatementKind.ltci_claims: Form("长期护理保险申报明细", _CLAIM, _MONTH, persons="psn_no"),
    StatementKind.capitation: Form(
        "按人头付费报表",
        (
            Column("package", "服务包"),
            Column("package_name", "服务包名称"),
            _count("heads", "签约人头数", summed=False),
            *_ITEM,
            _count("persons", "服务人数", summed=False),
            *_UNITS,
        ),
    ),
    StatementKind.per_diem: Form(
        "按床日付费报表",
        (
            Column("bed_no", "床位号"),
            Column("person_id", "居民编号"),
            _count("days", "床日数"),
            _money("gross_fen", "床日费用"),
            _money("fund_fen", "医保支付"),
            _money("institution_fen", "医疗机构分担"),
            _money("reduction_fen", "减免"),
            _money("patient_fen", "个人自付"),
            _money("included_fen", "床日包含的服务金额"),
        ),
        persons="person_id",
    ),
    StatementKind.invoices: Form(
        "票据登记簿",
        (
            Column("invoice_no", "票据号"),
            Column("issued_on", "开票日期", Unit.day),
            Column("source", "事由"),
            Column("source_id", "账单编号"),
            Column("reverses_no", "红字所冲票据号"),
            _money("gross_fen", "金额"),
            _money("patient_fen", "个人自付"),
        ),
        _MONTH,
    ),
}
