"""The plan as an XLSX workbook for people: 路线 (each stop), 未排 (left out, and why), 汇总 (each person), 车辆 (each
stop of a shared vehicle, where there are any).
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Final, TypeAlias

import xlsxwriter

from service.core.geo import TravelMode
from service.routing.writers.station.itinerary import Itinerary, Leg, PersonDay
from service.routing.writers.station.tours import Ride

_Cell: TypeAlias = str | int | float | timedelta | None

MODES: Final = {
    TravelMode.walk: "步行",
    TravelMode.bike: "自行车",
    TravelMode.ebike: "电动车",
    TravelMode.car: "汽车",
}
ROUTE_HEADINGS: Final = (
    "工号",
    "人员",
    "顺序",
    "到达",
    "开始",
    "结束",
    "订单号",
    "姓名",
    "地址",
    "路程分钟",
    "路程公里",
)
RIDE_HEADINGS: Final = ("乘车", "上车", "下车")
TOUR_HEADINGS: Final = ("车辆", "顺序", "到达", "离开", "下车", "上车", "路程分钟", "路程公里")
LEFT_OUT_HEADINGS: Final = ("订单号", "姓名", "地址", "原因代码", "原因")
TOTAL_HEADINGS: Final = (
    "工号",
    "人员",
    "交通方式",
    "上门次数",
    "出发",
    "返回",
    "服务分钟",
    "路程分钟",
    "路程公里",
    "路程依据",
)


def workbook(itinerary: Itinerary) -> bytes:
    """Return the workbook. Texts are written as texts: nothing in an order becomes a formula or a link."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    # the same plan gives the same file
    book.set_properties(
        {"title": f"{itinerary.day.date} 上门路线", "created": datetime.combine(itinerary.day.date, time())}
    )
    # columns and a sheet of their own, so that the file of a station without vehicles is as it was
    rides = bool(itinerary.day.vehicles)
    head, clock = book.add_format({"bold": True, "border": 1}), book.add_format({"num_format": "[hh]:mm"})
    sheets: Sequence[tuple[str, Sequence[str], Iterable[Sequence[_Cell]]]] = (
        ("路线", (*ROUTE_HEADINGS, *RIDE_HEADINGS) if rides else ROUTE_HEADINGS, _route_rows(itinerary)),
        ("未排", LEFT_OUT_HEADINGS, _left_out_rows(itinerary)),
        ("汇总", TOTAL_HEADINGS, _total_rows(itinerary)),
        *([("车辆", TOUR_HEADINGS, _tour_rows(itinerary))] if rides else []),
    )
    for name, headings, rows in sheets:
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, headings, head)
        sheet.freeze_panes(1, 0)
        for at, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                sheet.write(at, column, cell, clock if isinstance(cell, timedelta) else None)
        sheet.autofit()
    book.close()
    return buffer.getvalue()


def _route_rows(itinerary: Itinerary) -> Iterator[Sequence[_Cell]]:
    for one in itinerary.people:
        for sequence, leg in enumerate(one.legs, start=1):
            yield (*_route_row(one, sequence, leg), *_ride(leg.ride))
        if one.home_ride is not None:
            yield (*_home_row(one), *_ride(one.home_ride))


def _ride(ride: Ride | None) -> Sequence[_Cell]:
    if ride is None:
        return ()
    return ride.vehicle.vehicle_no, timedelta(seconds=ride.on), timedelta(seconds=ride.off)


def _home_row(one: PersonDay) -> Sequence[_Cell]:
    ride = one.home_ride
    seconds, metres = (ride.off - ride.on, ride.metres) if ride else (0, 0)
    about = (one.person.staff_no, one.person.name, len(one.legs) + 1, timedelta(seconds=one.back or 0), None, None)
    return (*about, "", "返回", "", minutes(seconds), kilometres(metres))


def _tour_rows(itinerary: Itinerary) -> Iterator[Sequence[_Cell]]:
    for one in itinerary.tours:
        for sequence, halt in enumerate(one.halts, start=1):
            yield (
                one.vehicle.vehicle_no,
                sequence,
                timedelta(seconds=halt.arrive),
                timedelta(seconds=halt.depart),
                "、".join(who.staff_no for who in halt.off),
                "、".join(who.staff_no for who in halt.on),
                minutes(halt.travel_seconds),
                kilometres(halt.travel_metres),
            )


def _route_row(one: PersonDay, sequence: int, leg: Leg) -> Sequence[_Cell]:
    about: tuple[_Cell, ...] = (leg.order.order_no, leg.order.name, leg.order.address) if leg.order else ("", "", "")
    if leg.is_lunch:
        about = ("", "午休", about[2])
    return (
        one.person.staff_no,
        one.person.name,
        sequence,
        timedelta(seconds=leg.arrival),
        timedelta(seconds=leg.start),
        timedelta(seconds=leg.end),
        *about,
        minutes(leg.travel_seconds),
        kilometres(leg.travel_metres),
    )


def _left_out_rows(itinerary: Itinerary) -> Iterator[Sequence[_Cell]]:
    for one in itinerary.left_out:
        yield one.order.order_no, one.order.name, one.order.address, one.reason.value, one.explanation


def _total_rows(itinerary: Itinerary) -> Iterator[Sequence[_Cell]]:
    sources = dict(zip(itinerary.day.modes, itinerary.travel, strict=True))
    for one in itinerary.people:
        yield (
            one.person.staff_no,
            one.person.name,
            mode_of(one),
            one.visits,
            None if one.departure is None else timedelta(seconds=one.departure),
            None if one.back is None else timedelta(seconds=one.back),
            minutes(one.service_seconds),
            minutes(one.travel_seconds),
            kilometres(one.travel_metres),
            sources[one.person.mode].source,
        )
    yield (
        "合计",
        f"订单{len(itinerary.day.orders)}，已排{itinerary.planned_orders}，未排{len(itinerary.left_out)}",
        None,
        sum(one.visits for one in itinerary.people),
        None,
        None,
        minutes(sum(one.service_seconds for one in itinerary.people)),
        minutes(itinerary.travel_seconds),
        kilometres(itinerary.travel_metres),
        None,
    )


def mode_of(one: PersonDay) -> str:
    """Return how somebody travels, in Chinese."""
    return "共用车辆" if one.person.rides else MODES[one.person.mode]


def minutes(seconds: int) -> int:
    """Return whole minutes, rounded up: nobody is promised to be faster than the plan."""
    return -(-seconds // 60)


def kilometres(metres: int) -> float:
    """Return kilometres to one tenth."""
    return round(metres / 1000, 1)
