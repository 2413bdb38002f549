"""The search for days on which people share vehicles: visits, and the tours that take people to them and home again.

What is put where, the ways there and the timetable are compiled; what is torn out, and kept, is decided in Python.
"""

from service.routing.solver.rides.planning import plan, suits
from service.routing.solver.rides.warming import is_ready, warm

__all__ = ["is_ready", "plan", "suits", "warm"]
