"""The solver: from a day's problem to a plan, within a time limit.

Owns no tables and asks no other room; `solve` is a function of problem, limits and seed. Compiled code searches, by
strings of routes, by a global order of visits, or with vehicles that people share (strings, kernel, rides), large days
in parts (parts); without a compiler days are planned by insertion, ruin and recreate, and OR-Tools (`solve_plain`).
What is left out is explained.
"""

from service.routing.solver.plain import suits as suits_plain
from service.routing.solver.solve import solve, solve_plain
from service.routing.solver.warming import is_ready, warm
from service.routing.solver_progress import Phase, Progress
from service.routing.solver_refusal import NumbersTooLarge

__all__ = ["NumbersTooLarge", "Phase", "Progress", "is_ready", "solve", "solve_plain", "suits_plain", "warm"]
