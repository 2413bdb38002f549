"""Shows a plan on the terminal: a table per person, what was left out, the totals."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.routing.writers.station import Itinerary, Leg, PersonDay
from service.routing.writers.station.tours import VehicleDay
from service.routing.writers.station.workbook import MODES, kilometres, minutes, mode_of


def show(console: Console, itinerary: Itinerary) -> None:
    """Print a plan."""
    for one in itinerary.people:
        console.print(_person(one) if one.legs else Text(f"{_name(one)}：今天没有安排"))
    if itinerary.left_out:
        console.print(_left_out(itinerary))
    for tour in itinerary.tours:
        console.print(_vehicle(tour))
    day = itinerary.day
    console.print(
        Text(
            f"合计：订单{len(day.orders)}，已排{itinerary.planned_orders}，未排{len(itinerary.left_out)}；"
            f"路程{kilometres(itinerary.travel_metres)}公里，{minutes(itinerary.travel_seconds)}分钟"
        )
    )
    for mode, travel in zip(day.modes, itinerary.travel, strict=True):
        console.print(Text(f"路程依据（{MODES[mode]}）：{travel.source}"))


def clock(seconds: int) -> str:
    """Return a time of day as people read it, a started minute counted as begun."""
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"


def _name(one: PersonDay) -> str:
    return f"{one.person.staff_no} {one.person.name}".strip()


def _person(one: PersonDay) -> Table:
    out, back = clock(one.departure or 0), clock(one.back or 0)
    title = f"{_name(one)}（{mode_of(one)}）{out}出发，{back}返回，{kilometres(one.travel_metres)}公里"
    table = Table(title=Text(title), title_justify="left")
    for heading in ("到达", "开始", "结束", "订单号"):
        table.add_column(heading, no_wrap=True)
    table.add_column("地址", overflow="fold")
    table.add_column("公里", justify="right", no_wrap=True)
    for leg in one.legs:
        table.add_row(*(Text(cell) for cell in _row(leg)))
    return table


def _row(leg: Leg) -> tuple[str, ...]:
    order_no = "午休" if leg.is_lunch or leg.order is None else leg.order.order_no
    address = leg.order.address if leg.order else "出发地"
    if leg.ride is not None:
        address = f"{address}（{clock(leg.ride.on)}上车，{leg.ride.vehicle.vehicle_no}）"
    return clock(leg.arrival), clock(leg.start), clock(leg.end), order_no, address, str(kilometres(leg.travel_metres))


def _vehicle(tour: VehicleDay) -> Table:
    title = f"车辆 {tour.vehicle.vehicle_no}（{tour.vehicle.seats}座），{kilometres(tour.travel_metres)}公里"
    table = Table(title=Text(title), title_justify="left")
    for heading in ("到达", "离开", "下车", "上车"):
        table.add_column(heading)
    for halt in tour.halts:
        off, on = ("、".join(who.staff_no for who in people) for people in (halt.off, halt.on))
        table.add_row(*(Text(cell) for cell in (clock(halt.arrive), clock(halt.depart), off, on)))
    return table


def _left_out(itinerary: Itinerary) -> Table:
    table = Table(title="未排", title_justify="left")
    table.add_column("订单号", no_wrap=True)
    table.add_column("地址", overflow="fold")
    table.add_column("原因", overflow="fold")
    for one in itinerary.left_out:
        table.add_row(*(Text(cell) for cell in (one.order.order_no, one.order.address, one.explanation)))
    return table
