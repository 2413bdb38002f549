"""From the day's facts to the solver's problem, and from the solver's plan back to people's words; pure.

Skills, shifts and lunch breaks are hard, and so are windows and the ends of shifts unless the settings price them. What
may be bent besides is whom the elder prefers, what the plan before promised, and who stays out.
"""

from service.routing.building.day import Day, Means, draw, problem_of
from service.routing.building.driving import VehicleDay, retell_tours
from service.routing.building.facts import Busy, DayFacts, Policy, Promise, SharedVehicle, moment_of
from service.routing.building.overflow import between
from service.routing.building.priority import Weights, priority
from service.routing.building.recalling import Told, pins_of, recall
from service.routing.building.redriving import ToldHalt, ToldTour, VehicleGone, go_on, redrive
from service.routing.building.retelling import (
    PART_UNKEPT,
    STRANDED,
    LeftOut,
    PersonDay,
    explain,
    retell_left_out,
    retell_people,
)

__all__ = [
    "PART_UNKEPT",
    "STRANDED",
    "Busy",
    "Day",
    "DayFacts",
    "LeftOut",
    "Means",
    "PersonDay",
    "Policy",
    "Promise",
    "SharedVehicle",
    "Told",
    "ToldHalt",
    "ToldTour",
    "VehicleDay",
    "VehicleGone",
    "Weights",
    "between",
    "draw",
    "explain",
    "go_on",
    "moment_of",
    "pins_of",
    "priority",
    "problem_of",
    "recall",
    "redrive",
    "retell_left_out",
    "retell_people",
    "retell_tours",
]
