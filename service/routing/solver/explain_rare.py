"""Why a job stays out on a day of rules that only the compiled search knows: every reason is checked by trying.

First the job by itself on the empty day, then beside the plan as it stands; what would make room is tried again with
one rule bent at a time.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from service.routing.problem import Unassigned
from service.routing.rules import UnassignedReason
from service.routing.solver.clock import Budget
from service.routing.solver.explain import Explainer, Facts
from service.routing.solver.kernel import Probe, bending
from service.routing.solver.kernel.chain import Chain
from service.routing.solver.kernel.layout import Day
from service.routing.solver.tables import Tables

ALONE: Final[Mapping[str, tuple[bending.Bend, UnassignedReason]]] = MappingProxyType(
    {
        "link": (bending.alone, UnassignedReason.linked),
        "max_work": (bending.max_work, UnassignedReason.overworked),
        "lunch": (bending.lunch, UnassignedReason.no_lunch),
        "travel": (bending.travel, UnassignedReason.unreachable),
    }
)
"""What is left out of the empty day, one after the other, until the job fits; else no shift meets its windows."""

MEASURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "time_window": "window_late_seconds",
        "shift_end": "overtime_seconds",
        "lunch": "missed_lunches",
        "staff": "staff_ignored",
        "capacity": "capacity_ignored",
        "max_work": "max_work_ignored",
        "rank": "rank_ignored",
        "link": "links_ignored",
    }
)
"""Binding rule → the fact that says by how much it would be bent."""

COUNTED: Final = ("lunch", "staff")
"""Rules that are bent so and so often, each time at the price of `bending.WORTH`."""

SECONDS: Final = ("time_window", "shift_end")


class RareExplainer(Explainer):
    """Explains the jobs that a chain of the compiled search leaves out."""

    def __init__(self, tables: Tables, chain: Chain, budget: Budget) -> None:
        super().__init__(tables, None, budget)
        self.chain = chain

    def tell(self, job: int) -> Unassigned:
        """Find the first reason that holds; the facts say in `scope` whether it holds alone or beside the plan.

        Raises: nothing.
        """
        static = (
            (UnassignedReason.no_qualified_staff, self._skills),
            (UnassignedReason.excluded_staff, self._wishes),
            (UnassignedReason.too_heavy, self._load),
        )
        for reason, check in static:
            facts = check(job)
            if facts is not None:
                return Unassigned(job, reason, {"scope": "alone", **facts})
        return self._alone(job) or self._beside(job)

    def _alone(self, job: int) -> Unassigned | None:
        day = bending.for_nothing(self.chain.day, job)
        if Probe(day).insert(job):
            return None
        for rule, (bend, reason) in ALONE.items():
            eased = bending.copy(day)._replace(travel=day.travel.copy())
            bend(eased, job)
            if Probe(eased).insert(job):
                return Unassigned(job, reason, {"scope": "alone", "rule": rule, "staff": self._able(job)})
        windows = [(window.start, window.end) for window in self.problem.jobs[job].windows]
        facts: Facts = {"scope": "alone", "rule": "shift", "windows": windows, "staff": self._able(job)}
        return Unassigned(job, UnassignedReason.outside_shifts, facts)

    def _beside(self, job: int) -> Unassigned:
        probe = self._probe(bending.wanted(self.chain.day, job))
        before = probe.cost
        if probe.insert(job):
            cost = probe.cost - before + len(bending.members(self.chain.day, job)) * bending.ROOM
            drop = self.problem.jobs[job].drop_penalty
            facts: Facts = {"scope": "beside_plan", "staff": self._ids(probe, job), "cost": cost, "drop_penalty": drop}
            return Unassigned(job, UnassignedReason.not_worth_it, facts)
        return Unassigned(job, UnassignedReason.no_capacity, {"scope": "beside_plan", **self._relaxation(job)})

    def _relaxation(self, job: int) -> Facts:
        """The smallest bending of one rule that makes room."""
        found = [bent for rule in bending.BENDS if (bent := self._bent(rule, job)) is not None]
        if not found:
            return {"staff": self._able(job)}
        amount, rule, staff = min(found)
        if rule in COUNTED:
            amount = -(-amount // bending.WORTH)
        return {
            "staff": staff,
            "rule": rule,
            "relaxation": {MEASURES[rule]: amount if rule in {*COUNTED, *SECONDS} else 1},
        }

    def _bent(self, rule: str, job: int) -> tuple[int, str, list[str]] | None:
        """By how much one rule must be bent for the job to come in, and by whom it is then given."""
        if not self._has_time():
            return None
        day = bending.for_nothing(self.chain.day, job)
        bending.BENDS[rule](day, job)
        probe = self._probe(day)
        before = probe.cost
        if not probe.insert(job):
            return None
        amount = probe.cost - before + len(bending.members(day, job)) * bending.ROOM
        return amount if rule in {*COUNTED, *SECONDS} else bending.WORTH, rule, self._ids(probe, job)

    def _probe(self, day: Day) -> Probe:
        """The plan as it stands, on a day of other rules or prices."""
        probe = Probe(day, thorough=self._has_time())
        probe.adopt(self.chain.now.keys, self.chain.now.staff)
        return probe

    def _ids(self, probe: Probe, job: int) -> list[str]:
        return [self.problem.staff[who].id for who in probe.people(job)]
