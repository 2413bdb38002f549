"""The referee: re-checks every plan from its written times alone, and prices it again.

Knows the problem and nothing else: no solver, no road map, no database. What it lets pass may be published.
"""

from service.routing.referee.check import Known, check_plan
from service.routing.referee.explain import explain
from service.routing.referee.verdict import Component, Rule, Verdict, Violation

__all__ = ["Component", "Known", "Rule", "Verdict", "Violation", "check_plan", "explain"]
