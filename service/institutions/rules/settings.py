"""The registry of dated settings: key, type, bounds, default. A setting is here only because a rule reads it."""

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import Final

from service.institutions.rules.setting_kinds import Between, Choice, Exact, Hours, Setting, Several, Switch, Whole

_SPEED = (Decimal(1), Decimal(120))

TRAVEL_DETOUR_FACTOR: Final = Exact(
    "travel.detour_factor", Decimal("1.3"), "直线距离换算路程的绕行系数", Decimal(1), Decimal(5)
)
TRAVEL_WALK_KMH: Final = Exact("travel.walk_kmh", Decimal("4.5"), "步行速度（千米/时）", *_SPEED)
TRAVEL_BIKE_KMH: Final = Exact("travel.bike_kmh", Decimal(12), "自行车速度（千米/时）", *_SPEED)
TRAVEL_EBIKE_KMH: Final = Exact("travel.ebike_kmh", Decimal(18), "电动自行车速度（千米/时）", *_SPEED)
TRAVEL_CAR_KMH: Final = Exact("travel.car_kmh", Decimal(25), "汽车速度（千米/时）", *_SPEED)
TRAVEL_HANDLING_SECONDS: Final = Whole("travel.handling_seconds", 120, "每到一处停车、进门的时间（秒）", 0, 3600)
HOME_MINUTES_PER_FLOOR_WITHOUT_LIFT: Final = Exact(
    "home.minutes_per_floor_without_lift", Decimal("0.5"), "无电梯时每层楼加时（分钟）", Decimal(0), Decimal(10)
)
VISIT_GEOFENCE_METRES: Final = Whole("visit.geofence_metres", 150, "签到允许离住址的距离（米）", 10, 5000)
VISIT_ACCURACY_LIMIT_METRES: Final = Whole("visit.accuracy_limit_metres", 200, "定位精度上限（米）", 10, 5000)
VISIT_MINIMUM_SHARE_OF_DURATION: Final = Exact(
    "visit.minimum_share_of_duration", Decimal("0.5"), "服务时长不得少于计划的比例", Decimal(0), Decimal(1)
)
VISIT_UPLOAD_TOLERANCE_MINUTES: Final = Whole("visit.upload_tolerance_minutes", 5, "手机时间可超前的分钟数", 0, 60)
ORDERS_BOOKING_DAYS_AHEAD: Final = Whole("orders.booking_days_ahead", 14, "最多可提前几天预约", 1, 180)
ORDERS_MAX_OPEN_PER_PERSON: Final = Whole("orders.max_open_per_person", 3, "每人未完成订单上限", 1, 100)
ORDERS_REQUIRE_KEY_GROUP: Final = Switch("orders.require_key_group", True, "是否仅限重点人群预约上门（R001）")
ORDERS_AUTO_ACCEPT: Final = Switch("orders.auto_accept", False, "订单是否自动受理")
ORDERS_FREE_CANCEL_HOURS: Final = Whole("orders.free_cancel_hours", 4, "上门前几小时可自行取消", 0, 168)
PLAN_PRIORITY_PLAIN: Final = Whole("plan.priority_plain", 100, "排班基础优先分", 1, 10_000)
PLAN_PRIORITY_AGED: Final = Whole("plan.priority_aged", 50, "65 岁及以上加分（R015）", 0, 10_000)
PLAN_PRIORITY_ADVANCED_AGE: Final = Whole("plan.priority_advanced_age", 300, "80 岁及以上另加分（R015）", 0, 10_000)
PLAN_PRIORITY_DISABLED: Final = Whole("plan.priority_disabled", 200, "失能、失智加分（R015）", 0, 10_000)
TRAVEL_TRAFFIC: Final = Hours("travel.traffic", (), "各时段路程时间的百分比（步行不受影响）")
PLAN_MINIMUM_GAP_MINUTES: Final = Whole("plan.minimum_gap_minutes", 0, "同一居民两次上门至少间隔的分钟数", 0, 600)
PLAN_SPECIMEN_HANDOVER_MINUTES: Final = Whole(
    "plan.specimen_handover_minutes", 5, "标本送回机构后交接所需的分钟数", 0, 60
)
PLAN_MAX_WORK_MINUTES: Final = Whole(
    "plan.max_work_minutes", 0, "每人每天路程与服务合计的上限（分钟，0 不限）", 0, 1440
)
PLAN_LATENESS_PRICE: Final = Whole(
    "plan.lateness_price", 0, "晚到 1 分钟折合多少分钟路程（0 不得晚到）；限时的项目始终不得晚到", 0, 100
)
PLAN_RADIUS_KM: Final = Whole("plan.radius_km", 0, "站点离居民多远以内的人员可以上门（千米，0 不限）", 0, 1000)
PLAN_ARRIVAL_MINUTES: Final = Whole(
    "plan.arrival_minutes", 2, "每到一处折合多少分钟路程（同一处连续服务算一次）", 0, 60
)
PLAN_BALANCE_PRICE: Final = Whole(
    "plan.balance_price", 0, "工作量（路程与服务）偏离平均 1 分钟折合多少分钟路程（0 不计）", 0, 100
)
PLAN_TRAVEL_BALANCE_PRICE: Final = Whole(
    "plan.travel_balance_price", 0, "路程时间偏离平均 1 分钟折合多少分钟路程（0 不计）", 0, 100
)
PLAN_WAITING_PRICE: Final = Whole("plan.waiting_price", 0, "等候 1 分钟折合多少分钟路程（0 不计）", 0, 100)
PLAN_IDLE_PRICE: Final = Whole(
    "plan.idle_price", 0, "最空闲的班次中既不在路上、服务也不在午休的 1 分钟折合多少分钟路程（0 不计）", 0, 100
)
PLAN_MISSED_LUNCH_MINUTES: Final = Whole(
    "plan.missed_lunch_minutes", 0, "应有午休的班次不安排午休折合多少分钟路程（0 必须安排）", 0, 600
)
PLAN_OVERTIME_PRICE: Final = Whole(
    "plan.overtime_price", 0, "超过下班时间 1 分钟折合多少分钟路程（0 不得超过）", 0, 100
)
PLAN_CHANGED_PRICE_MINUTES: Final = Whole(
    "plan.changed_price_minutes", 30, "重排时换一名已告知居民的人员折合多少分钟路程", 0, 600
)
PLAN_MOVED_PRICE_MINUTES: Final = Whole(
    "plan.moved_price_minutes", 10, "重排时比已告知的时间每早或晚一刻钟折合多少分钟路程", 0, 600
)
ROUNDS_MORNING: Final = Between("rounds.morning", (time(8), time(12)), "上午的巡诊在几点至几点", time(5), time(12, 30))
ROUNDS_AFTERNOON: Final = Between(
    "rounds.afternoon", (time(13), time(17, 30)), "下午的巡诊在几点至几点", time(12, 30), time(22)
)
PLAN_WISH_PRICE_MINUTES: Final = Whole(
    "plan.wish_price_minutes",
    15,
    "不派居民希望或熟悉的人员（指定、语言、上次来的、团队、网格）折合多少分钟路程（0 不计）",
    0,
    600,
)
FEE_MODE: Final = Choice("fee.mode", "charge", "是否收取上门服务费", ("charge", "none"))
FEE_SHARING: Final = Choice("fee.sharing", "once_per_home", "同户多人同次上门的收费", ("once_per_home", "per_patient"))
FEE_IN_BED_CYCLE: Final = Choice("fee.in_bed_cycle", "waive", "家庭病床周期内的上门服务费", ("waive", "charge"))
FEE_WHEN_FULLY_FUNDED: Final = Choice(
    "fee.when_fully_funded", "waive", "项目全部由公卫或签约支付时的上门服务费", ("waive", "charge")
)
FEE_CANCELLATION_RATIO: Final = Exact(
    "fee.cancellation_ratio", Decimal(0), "医护出发后取消或未遇，收取上门服务费的比例（0 不收）", Decimal(0), Decimal(1)
)
QUOTE_VALID_MINUTES: Final = Whole("quote.valid_minutes", 30, "报价的有效时间（分钟）", 1, 10_080)
BILL_USUAL_MULTIPLE: Final = Exact(
    "bill.usual_multiple", Decimal(10), "账单超过报价（无报价的为近期账单中位数）多少倍时转人工核对（0 不核对）",
    Decimal(0), Decimal(1000),
)  # fmt: skip
BILL_USUAL_MINIMUM: Final = Whole("bill.usual_minimum", 20, "近期账单至少多少份才比较中位数", 1, 100)
BILL_DAILY_LIMIT: Final = Whole("bill.daily_limit", 20, "同一居民一天的账单超过多少份时转人工核对", 1, 1000)
PRICE_NOTICE_DAYS: Final = Whole("price.notice_days", 7, "上门服务费标准变更须公示的天数", 0, 365)
PRICE_MINIMUM_INTERVAL_DAYS: Final = Whole(
    "price.minimum_interval_days", 180, "上门服务费标准两次变更的最短间隔（天），保持相对稳定", 0, 3650
)
PROXY_MAX_PER_ELDER: Final = Whole("proxy.max_per_elder", 3, "每位居民的代办人上限", 1, 50)
PROXY_MAX_ELDERS: Final = Whole("proxy.max_elders", 5, "每个账号可代办的居民上限", 1, 500)
CONTRACT_MINIMUM_MONTHS: Final = Whole("contract.minimum_months", 12, "签约服务最短期限（月）", 1, 60)
STAFF_MINIMUM: Final = Whole("staff.minimum", 1, "每次上门的最少人数", 1, 4)
GEOCODING_EXTERNAL: Final = Switch("geocoding.external", False, "是否允许把住址（不含单元室号）发给地图服务商查坐标")
TRAVEL_EXTERNAL: Final = Switch(
    "travel.external", False, "是否允许把住处坐标（含人员自己的起止地点，不含姓名住址）发给地图服务商查路程时间"
)
PLACING_CONFIDENCE: Final = Exact(
    "placing.confidence", Decimal("0.8"), "地址查得的坐标达到多少置信度可直接使用", Decimal(0), Decimal(1)
)
PLACING_RADIUS_KM: Final = Whole("placing.radius_km", 60, "住址离登记机构多远以内才可信（千米）", 1, 1000)
PLACING_VISIT_FAR_METRES: Final = Whole("placing.visit_far_metres", 100, "到达位置离住址多远算坐标有误（米）", 10, 5000)
PLACING_VISIT_ACCURACY_METRES: Final = Whole(
    "placing.visit_accuracy_metres", 50, "到达定位多准才可直接更正坐标（米）", 1, 1000
)
VISIT_REQUIRED_EVIDENCE: Final = Several(
    "visit.required_evidence", (), "上门须留存的证据，缺则不能自动核实",
    ("arrival_photo", "signature", "paper_form", "service_photo", "recording"),
)  # fmt: skip
NOTICES_OFF: Final = Several(
    "notices.off", (), "不发送的通知种类",
    (
        "order_accepted", "order_rejected", "plan_published", "appointment_withdrawn", "on_the_way",
        "visit_cancelled", "bill_ready",
    ),
)  # fmt: skip
NOTICES_TO: Final = Choice(
    "notices.to", "elder_and_proxies", "通知发给谁", ("elder_and_proxies", "elder", "proxies", "proxies_else_elder")
)
NOTICES_QUIET_FROM: Final = Whole("notices.quiet_from", 22, "几点起不打扰（与止同值即全天可发）", 0, 23)
NOTICES_QUIET_TO: Final = Whole("notices.quiet_to", 7, "不打扰到几点止", 0, 23)
REPORTS_MINIMUM_COUNT: Final = Whole("reports.minimum_count", 10, "统计比例不显示的最小人次", 1, 1000)

SETTINGS: Final[Mapping[str, Setting[object]]] = {
    each.key: each for each in list(globals().values()) if isinstance(each, Setting)
}
"""Every setting by its key."""
