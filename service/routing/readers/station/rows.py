"""The columns of a station's tables, and their lines as frozen rows."""

from dataclasses import dataclass
from typing import Final

from service.core.geo import Datum, Point, TravelMode
from service.core.tabular import keys
from service.core.tabular.cells import DAY_SECONDS, Cells, split
from service.core.tabular.faults import Fault
from service.core.tabular.tables import Column, Table
from service.routing.problem import Lunch, Window

ORDER_COLUMNS: Final = (
    Column("order_no", ("订单号",), required=True),
    Column("name", ("姓名",)),
    Column("address", ("地址",), required=True),
    Column("lon", ("经度",), required=True),
    Column("lat", ("纬度",), required=True),
    Column("earliest", ("最早", "最早时间")),
    Column("latest", ("最晚", "最晚时间")),
    Column("duration_minutes", ("时长分钟", "时长(分钟)"), required=True),
    Column("skills", ("技能",)),
    Column("staff_count", ("人数",)),
    Column("mandatory", ("必须",)),
    Column("priority", ("优先级",)),
    Column("preferred_staff", ("首选工号",)),
    Column("forbidden_staff", ("回避工号",)),
)
STAFF_COLUMNS: Final = (
    Column("staff_no", ("工号",), required=True),
    Column("name", ("姓名",)),
    Column("skills", ("技能",)),
    Column("shift_start", ("上班",), required=True),
    Column("shift_end", ("下班",), required=True),
    Column("lunch_start", ("午休开始",)),
    Column("lunch_end", ("午休结束",)),
    Column("lunch_minutes", ("午休分钟", "午休(分钟)")),
    Column("start_lon", ("出发经度",), required=True),
    Column("start_lat", ("出发纬度",), required=True),
    Column("end_lon", ("返回经度",)),
    Column("end_lat", ("返回纬度",)),
    Column("mode", ("交通方式",), required=True),
)
VEHICLE_COLUMNS: Final = (
    Column("vehicle_no", ("车牌号", "车号"), required=True),
    Column("seats", ("座位数", "座位"), required=True),
    Column("shift_start", ("可用开始",), required=True),
    Column("shift_end", ("可用结束",), required=True),
    Column("lon", ("停放经度",), required=True),
    Column("lat", ("停放纬度",), required=True),
)
MODES: Final = {
    "步行": (TravelMode.walk, False),
    "自行车": (TravelMode.bike, False),
    "电动车": (TravelMode.ebike, False),
    "汽车": (TravelMode.car, False),
    "共用车辆": (TravelMode.walk, True),
    "shared": (TravelMode.walk, True),
} | {mode.value: (mode, False) for mode in TravelMode}
"""How somebody travels on his own, and whether he rides in shared vehicles besides."""

_LUNCH: Final = ("lunch_start", "lunch_end", "lunch_minutes")


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order: where, when it may begin (seconds of the day), how long it takes (seconds), and the skills of each
    person it needs.
    """

    line: int
    order_no: str
    name: str
    address: str
    point: Point
    window: Window
    duration: int
    skills: tuple[frozenset[str], ...]
    mandatory: bool
    priority: int
    preferred_staff: tuple[str, ...]
    forbidden_staff: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One member of staff: skills, shift and lunch (seconds of the day), where the day starts and ends, and how the
    person travels; who `rides` shares the station's vehicles with others.
    """

    line: int
    staff_no: str
    name: str
    skills: frozenset[str]
    shift: Window
    lunch: Lunch | None
    start: Point
    end: Point
    mode: TravelMode
    rides: bool = False


@dataclass(frozen=True, slots=True)
class VehicleRow:
    """One shared vehicle: seats beside the driver's, when it may be away (seconds of the day), and where it stands."""

    line: int
    vehicle_no: str
    seats: int
    shift: Window
    start: Point


def read_orders(table: Table, datum: Datum, faults: list[Fault]) -> tuple[OrderRow, ...]:
    """Read the orders; what is wrong is added to `faults`, and the rows are then of no use."""
    if not table.lines:
        faults.append(Fault(table.file, 0, "", "表头下面没有任何订单"))
    rows = tuple(_order(Cells(table, line, faults), datum) for line in table.lines)
    keys.note_repeats(table, "order_no", ((row.line, row.order_no) for row in rows), faults)
    return rows


