"""Every way the catalogue says no."""

from service.core.problems import Refusal


class ItemCodeTaken(Refusal):
    """A service of this code is in the list already."""

    status = 409
    zh = "服务项目目录里已有这个编码，请修改原项目或换一个编码。"
    en = "A service of this code is listed already; change it or choose another code."


class ItemUnknown(Refusal):
    """A code that is not in the region's list of services."""

    status = 409
    zh = "服务项目目录里没有 {codes}，请先由统筹区管理员登记该项目。"
    en = "The region's list has no service {codes}; have it listed first."


class CodeReserved(Refusal):
    """The code belongs to lines that a bill makes itself."""

    status = 422
    zh = "编码 {reserved} 由系统计费使用，请换一个编码。"
    en = "The code {reserved} is reserved for lines that a bill makes itself; choose another."


class RefusalNoteMissing(Refusal):
    """A service that is not allowed at home must say why."""

    status = 422
    zh = "不能上门的项目请填写 refusal_note，说明原因和去处。"
    en = "Say in refusal_note why this service is not done at home and where to go instead."


class PricesOverlap(Refusal):
    """Another price of this code holds on some of these days."""

    status = 409
    zh = "同一项目在这些日期已有价格，请先结束原价格或调整起止日期。"
    en = "This code has a price on some of these days; end that one first or choose other days."


class TariffsOverlap(Refusal):
    """Another visit-fee tariff holds on some of these days."""

    status = 409
    zh = "这些日期已有上门服务费标准，请先结束原标准或调整起止日期。"
    en = "A visit-fee tariff holds on some of these days; end it first or choose other days."


class ProgrammeCodeTaken(Refusal):
    """A programme of this code exists already."""

    status = 409
    zh = "已有这个编码的公共项目，请换一个编码（例如带上年份）。"
    en = "A programme of this code exists already; choose another code (with the year, for instance)."


class InsuranceRulesOverlap(Refusal):
    """Another rule of this insurance holds on some of these days."""

    status = 409
    zh = "同一险种在这些日期已有待遇规则，请先结束原规则或调整起止日期。"
    en = "This insurance has a rule on some of these days; end that one first or choose other days."


class EndingInvalid(Refusal):
    """A row can only be shortened, and not to before it began."""

    status = 409
    zh = "结束日期须在 {valid_from} 当天或之后，并且早于原结束日期（{valid_to}）。"
    en = "It must end on or after {valid_from} and before its present end ({valid_to})."
