"""Every way round plans say no."""

from service.core.problems import Refusal


class RoundPlanOverlaps(Refusal):
    """The person has such a round plan at that time already."""

    zh = "该居民在这段时间内已有同类巡诊计划，请先终止原计划。"
    en = "The person has a round plan of this kind at that time; end that one first."


class RoundPlanImpossible(Refusal):
    """A round plan cannot end before it starts."""

    status = 422
    zh = "计划截止（{valid_to}）早于起始（{valid_from}），请改正。"
    en = "The plan would end ({valid_to}) before it starts ({valid_from})."


class NotDueThen(Refusal):
    """The round plan asks for no visit on that day: it is not in force then, or the weekday is none of its own."""

    zh = "巡诊计划在{on}不再安排（已终止、尚未开始，或不在约定的星期），不再预约。"
    en = "The round plan asks for no visit on {on}: it is not in force, or the weekday is none of its own."


class SeenTooSoon(Refusal):
    """The person is seen, or ordered to be, within the shortest interval."""

    zh = "该居民在最短间隔内已有同类订单或已上门，不再重复预约。"
    en = "The person has been seen, or is ordered to be, within the shortest interval."


class IntervalImpossible(Refusal):
    """The shortest interval is longer than the interval itself."""

    status = 422
    zh = "最短间隔（{minimum_days}天）不能长于巡诊间隔（{every_days}天），请改正。"
    en = "The shortest interval ({minimum_days} days) is longer than the interval ({every_days} days)."