def read_staff(table: Table, datum: Datum, faults: list[Fault]) -> tuple[StaffRow, ...]:
    """Read the staff; what is wrong is added to `faults`, and the rows are then of no use."""
    if not table.lines:
        faults.append(Fault(table.file, 0, "", "表头下面没有任何人员"))
    rows = tuple(_person(Cells(table, line, faults), datum) for line in table.lines)
    keys.note_repeats(table, "staff_no", ((row.line, row.staff_no) for row in rows), faults)
    return rows


def read_vehicles(table: Table, datum: Datum, faults: list[Fault]) -> tuple[VehicleRow, ...]:
    """Read the shared vehicles; what is wrong is added to `faults`, and the rows are then of no use."""
    rows = tuple(_vehicle(Cells(table, line, faults), datum) for line in table.lines)
    keys.note_repeats(table, "vehicle_no", ((row.line, row.vehicle_no) for row in rows), faults)
    return rows


def _order(cells: Cells, datum: Datum) -> OrderRow:
    earliest, latest = cells.seconds_of_day("earliest", 0), cells.seconds_of_day("latest", DAY_SECONDS)
    if latest < earliest and cells.sound("earliest", "latest"):
        cells.fault("latest", "不能早于最早时间")
    return OrderRow(
        line=cells.number,
        order_no=cells.text("order_no"),
        name=cells.optional("name"),
        address=cells.text("address"),
        point=cells.point("lon", "lat", datum),
        window=Window(earliest, latest),
        duration=60 * cells.whole("duration_minutes", 1, 720),
        skills=_skills_by_person(cells),
        mandatory=cells.yes("mandatory"),
        priority=cells.whole("priority", 1, 9, default=5),
        preferred_staff=cells.words("preferred_staff"),
        forbidden_staff=cells.words("forbidden_staff"),
    )


def _skills_by_person(cells: Cells) -> tuple[frozenset[str], ...]:
    """Return what each person must be able to do: `/` separates persons, without one all need the same."""
    persons = cells.optional("skills").replace("／", "/").split("/")
    count = cells.whole("staff_count", 1, 4, default=min(len(persons), 4))
    if len(persons) > 1 and len(persons) != count and cells.sound("staff_count"):
        cells.fault("staff_count", f"技能一列用“/”写了{len(persons)}个人的要求，人数却是{count}")
    wanted = persons * count if len(persons) == 1 else persons
    return tuple(frozenset(split(words)) for words in wanted)


def _person(cells: Cells, datum: Datum) -> StaffRow:
    shift = _shift(cells, "要晚于上班时间")
    mode, rides = cells.one_of("mode", MODES)
    start = cells.point("start_lon", "start_lat", datum)
    is_elsewhere = any(cells.optional(column) for column in ("end_lon", "end_lat"))
    return StaffRow(
        line=cells.number,
        staff_no=cells.text("staff_no"),
        name=cells.optional("name"),
        skills=frozenset(cells.words("skills")),
        shift=shift,
        lunch=_lunch(cells),
        start=start,
        end=cells.point("end_lon", "end_lat", datum) if is_elsewhere else start,
        mode=mode,
        rides=rides,
    )


def _vehicle(cells: Cells, datum: Datum) -> VehicleRow:
    return VehicleRow(
        line=cells.number,
        vehicle_no=cells.text("vehicle_no"),
        seats=cells.whole("seats", 1, 60),
        shift=_shift(cells, "要晚于可用开始"),
        start=cells.point("lon", "lat", datum),
    )


def _shift(cells: Cells, otherwise: str) -> Window:
    shift = Window(cells.seconds_of_day("shift_start"), cells.seconds_of_day("shift_end"))
    if shift.end <= shift.start and cells.sound("shift_start", "shift_end"):
        cells.fault("shift_end", otherwise)
    return shift


def _lunch(cells: Cells) -> Lunch | None:
    filled = [column for column in _LUNCH if cells.optional(column)]
    if not filled:
        return None
    lunch = Lunch(
        cells.seconds_of_day("lunch_start"),
        cells.seconds_of_day("lunch_end"),
        60 * cells.whole("lunch_minutes", 1, 240),
    )
    if cells.sound(*_LUNCH) and lunch.start + lunch.duration > lunch.end:
        cells.fault("lunch_minutes", "午休开始到午休结束之间放不下这么长的午休")
    return lunch
