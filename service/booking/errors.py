"""Every way booking says no."""

from service.core.problems import Refusal


class NotEligible(Refusal):
    """The person belongs to none of the groups that are served at home."""

    zh = "上门服务面向失能（含失智）、慢性病、高龄、残疾的老年人；该居民未登记为这些重点人群，请联系机构登记后再约。"
    en = "Home visits are for key groups (disabled, demented, chronically ill, very old); register the group first."


class CarerMissing(Refusal):
    """A person with dementia is visited only when a carer is known."""

    zh = "该居民登记为失智，上门时须有家属或照护者在场；请先登记一位有效的家庭代办人。"
    en = "The person has dementia: register a family proxy who can be present first."


class BookedByOthers(Refusal):
    """A care home changes and cancels only what its own staff have booked."""

    status = 403
    zh = "这张订单不是贵院预约的；请由预约人本人改约或取消，或致电承接的机构。"
    en = "Somebody else booked this order; ask whoever did, or call the institution that serves it."


class HomeMissing(Refusal):
    """Nobody knows where the person lives."""

    zh = "该居民还没有登记住址，无法上门；请先登记住址。"
    en = "The person has no registered home; register it first."


class NotACareHome(Refusal):
    """A round of a care institution goes to those who live in one."""

    zh = "该居民不住在养老机构，不能约“机构巡诊”；请改约“上门巡诊”。"
    en = "The person does not live in a care institution; book a home visit instead."


class BedMissing(Refusal):
    """A bed round needs a home bed of this institution, open on that day."""

    zh = "该居民在 {service_on} 没有本机构的家庭病床，不能约“查床”；请先建床或改约“上门巡诊”。"
    en = "The person has no home bed of this institution on {service_on}; open one or book a home visit."


class ItemNotAtHome(Refusal):
    """The service is not given at home."""

    zh = "“{name}”不能上门提供：{note}"
    en = "{name} is not given at home: {note}"


class ItemNotForKind(Refusal):
    """The service cannot be asked for in this kind of order."""

    zh = "“{name}”不能在“{kind_label}”订单中预约，请另选订单类型。"
    en = "{name} cannot be booked in an order of the kind {kind}."


class QuoteNotForThis(Refusal):
    """The quote named in a booking was made for something else."""

    zh = "这份报价与本次预约的{what}不同，不能使用；请按本次预约重新询价。"
    en = "The quote was made for another {field}; ask for a new one."


class QuoteOutrun(Refusal):
    """The visit has become dearer since it was quoted."""

    zh = "报价后费用有变化：原报价家庭自付 {quoted} 元，现为 {now_due} 元；请重新询价确认后再预约。"
    en = "The family's part rose from {quoted} to {now_due} yuan since the quote; ask for a new one."


class OrderNotChangeable(Refusal):
    """The order can no longer be changed."""

    zh = "订单现在是“{state_label}”，不能再改约；请取消后重新预约，或致电服务站。"
    en = "The order is {state} and can no longer be changed; cancel it and book again, or phone the station."
