"""The search for days on which people share vehicles: visits, and the tours that take people to them and home again."""

from service.routing.solver.rides.planning import plan, suits

__all__ = ["plan", "suits"]
