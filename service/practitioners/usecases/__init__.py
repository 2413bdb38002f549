"""What people do with practitioners, and what other rooms ask of them."""

from service.practitioners.usecases.absences import (
    add_absence,
    end_absence,
    get_absence,
    hold_absences,
    list_absences,
    list_absences_of,
    remove_absence,
    times_away,
)
from service.practitioners.usecases.answers import day_staff, find_of_account, get_practitioner, licences, teams_of
from service.practitioners.usecases.registering import (
    add_qualification,
    change_practitioner,
    end_qualification,
    list_practitioners,
    list_qualifications,
    read_practitioner,
    register_practitioner,
)
from service.practitioners.usecases.shifts import (
    add_shift,
    change_shift,
    list_duties,
    list_my_shifts,
    list_shifts,
    list_shifts_of,
    remove_shift,
)
from service.practitioners.usecases.vehicles import (
    add_vehicle,
    change_vehicle,
    list_vehicles,
    read_vehicle,
    vehicles_on,
)

__all__ = [
    "add_absence",
    "add_qualification",
    "add_shift",
    "add_vehicle",
    "change_practitioner",
    "change_shift",
    "change_vehicle",
    "day_staff",
    "end_absence",
    "end_qualification",
    "find_of_account",
    "get_absence",
    "get_practitioner",
    "hold_absences",
    "licences",
    "list_absences",
    "list_absences_of",
    "list_duties",
    "list_my_shifts",
    "list_practitioners",
    "list_qualifications",
    "list_shifts",
    "list_shifts_of",
    "list_vehicles",
    "read_practitioner",
    "read_vehicle",
    "register_practitioner",
    "remove_absence",
    "remove_shift",
    "teams_of",
    "times_away",
    "vehicles_on",
]
