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
from service.routing.usecases.cancelling import cancel_plan
from service.routing.usecases.explaining import explain_plan
from service.routing.usecases.inserting import find_insertions
from service.routing.usecases.opening import list_open_windows
from service.routing.usecases.overflow import add_agreement, change_agreement, list_agreements
from service.routing.usecases.planning import LISTING, list_plans, plan_event, read_plan, read_routes, request_plan
from service.routing.usecases.publishing import publish_plan
from service.routing.usecases.repairing import request_repair
from service.routing.usecases.telling import compare_plans, draw_timeline, read_kpis, write_workbook

__all__ = [
    "LISTING",
    "add_absence",
    "add_agreement",
    "add_area",
    "cancel_plan",
    "change_agreement",
    "change_area",
    "compare_plans",
    "crew_of",
    "draw_timeline",
    "end_absence",
    "explain_plan",
    "find_insertions",
    "list_agreements",
    "list_areas",
    "list_open_windows",
    "list_plans",
    "my_day",
    "orders_of_plan",
    "plan_event",
    "publish_plan",
    "read_absence",
    "read_area",
    "read_kpis",
    "read_my_day",
    "read_plan",
    "read_routes",
    "release_order",
    "request_plan",
    "request_repair",
    "returned_by_plan",
    "write_workbook",
]
