"""Why the jobs stay out that a chain of the compiled search leaves out: every reason is checked by trying.

First each job by itself on the empty day, then beside the plan as it stands, at every place; what would make room is
tried with one rule bent at a time. A job that turns out to cost less than leaving it out comes in.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from service.routing.problem import Unassigned
from service.routing.rules import UnassignedReason
from service.routing.solver import explain
from service.routing.solver.clock import Budget
from service.routing.solver.explain import Facts
from service.routing.solver.kernel import Probe, bending, tour
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel.chain import Chain
from service.routing.solver.kernel.probe import Found
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

SHARES: Final = 4.0
"""So many times its share of the time that is left a job may take."""


class Explainer:
    """Explains the jobs that a settled chain leaves out, as far as the budget goes."""

    def __init__(self, tables: Tables, chain: Chain, budget: Budget) -> None:
        self.tables, self.problem, self.chain, self.budget = tables, tables.problem, chain, budget
        self.plan, self.empty = Probe(chain.day, chain), Probe(bending.unpromised(chain.day))
        self.early: Probe | None = None
        self.waits = bool((chain.day.items[:, c.I_FLOOR] > 0).any())

    def tell(self) -> tuple[Unassigned, ...]:
        """Find the first reason that holds for each job; the facts say in `scope` whether it holds alone or beside the
        plan. Brings in what costs less than leaving it out.

        Raises: nothing.
        """
        told: dict[int, Unassigned] = {}
        absent = self._easy_first(self.chain.absent())
        for at, job in enumerate(absent):
            # half of the time is for what follows
            goes_on = self._allowed(2 * len(absent) - at)
            reason = explain.without_time(self.problem, job) or self._alone(job, goes_on)
            if reason is not None:
                told[job] = reason
        beside = self._beside_plan(told)
        for job, reason in beside.items():
            told[job] = self._with_relaxation(reason) if reason.reason == UnassignedReason.no_capacity else reason
        # what could not be settled alone may have come in with another
        return tuple(told[job] for job in self.chain.absent())

    def _goes_on(self) -> bool:
        return not self.budget.is_spent()

    def _alone(self, job: int, goes_on: Callable[[], bool]) -> Unassigned | None:
        """Why the job has no place on the empty day; None where it has one."""
        found = self.empty.look(job, goes_on, first=True)
        if found.cost is not None:
            return None
        if not found.complete:
            return explain.not_known(job)
        day = bending.unpromised(bending.for_nothing(self.chain.day, job))
        for rule, (bend, reason) in ALONE.items():
            eased = bending.copy(day)._replace(travel=day.travel.copy())
            bend(eased, job)
            found = Probe(eased).look(job, goes_on, first=True)
            if found.cost is not None:
                return Unassigned(
                    job, reason, {"scope": "alone", "rule": rule, "staff": explain.able(self.tables, job)}
                )
            if not found.complete:
                return explain.not_known(job)
        windows = [(window.start, window.end) for window in self.problem.jobs[job].windows]
        facts: Facts = {"scope": explain.ALONE, "rule": "shift", "windows": windows, "staff": self._able(job)}
        return Unassigned(job, UnassignedReason.outside_shifts, facts)

    def _beside_plan(self, told: Mapping[int, Unassigned]) -> dict[int, Unassigned]:
        """Why the other jobs have no place beside the plan; once more for some whenever one came in after all."""
        found: dict[int, Unassigned] = {}
        while True:
            asked = self._easy_first(job for job in self.chain.absent() if job not in told and job not in found)
            if not asked:
                return found
            for at, job in enumerate(asked):
                if job in self.chain.absent():
                    self._ask(job, found, self._allowed(len(asked) - at))
            if not all(job in found for job in asked):
                found = {job: gone for job, gone in found.items() if self._stays(gone)}

    def _stays(self, gone: Unassigned) -> bool:
        """Whether a reason holds when one more job is in the plan: there is no more room than before, but what it costs
        to come in, and what one is linked to, may be otherwise.
        """
        day = self.chain.day
        linked = bool((day.items[tour.items(day, gone.job), c.I_LINKS] > 0).any())
        return gone.reason == UnassignedReason.no_place_found or (
            gone.reason == UnassignedReason.no_capacity and not linked
        )

    def _easy_first(self, jobs: Iterable[int]) -> list[int]:
        """Those of one service, which have few places, before crews and bundles."""
        day = self.chain.day
        return sorted(jobs, key=lambda job: (int(day.items[tour.items(day, job), c.I_COUNT].sum()), job))

    def _allowed(self, jobs: int) -> Callable[[], bool]:
        """Leave one of so many jobs a few times its share of the time: a crew's places may take all of it."""
        limits = self.budget.limits
        if limits.rounds is not None:
            return self._goes_on
        until = (self.budget.elapsed() + SHARES * self.budget.left() / jobs) / limits.seconds
        return lambda: not self.budget.is_spent(min(1.0, until))

    def _ask(self, job: int, told: dict[int, Unassigned], goes_on: Callable[[], bool]) -> None:
        """Say why a job has no place beside the plan, or bring it in."""
        found = self.plan.look(job, goes_on)
        if found.cost is not None and found.cost < self.plan.cost:
            self.plan.take(found)
            self.early = None
        elif not found.complete or self._is_held_up(job, found, goes_on):
            told[job] = explain.not_known(job)
        elif found.cost is None:
            told[job] = Unassigned(job, UnassignedReason.no_capacity, {"scope": explain.BESIDE})
        else:
            told[job] = Unassigned(job, UnassignedReason.not_worth_it, self._price(job, found, found.cost))

    def _is_held_up(self, job: int, found: Found, goes_on: Callable[[], bool]) -> bool:
        """Whether the job has no place, or a dear one, only because people wait at doors for promised moments."""
        if not self.waits:
            return False
        if self.early is None:
            self.early = Probe(bending.unpromised(self.chain.day))
            if not self.early.adopt(self.chain.now.keys, self.chain.now.staff):
                return True
        early = self.early.look(job, goes_on)
        return not early.complete or (early.cost is not None and (found.cost is None or early.cost < self.plan.cost))

    def _price(self, job: int, found: Found, cost: int) -> Facts:
        day = self.chain.day
        saved = sum(int(day.items[item, c.I_DROP]) for item in tour.members(day, job))
        more = cost - self.plan.cost + saved
        drop = self.problem.jobs[job].drop_penalty
        return {"scope": explain.BESIDE, "staff": self._ids(found.people), "cost": more, "drop_penalty": drop}

    def _with_relaxation(self, gone: Unassigned) -> Unassigned:
        """Name the smallest bending of one rule that makes room, of those that are found in time."""
        bent = [found for rule in bending.BENDS if (found := self._bent(rule, gone.job)) is not None]
        if not bent:
            return replace(gone, facts={**gone.facts, "staff": self._able(gone.job)})
        amount, rule, staff = min(bent)
        if rule in COUNTED:
            amount = -(-amount // bending.WORTH)
        by = {MEASURES[rule]: amount if rule in {*COUNTED, *SECONDS} else 1}
        return replace(gone, facts={**gone.facts, "staff": staff, "rule": rule, "relaxation": by})

    def _bent(self, rule: str, job: int) -> tuple[int, str, list[str]] | None:
        """By how much one rule must be bent for the job to come in, and by whom it is then given."""
        if not self._goes_on():
            return None
        day = bending.for_nothing(self.chain.day, job)
        bending.BENDS[rule](day, job)
        probe = Probe(day)
        # all places of a crew with all their lunches, under each rule, would take too long
        alone = len(self.problem.jobs[job].services) == 1
        if not probe.adopt(self.chain.now.keys, self.chain.now.staff):
            return None
        found = probe.look(job, self._goes_on, dining=alone)
        if found.cost is None:
            return None
        standing = self._standing(job) if rule == "shift_end" else probe.cost
        if standing is None:
            return None
        amount = found.cost - standing + len(tour.members(day, job)) * bending.ROOM
        return amount if rule in {*COUNTED, *SECONDS} else bending.WORTH, rule, self._ids(found.people)

    def _standing(self, job: int) -> int | None:
        """What being back late comes to in the plan as it stands; None where it cannot be taken up.

        Where it costs nothing to be late its stops may be laid out later, and that is nothing that the job adds.
        """
        day = bending.for_nothing(self.chain.day, job)
        day.rules[0, c.R_OVERTIME] = 1
        probe = Probe(day)
        return probe.cost if probe.adopt(self.chain.now.keys, self.chain.now.staff) else None

    def _able(self, job: int) -> list[str]:
        return explain.able(self.tables, job)

    def _ids(self, people: Iterable[int]) -> list[str]:
        return [self.problem.staff[who].id for who in people]
