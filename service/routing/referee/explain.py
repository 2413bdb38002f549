"""Says in Chinese what each rule demands, for the one who looks at a plan that breaks it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from service.routing.problem import Problem
from service.routing.referee.verdict import Rule, Violation

SENTENCES: Final[Mapping[Rule, str]] = MappingProxyType(
    {
        Rule.unknown_staff: "路线里出现了不存在的人员",
        Rule.unknown_job: "路线里出现了不存在的任务",
        Rule.unknown_service: "任务里没有这一项服务",
        Rule.repeated_route: "同一人员有两条路线",
        Rule.missing_route: "缺少这名人员的路线",
        Rule.duplicate_service: "同一项服务安排了不止一次",
        Rule.incomplete_job: "任务的服务没有排全",
        Rule.forgotten_job: "任务既没有排上，也没有列入未排",
        Rule.mandatory_left_out: "必须安排的任务没有排上",
        Rule.planned_and_unassigned: "任务已经排上，又列入了未排",
        Rule.repeated_unassigned: "任务在未排中出现不止一次",
        Rule.same_staff: "多人任务要由不同的人员承担",
        Rule.not_simultaneous: "同时上门的人员没有同时开始",
        Rule.lag: "先后两项服务的间隔不符合要求",
        Rule.too_early: "早于约定的最早时间",
        Rule.too_late: "晚于约定的最晚时间",
        Rule.duration: "服务时长不符",
        Rule.order: "路线没有按时间先后排列",
        Rule.overlap: "前后两站时间重叠",
        Rule.travel: "路上时间不够",
        Rule.shift_start: "要在上班之前出发",
        Rule.shift_end: "下班之前回不来",
        Rule.lunch_missing: "没有安排午休",
        Rule.lunch_not_due: "安排了不该有的午休",
        Rule.lunch_repeated: "安排了不止一次午休",
        Rule.lunch_window: "午休不在规定的时段内",
        Rule.lunch_duration: "午休时长不符",
        Rule.lunch_place: "午休地点不符：应在指定地点，未指定时在前一站或后一站",
        Rule.unqualified: "人员不具备所需技能",
        Rule.not_allowed: "人员不在指定范围内",
        Rule.forbidden: "派了要回避的人员",
        Rule.not_preferred: "派了首选范围以外的人员",
        Rule.overload: "携带量超过上限",
        Rule.rank: "上门先后次序不符（如感染风险高的应排在最后）",
        Rule.max_work: "路上与服务时间之和超过当天上限",
        Rule.link_gap: "相关联的两项任务间隔不符合要求",
        Rule.link_order: "相关联的两项任务先后颠倒",
        Rule.link_carer: "相关联的两项任务人员不符合要求（须同一人或须换人）",
        Rule.link_bound: "须一并完成的两项任务只排了一项",
        Rule.unknown_vehicle: "行程里出现了不存在的车辆",
        Rule.repeated_tour: "同一车辆有两份行程",
        Rule.tour_place: "车辆没有从停放地点出发，或没有回到停放地点",
        Rule.tour_travel: "车辆路上时间不够",
        Rule.tour_shift: "车辆在可用时段之外行驶",
        Rule.seats: "车上人数超过座位数",
        Rule.not_a_rider: "乘车的不是使用共用车辆的人员",
        Rule.boarding: "人员已在车上又上车，或不在车上却下车",
        Rule.left_aboard: "行程结束时车上还有人",
        Rule.two_vehicles: "同一人员同时在两辆车上",
        Rule.ride_elsewhere: "上下车的地点或时间与人员的路线不符",
        Rule.not_carried: "没有车接送，步行又来不及",
    }
)


def explain(problem: Problem, violation: Violation) -> str:
    """Say a violation in one Chinese phrase: what is wrong, which job, whose route, which vehicle."""
    job, staff = violation.job, violation.staff
    where = f"任务{problem.jobs[job].id}" if job is not None and 0 <= job < len(problem.jobs) else ""
    who = f"人员{problem.staff[staff].id}" if staff is not None and 0 <= staff < len(problem.staff) else ""
    vehicle = violation.facts.get("vehicle")
    known = vehicle is not None and 0 <= vehicle < len(problem.vehicles)
    by = f"车辆{problem.vehicles[vehicle].id}" if vehicle is not None and known else ""
    about = "、".join(part for part in (where, who, by) if part)
    return SENTENCES[violation.code] + (f"（{about}）" if about else "")
