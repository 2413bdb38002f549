"""The day as an exact model for CP-SAT: some rows of staff free, the rest as planned; the price is the referee's.

`scope` says what is free, `rows` and `visits` build the model, `prices` its objective, `model` solves it.
"""

from service.routing.solver.exact.model import Answer, Effort, solve
from service.routing.solver.exact.scope import Scope, lacks, nothing, of_rows

__all__ = ["Answer", "Effort", "Scope", "lacks", "nothing", "of_rows", "solve"]
