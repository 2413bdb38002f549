"""Every way the room of orders says no."""

from service.core.problems import Refusal


class IllegalMove(Refusal):
    """The order cannot move from its state to that one."""

    zh = "订单现在是“{from_label}”，不能改为“{to_label}”；请刷新后查看最新状态。"
    en = "The order is {from_state} and cannot become {to_state}; reload it to see where it stands."


class OrderNumberTaken(Refusal):
    """Two orders asked for the same number."""

    zh = "订单号刚被占用，请重新提交。"
    en = "The order number was just taken; submit again."


class TooManyOpenOrders(Refusal):
    """The person has as many open orders as allowed."""

    zh = "该居民已有 {open_orders} 个未完成的订单（上限 {limit} 个），请等其完成或先取消。"
    en = "The person has {open_orders} open orders (the limit is {limit}); wait for them or cancel one."


class ModeNotRegistered(Refusal):
    """The institution has no such service mode registered on the service date (服务方式未登记)."""

    zh = "该机构在 {service_on} 没有登记“{mode_label}”服务方式，请另选机构或日期。"
    en = "The institution has no registered service mode {mode} on {service_on}; choose another one or another day."


class WindowNotOneDay(Refusal):
    """The wished window does not lie within one local day."""

    status = 422
    zh = "期望上门时间须在同一天之内，且结束晚于开始；请重新选择。"
    en = "The wished window must lie within one local day and end after it starts."


class WindowsOfTwoDays(Refusal):
    """An alternative window lies on another day than the wished one."""

    status = 422
    zh = "备选时间段须与期望上门时间同一天（{service_on}）；改日期时请一并修改备选时间段。"
    en = "An alternative window lies on the day of the wished one ({service_on}); change both together."


class WindowsNotApart(Refusal):
    """An alternative window overlaps or touches the wished one or another alternative."""

    status = 422
    zh = "备选时间段与其他时间段重叠或首尾相接；请分开，或合为一段。"
    en = "An alternative window overlaps or touches another one; set them apart, or make them one."


class WindowPast(Refusal):
    """The wished window has begun already."""

    zh = "期望上门时间已过，请选择之后的时间。"
    en = "The wished window has begun already; choose a later one."


class WindowTooFarAhead(Refusal):
    """The wished day cannot be booked yet."""

    zh = "最多可提前 {days_ahead} 天预约（至 {last_day}），请选择更近的日期。"
    en = "Bookings open {days_ahead} days ahead (until {last_day}); choose an earlier day."


class WindowTooShort(Refusal):
    """The wished window is shorter than the services take."""

    zh = "所选服务共需 {minutes} 分钟，期望上门时间不足，请放宽时间段。"
    en = "The services take {minutes} minutes; widen the window."


class WindowTooLate(Refusal):
    """A service asked for must start earlier than the window begins."""

    zh = "“{name}”最晚须在 {latest_start} 开始，请选择更早的时间段。"
    en = "{name} must start by {latest_start}; choose an earlier window."


class CancelTooLate(Refusal):
    """The time for cancelling by oneself is over."""

    zh = "上门前 {free_cancel_hours} 小时内不能自行取消，请致电服务站{phone}办理。"
    en = "Within {free_cancel_hours} hours of the visit only the station can cancel; please phone it{phone}."


class RoundOrdered(Refusal):
    """The due round has become an order already."""

    zh = "这一次到期的巡诊已有订单，不再重复预约；若须改期请调整原订单。"
    en = "This due round has an order already; to see the person another day, change that one."


class PartsNeedOnePerson(Refusal):
    """Services in parts are given by one person."""

    status = 422
    zh = "分次服务由同一人前后几次完成，而这次上门需 {staff_count} 人同去；请把分次的项目单独预约。"
    en = "Services in parts are given by one person, and this visit needs {staff_count}; order those in parts apart."


class PartsDisagree(Refusal):
    """The services of the order leave no time at which their parts could be given together."""

    status = 422
    zh = (
        "所选项目的第 {part} 次凑不到一起：有的要求至少间隔 {after_min_minutes} 分钟，"
        "有的要求至多 {after_max_minutes} 分钟；请分开预约。"
    )
    en = (
        "Part {part} of these services cannot be given together: one asks for at least {after_min_minutes} minutes"
        " between, another for at most {after_max_minutes}; order them apart."
    )


class CrewTimesDisagree(Refusal):
    """The services of the order leave no time at which the next of its crew could come."""

    status = 422
    zh = (
        "所选项目的人员先后上门的间隔互相矛盾：有的要求至少晚 {crew_lag_min_minutes} 分钟，"
        "有的要求至多晚 {crew_lag_max_minutes} 分钟；请分开预约。"
    )
    en = (
        "One of these services asks for the next person at least {crew_lag_min_minutes} minutes after the one before,"
        " another for at most {crew_lag_max_minutes}; order them apart."
    )
