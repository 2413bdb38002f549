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


class PartsNeedOnePerson(Refusal):
    """A service in parts is given by one person."""

    status = 422
    zh = "分次服务由一人前后几次完成，不能是 {staff_count} 人服务；请改为一人，或不分次。"
    en = "A service in parts is given by one person, not by {staff_count}; let one do it, or leave the parts out."


class CrewTooSmall(Refusal):
    """One person alone cannot come apart from himself."""

    status = 422
    zh = "{field} 只用于两人及以上的服务，该项目为 {staff_count} 人；请改为 simultaneous，或增加人数。"
    en = (
        "{field} is for services of two or more, this one is of {staff_count}; make it simultaneous or raise the count."
    )


class CrewLagMissing(Refusal):
    """A crew that comes one after the other needs to know how long after."""

    status = 422
    zh = "先后上门（sequential）须填写 {field}：后一人比前一人晚几分钟开始。"
    en = "A sequential crew needs {field}: how many minutes after the one before somebody begins."


class CrewLagNeedless(Refusal):
    """Only a crew that comes one after the other has times between."""

    status = 422
    zh = "{field} 只用于先后上门（sequential），现为 {crew_sync}；请清空，或改为先后上门。"
    en = "{field} is for sequential crews, this one is {crew_sync}; leave it out or make the crew sequential."


class CrewLagsContradict(Refusal):
    """The longest time between two of a crew is shorter than the shortest."""

    status = 422
    zh = "{field}（{crew_lag_max_minutes} 分钟）不能小于下限 {crew_lag_min_minutes} 分钟。"
    en = "{field} of {crew_lag_max_minutes} minutes is less than the least, {crew_lag_min_minutes} minutes."


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
    """A programme of this code exists already in one of these years."""

    status = 409
    zh = "这个编码的公共项目在这些年度已有，次数按年计算：请从下一年度起修改，或换一个编码。"
    en = (
        "A programme of this code exists in one of these years, and units are per year;"
        " begin next year, or choose another code."
    )


class InsuranceRulesOverlap(Refusal):
    """Another rule of this insurance holds on some of these days."""

    status = 409
    zh = "同一险种在这些日期已有待遇规则，请先结束原规则或调整起止日期。"
    en = "This insurance has a rule on some of these days; end that one first or choose other days."


class AgreementsOverlap(Refusal):
    """Another per-diem agreement for these stays and this insurance holds on some of these days."""

    status = 409
    zh = "同类床位、同一险种在这些日期已有按床日付费协议，请先结束原协议或调整起止日期。"
    en = "A per-diem agreement holds on some of these days; end that one first or choose other days."


class LtciRulesOverlap(Refusal):
    """Another rule of long-term care insurance holds on some of these days."""

    status = 409
    zh = "这些日期已有长护险待遇规则，请先结束原规则或调整起止日期。"
    en = "Long-term care insurance has a rule on some of these days; end that one first or choose other days."


class EndingInvalid(Refusal):
    """A row can only be shortened, and not to before it began."""

    status = 409
    zh = "结束日期须在 {valid_from} 当天或之后，并且早于原结束日期（{valid_to}）。"
    en = "It must end on or after {valid_from} and before its present end ({valid_to})."


class OwnPriceOnly(Refusal):
    """Drugs and consumables are priced by each institution itself."""

    status = 422
    zh = "药品和耗材执行各机构自己的价格，不能列入按等级统一的价格（{codes}）。"
    en = "Drugs and consumables have each institution's own price, not a level's ({codes})."


class PriceBookRefused(Refusal):
    """Lines of the price book are wrong or contradict what stands; nothing of it was taken over."""

    status = 422
    zh = "价格表没有导入：共 {faults} 处有误，第一处是{first}。请按逐行结果改正后重新导入。"
    en = "Nothing was imported: {faults} faults, the first one: {first}. Correct the lines and import again."


class PriceLimitsOverlap(Refusal):
    """A limit of this code holds on some of these days already."""

    status = 409
    zh = "这个编码的限次规则在这段时间内已有一条，请先结束原规则。"
    en = "A limit of this code holds on some of these days; end it first."


class ReductionRulesOverlap(Refusal):
    """A reduction of this code holds on some of these days already."""

    status = 409
    zh = "这个编码的减免规则在这段时间内已有一条，请先结束原规则。"
    en = "A reduction of this code holds on some of these days; end it first."


class TariffNeedsProposal(Refusal):
    """A visit-fee tariff after the first one needs a proposal that was published and approved by two people."""

    status = 409
    zh = "上门服务费要保持相对稳定：已有标准的，请先提出变更方案，公示期满并经两人批准后自动生效。"
    en = "The visit fee is kept steady: propose the change; it takes effect once published and approved by two people."


class TariffNoticeTooShort(Refusal):
    """The tariff would begin before its notice is over."""

    status = 409
    zh = "变更须先公示 {notice_days} 天，再由两人批准：最早可从 {earliest} 起执行。"
    en = "The change is published for {notice_days} days and then approved: it can begin on {earliest} at the earliest."


class TariffTooSoon(Refusal):
    """The institution changed its tariff a short while ago."""

    status = 409
    zh = "两次变更至少间隔 {interval_days} 天，保持相对稳定：最早可从 {earliest} 起执行。"
    en = "Tariffs stand for at least {interval_days} days: this one can begin on {earliest} at the earliest."


class TariffOwnProposal(Refusal):
    """Whoever proposed a change does not approve it."""

    status = 409
    zh = "方案由您提出，不能由您批准，请另外两位负责人批准。"
    en = "You proposed this change; two others approve it."


class TariffNotOpen(Refusal):
    """The proposal is not open for this: still on notice, too late, withdrawn or carried out."""

    status = 409
    zh = "方案{state_text}，不能这样办理：公示期满（{notice_ends_on}）后、执行日（{valid_from}）前可以批准或撤回。"
    en = "The proposal is {state}: it is approved after its notice ({notice_ends_on}) and before {valid_from}."
