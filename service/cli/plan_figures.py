"""Shows on the terminal what a plan comes to, in the figures that dispatchers argue with."""

from datetime import datetime, time, timedelta
from uuid import UUID

from rich.console import Console
from rich.text import Text

from service.core.clock import LOCAL
from service.core.ids import new_id
from service.routing.changing import figures
from service.routing.changing.figures import Figures, Known, Share, Spread, Visited, Worked
from service.routing.rules import UnassignedReason, explain
from service.routing.writers.station import Itinerary
from service.routing.writers.station.workbook import kilometres, minutes


def show(console: Console, itinerary: Itinerary) -> None:
    """Print ways and hours, punctuality, how evenly work is shared out, and how many orders are left out and why."""
    found = _figures(itinerary)
    work, ways = _hours(found.service_seconds + found.travel_seconds), _hours(found.travel_seconds)
    given = _hours(found.service_seconds)
    lines = [
        # who sits in a vehicle is on the way, too; the vehicle's own way counts once, so the kilometres are the plan's
        f"指标：路程{kilometres(itinerary.travel_metres)}公里；工时{work}小时（服务{given}，路程{ways}）",
        f"准时{_share(found.on_time)}；每人工作量：{_spread(found.work)}；每人路程：{_spread(found.travel)}",
    ]
    if found.wished.of:
        lines.append(f"由首选人员上门：{_share(found.wished)}")
    lines += [f"未排{count}：{explain(UnassignedReason(reason))}" for reason, count in found.unassigned.items()]
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def _figures(itinerary: Itinerary) -> Figures:
    """Return the figures of those who have something to do."""
    day = itinerary.day
    orders: dict[str, UUID] = {row.order_no: new_id() for row in day.orders}
    staff: dict[str, UUID] = {row.staff_no: new_id() for row in day.staff}
    midnight = datetime.combine(day.date, time(), LOCAL)

    def at(seconds: int) -> datetime:
        return midnight + timedelta(seconds=seconds)

    visits = [
        Visited(orders[leg.order.order_no], staff[one.person.staff_no], at(leg.start), at(leg.end))
        for one in itinerary.people
        for leg in one.legs
        if leg.order and not leg.is_lunch
    ]
    people = [
        Worked(staff[one.person.staff_no], one.travel_metres, one.travel_seconds, one.service_seconds)
        for one in itinerary.people
        if one.visits
    ]
    known = Known(
        windows={orders[row.order_no]: [(at(row.window.start), at(row.window.end))] for row in day.orders},
        # of several any one will do; the figures know a single wish
        wishes={
            orders[row.order_no]: staff[row.preferred_staff[0]] for row in day.orders if len(row.preferred_staff) == 1
        },
        last={},
    )
    return figures.figures(visits, people, known, [each.reason for each in itinerary.left_out])


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:.1f}"


def _share(share: Share) -> str:
    return f"{share.kept}/{share.of}"


def _spread(spread: Spread) -> str:
    return f"最少{minutes(spread.least)}、最多{minutes(spread.greatest)}、平均{minutes(spread.mean)}分钟"
