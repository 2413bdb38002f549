"""The compiled search: simulated annealing over a global order of jobs and the staff of every service.

Every plan is an order and a choice of people; one pass in that order settles all meetings, so nobody can wait for each
other in a circle. Routes that a move does not touch are not walked again. Compiled with numba, kept in a cache on disk.
"""

from service.routing.solver.kernel.drawing import suits
from service.routing.solver.kernel.probe import Probe
from service.routing.solver.kernel.search import Search
from service.routing.solver.kernel.warming import is_ready, warm

__all__ = ["Probe", "Search", "is_ready", "suits", "warm"]
