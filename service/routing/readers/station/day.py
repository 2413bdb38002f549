"""A station's day: its rows together with the places they name, and the problem that the solver gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.core.geo import Datum, Point, TravelMode
from service.core.tabular import tables
from service.core.tabular.faults import Fault, FilesRefused
from service.core.tabular.tables import Table
from service.routing.problem import Job, Matrix, Problem, Rules, Service, Staff, Sync, Vehicle
from service.routing.readers.station.rows import (
    ORDER_COLUMNS,
    STAFF_COLUMNS,
    VEHICLE_COLUMNS,
    OrderRow,
    StaffRow,
    VehicleRow,
    read_orders,
    read_staff,
    read_vehicles,
)


@dataclass(frozen=True, slots=True)
class Prices:
    """What it costs, in seconds of travel, to leave an order out (per step of priority), or to send somebody who is
    not preferred.
    """

    left_out_per_priority: int
    not_preferred: int


@dataclass(frozen=True, slots=True)
class Travel:
    """Travel between the day's points by one mode: seconds, metres, and where the figures come from."""

    seconds: Matrix
    metres: Matrix
    source: str


@dataclass(frozen=True, slots=True)
class StationDay:
    """A day's orders and staff; job and staff indices of its problem are positions in these tuples.

    `points` holds every place once; `order_points`, `staff_points` and `vehicle_points` say which is whose. `modes` are
    those in use; `ignored` are the headings of the files that mean nothing to us.
    """

    date: date
    orders: tuple[OrderRow, ...]
    staff: tuple[StaffRow, ...]
    points: tuple[Point, ...]
    order_points: tuple[int, ...]
    staff_points: tuple[int, ...]
    modes: tuple[TravelMode, ...]
    ignored: tuple[str, ...] = ()
    vehicles: tuple[VehicleRow, ...] = ()
    vehicle_points: tuple[int, ...] = ()


def gather(
    orders: tuple[str, bytes],
    staff: tuple[str, bytes],
    on: date,
    datum: Datum,
    vehicles: tuple[str, bytes] | None = None,
) -> StationDay:
    """Read the files, each given as its name and its bytes, coordinates in `datum`.

    Raises:
        FilesRefused: names every fault of all files.
    """
    faults: list[Fault] = []
    order_table = _table(*orders, ORDER_COLUMNS, faults)
    staff_table = _table(*staff, STAFF_COLUMNS, faults)
    order_rows = read_orders(order_table, datum, faults) if order_table else ()
    staff_rows = read_staff(staff_table, datum, faults) if staff_table else ()
    vehicle_table = _table(*vehicles, VEHICLE_COLUMNS, faults) if vehicles else None
    vehicle_rows = read_vehicles(vehicle_table, datum, faults) if vehicle_table else ()
    tables_read = [table for table in (order_table, staff_table, vehicle_table) if table]
    faults.extend(fault for table in tables_read for fault in table.faults)
    if staff_table and vehicles is None:
        _refuse_riders(staff_table, staff_rows, faults)
    if order_table and staff_table:
        _refuse_strangers(order_table, order_rows, staff_rows, faults)
    if faults or order_table is None or staff_table is None:
        raise FilesRefused(faults)
    starts = [
        *(row.start for row in staff_rows),
        *(row.start for row in vehicle_rows),
        *(row.end for row in staff_rows),
    ]
    places = dict.fromkeys([*starts, *(row.point for row in order_rows)])
    index = {point: position for position, point in enumerate(places)}
    return StationDay(
        date=on,
        orders=order_rows,
        staff=staff_rows,
        points=tuple(index),
        order_points=tuple(index[row.point] for row in order_rows),
        staff_points=tuple(index[row.start] for row in staff_rows),
        modes=tuple(dict.fromkeys([*(row.mode for row in staff_rows), *(TravelMode.car for _ in vehicle_rows)])),
        ignored=tuple(heading for table in tables_read for heading in table.ignored),
        vehicles=vehicle_rows,
        vehicle_points=tuple(index[row.start] for row in vehicle_rows),
    )


def build_problem(day: StationDay, travel: Sequence[Travel], prices: Prices) -> Problem:
    """Build the problem of a day; `travel` in the order of `day.modes`.

    Windows, shifts, lunches, skills and refused staff are hard. The plan pays for travel, for orders left out and for
    staff who are not preferred; people of one order start together.
    """
    numbers = {row.staff_no: position for position, row in enumerate(day.staff)}
    return Problem(
        points=len(day.points),
        matrices=tuple(one.seconds for one in travel),
        staff=tuple(_staff(day, position) for position in range(len(day.staff))),
        jobs=tuple(_job(day, position, numbers, prices) for position in range(len(day.orders))),
        rules=Rules(not_preferred=prices.not_preferred),
        vehicles=tuple(_vehicle(day, position) for position in range(len(day.vehicles))),
    )


def _staff(day: StationDay, position: int) -> Staff:
    row, start = day.staff[position], day.staff_points[position]
    end = start if row.end == row.start else day.points.index(row.end)
    matrix = day.modes.index(row.mode)
    return Staff(row.staff_no, row.skills, start, end, row.shift, row.lunch, matrix, rides=row.rides)


def _vehicle(day: StationDay, position: int) -> Vehicle:
    row, point = day.vehicles[position], day.vehicle_points[position]
    return Vehicle(row.vehicle_no, row.seats, point, point, row.shift, day.modes.index(TravelMode.car))


def _job(day: StationDay, position: int, numbers: dict[str, int], prices: Prices) -> Job:
    row = day.orders[position]
    preferred = frozenset(numbers[staff_no] for staff_no in row.preferred_staff)
    return Job(
        id=row.order_no,
        point=day.order_points[position],
        windows=(row.window,),
        services=tuple(Service(row.duration, skills) for skills in row.skills),
        sync=Sync.simultaneous,
        drop_penalty=None if row.mandatory else row.priority * prices.left_out_per_priority,
        forbidden_staff=frozenset(numbers[staff_no] for staff_no in row.forbidden_staff),
        preferred_staff=preferred or None,
    )


def _table(file: str, data: bytes, columns: Sequence[tables.Column], faults: list[Fault]) -> Table | None:
    try:
        return tables.read_table(file, data, columns)
    except FilesRefused as refused:
        faults.extend(refused.faults)
        return None


def _refuse_riders(table: Table, staff: Sequence[StaffRow], faults: list[Fault]) -> None:
    """Note who shares vehicles of which there is no table."""
    for row in staff:
        if row.rides:
            faults.append(Fault(table.file, row.line, table.headings["mode"], "共用车辆需要另给车辆表（--vehicles）"))


def _refuse_strangers(table: Table, orders: Sequence[OrderRow], staff: Sequence[StaffRow], faults: list[Fault]) -> None:
    """Note staff numbers in the orders that the staff table does not have."""
    known = {row.staff_no for row in staff}
    for row in orders:
        for column, named in (("preferred_staff", row.preferred_staff), ("forbidden_staff", row.forbidden_staff)):
            strangers = "、".join(staff_no for staff_no in named if staff_no not in known)
            if strangers:
                faults.append(Fault(table.file, row.line, table.headings[column], f"人员表里没有工号“{strangers}”"))
