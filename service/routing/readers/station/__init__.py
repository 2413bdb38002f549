"""Reads a station's own files: one table of orders, one of staff, and makes the day's problem of them.

The columns are documented in docs/station-files.md. Either everything is taken over or nothing.
"""

from service.routing.readers.station.day import Prices, StationDay, Travel, build_problem, gather
from service.routing.readers.station.rows import (
    ORDER_COLUMNS,
    STAFF_COLUMNS,
    OrderRow,
    StaffRow,
    read_orders,
    read_staff,
)

__all__ = [
    "ORDER_COLUMNS",
    "STAFF_COLUMNS",
    "OrderRow",
    "Prices",
    "StaffRow",
    "StationDay",
    "Travel",
    "build_problem",
    "gather",
    "read_orders",
    "read_staff",
]
