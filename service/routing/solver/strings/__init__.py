"""Ruin and recreate by strings, compiled: for days of hard windows and one person per job.

Strings of neighbouring routes are torn out and put back one job after the other where each costs least, now and then
overlooking a place (slack induction by string removals, Christiaens and Vanden Berghe 2020); annealing decides what to
keep. The cost is the referee's price, in whole numbers, at every step.
"""

from service.routing.solver.strings.driver import search
from service.routing.solver.strings.facts import suits
from service.routing.solver.strings.run import Found
from service.routing.solver.strings.warming import is_ready, warm
from service.routing.solver.strings.writing import routes

__all__ = ["Found", "is_ready", "routes", "search", "suits", "warm"]
