"""Every way quality says no."""

from service.core.problems import Refusal


class MonthsDoNotFit(Refusal):
    """A report covers at most two years, ends after it begins, and only months that have begun."""

    status = 422
    zh = "统计月份须在两年以内，先后有序，且不晚于本月，请修改月份。"
    en = "A report covers at most two years in order, and no month to come; change the months."
