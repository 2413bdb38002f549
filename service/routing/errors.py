"""Every way the room of routing says no."""

from service.core.problems import Refusal


class AreaCodeTaken(Refusal):
    """Another dispatch area has this code."""

    zh = "该代码已被另一个调度区域使用，请换一个。"
    en = "Another dispatch area has this code; choose another."


class AreaInstitutionsInvalid(Refusal):
    """A dispatch area lists institutions of the region, each once."""

    status = 422
    zh = "调度区域须列出本统筹区内的机构，不重复；请核对：{unknown}"
    en = "A dispatch area lists institutions of the region, each once; check {unknown}."


class DayNotPlannable(Refusal):
    """The day is over, or too far ahead."""

    status = 422
    zh = "只能为 {first_day} 至 {last_day} 之间的日期排班和发布。"
    en = "Days from {first_day} to {last_day} can be planned and published."


class PinWithoutPromise(Refusal):
    """Only what the plan in force promises can be pinned."""

    zh = "当天生效的计划没有为以下订单约定上门，或上门已经开始，无法锁定：{order_nos}；请去掉后重试。"
    en = "The plan in force promises no visit that could be kept for {order_nos}; leave them out, then try again."


class PlanNotReady(Refusal):
    """Only a solved plan can be published."""

    zh = "该计划现在是“{label}”，只有排好且未被取代的计划可以发布；请刷新或重新排班。"
    en = "The plan is {state}; only a solved plan can be published. Reload it, or plan again."


class PlanNotCancellable(Refusal):
    """Only a plan that is not solved yet can be cancelled."""

    zh = "该计划现在是“{label}”，只有排队中或正在求解的计划可以取消；请刷新查看，不需要的计划不发布即可。"
    en = "The plan is {state}; only one that waits or is being solved can be cancelled. Reload it."


class StaffDoubleBooked(Refusal):
    """A member of staff is promised elsewhere at that time."""

    zh = "有医护人员在同一时间已被其他已发布的计划安排，请重新排班后再发布。"
    en = "Another published plan has a member of staff at that time; plan again, then publish."


class StaffAbsent(Refusal):
    """A member of staff of the plan is absent at that time."""

    zh = "{names} 在计划的上门时间内已登记缺勤，请重新排班后再发布。"
    en = "{names} will be absent during visits of this plan; plan again, then publish."


class StaffUnwelcome(Refusal):
    """A member of staff of the plan is not to come to somebody any more."""

    zh = "居民一方已登记不要由{names}上门，请重新排班后再发布。"
    en = "{names} is not to come to one of these homes any more; plan again, then publish."


class RepairOutdated(Refusal):
    """Another plan of the day has been published since the plan that this one repairs."""

    zh = "该修复所依据的计划已被另一份计划取代，请按当天生效的计划重新修复。"
    en = "Another plan of the day is in force than the one that this repairs; repair that one."


class PersonDoubleBooked(Refusal):
    """An elder has another visit at that time."""

    zh = "有居民在同一时间已有另一项上门安排，请重新排班后再发布。"
    en = "An elder has another visit at that time; plan again, then publish."


class AnotherPlanPublished(Refusal):
    """Another plan of this area and day is in force."""

    zh = "该区域当天另有已发布的计划，且不在您的权限内；请联系区域调度。"
    en = "Another plan of this area and day is in force and not yours to replace; ask the area's dispatcher."


class PlanNotStanding(Refusal):
    """Only a plan that is solved or in force can be changed."""

    zh = "该计划现在是“{label}”，只有已排好或已发布的计划可以插单、修复；请改用当天生效的计划。"
    en = "The plan is {state}; only a solved or published plan can be changed. Take the one in force."


class OrderNotOfThatDay(Refusal):
    """The order cannot be planned on that day: it is not accepted, or of another day or other institutions."""

    status = 422
    zh = "该订单不在该计划的日期和机构之内，或尚未接单；请先接单，或换一个计划。"
    en = "The order is not accepted, or not of the plan's day and institutions; accept it, or take another plan."


class OrderInPlan(Refusal):
    """The plan has the order already."""

    zh = "订单{order_no}已在该计划中，无需插入。"
    en = "The plan has order {order_no} already."


class PlansOfDifferentDays(Refusal):
    """Only two plans of one area and day can be compared."""

    status = 422
    zh = "只能比较同一调度区域、同一天的两个计划；请另选一个。"
    en = "Only two plans of one area and day can be compared; choose another."


class OverflowPartiesInvalid(Refusal):
    """An overflow agreement is of two institutions of the region."""

    status = 422
    zh = "互助协议须由本统筹区内两家不同的机构签订，请核对两家机构。"
    en = "An overflow agreement is signed by two different institutions of the region; check both."


class OverflowAgreed(Refusal):
    """The two institutions have agreed on part of this period already."""

    zh = "这两家机构在该期间已有互助协议，请先填写原协议的截止日期。"
    en = "The two institutions have an overflow agreement for part of this period; say when that one ends first."


class OverflowNotAgreed(Refusal):
    """A neighbour institution's staff come by an agreement in force on the day only."""

    zh = "计划中有其他机构的人员上门，而两家机构当天没有生效的互助协议；请重新排班后再发布。"
    en = (
        "The plan sends another institution's staff without an agreement in force on the day; plan again, then publish."
    )


class PeriodNotReady(Refusal):
    """Only a solved period plan can be accepted."""

    zh = "该多日计划现在是“{label}”，只有已排好的可以采纳；请稍后刷新或重新安排。"
    en = "The period plan is {state}; only a solved one can be accepted. Reload it, or ask for another."


class PeriodNotCancellable(Refusal):
    """Only a period plan that is not solved yet can be cancelled."""

    zh = "该多日计划现在是“{label}”，只有排队中或正在求解的可以取消；请刷新查看，不需要的不采纳即可。"
    en = "The period plan is {state}; only one that waits or is being solved can be cancelled. Reload it."


class VehicleDoubleBooked(Refusal):
    """Another plan in force has the vehicle at that time."""

    zh = "计划中的共用车辆在该时段已被另一个已发布的计划占用；请重新排班后再发布。"
    en = "Another plan in force has one of the shared vehicles at that time; plan again, then publish."


class VehicleOutOfService(Refusal):
    """A shared vehicle of the plan has been taken out of service since it was solved."""

    zh = "计划中的车辆{plate_nos}当天已停用；请重新排班后再发布。"
    en = "The vehicles {plate_nos} are out of service on that day; plan again, then publish."


class SharedVehiclesStand(Refusal):
    """A shared vehicle of the plan is out of service: people are not driven any more as the plan says."""

    zh = "该计划的共用车辆已停用或不在，原定行程无法保持，不能据此插单、查询可约时段或解释派人；请先修复或重新排班。"
    en = "A shared vehicle of the plan is out of service, so its tours cannot stand. Repair the plan, or plan again."
