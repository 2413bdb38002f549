"""What people do with plans, and what other rooms ask about appointments: the only door."""

from service.routing.usecases.absences import add_absence, end_absence, read_absence
from service.routing.usecases.appointments import (
    crew_of,
    my_day,
    orders_of_plan,
    read_my_day,
    release_order,
    returned_by_plan,
)
from service.routing.usecases.areas import add_area, change_area, list_areas, read_area
from service.routing.usecases.planning import LISTING, list_plans, plan_event, read_plan, read_routes, request_plan
from service.routing.usecases.publishing import publish_plan

__all__ = [
    "LISTING",
    "add_absence",
    "add_area",
    "change_area",
    "crew_of",
    "end_absence",
    "list_areas",
    "list_plans",
    "my_day",
    "orders_of_plan",
    "plan_event",
    "publish_plan",
    "read_absence",
    "read_area",
    "read_my_day",
    "read_plan",
    "read_routes",
    "release_order",
    "request_plan",
    "returned_by_plan",
]
