"""A plan made of whole routes that were seen in several plans of one day: `pool` remembers them, `choice` lets CP-SAT
choose among them (set partitioning).
"""

from service.routing.solver.recombining.choice import recombine
from service.routing.solver.recombining.pool import Pool

__all__ = ["Pool", "recombine"]
