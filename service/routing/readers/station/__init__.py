"""Reads a station's own files, a table of orders, one of staff, one of shared vehicles where there are any, and makes
the day's problem of them.

The columns are documented in docs/station-files.md. Either everything is taken over or nothing.
"""

from service.routing.readers.station.day import Prices, StationDay, Travel, build_problem, gather
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

__all__ = [
    "ORDER_COLUMNS",
    "STAFF_COLUMNS",
    "VEHICLE_COLUMNS",
    "OrderRow",
    "Prices",
    "StaffRow",
    "StationDay",
    "Travel",
    "VehicleRow",
    "build_problem",
    "gather",
    "read_orders",
    "read_staff",
    "read_vehicles",
]
