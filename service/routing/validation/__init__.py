"""Refuses a problem that contradicts itself, before anybody tries to solve it. Knows `problem` and nothing else.

What is merely impossible is no contradiction: a window before any shift, a skill that nobody has, a place too far away.
Such a job is left out of the plan with its reason.
"""

from service.routing.validation.check import check
from service.routing.validation.fault import ProblemInvalid
from service.routing.validation.size import numbers

__all__ = ["ProblemInvalid", "check", "numbers"]
