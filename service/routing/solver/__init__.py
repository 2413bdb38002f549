"""The solver: from a day's problem to a plan, within a time limit. The only place that imports OR-Tools.

Owns no tables and asks no other room; `solve` is a pure function of problem, limits and seed. Plans are built in a
global order (construct), improved by ruin and recreate (improve) and by OR-Tools (ortools_stage), and what stays out
is explained (explain).
"""

from service.routing.solver.plain import suits as suits_plain
from service.routing.solver.solve import solve, solve_plain
from service.routing.solver.warming import is_ready, warm
from service.routing.solver_progress import Phase, Progress

__all__ = ["Phase", "Progress", "is_ready", "solve", "solve_plain", "suits_plain", "warm"]
