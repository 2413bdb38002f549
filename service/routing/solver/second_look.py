"""A second look at what is said of the jobs left out, by other means than the search's: stops slide both ways, over
meetings and links, any lunch may be had elsewhere, and of two windows late for the first is tried beside the second.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import numpy as np

from service.routing import rules as words
from service.routing.changing import gaps, meals, places, settling
from service.routing.changing.board import Board
from service.routing.changing.gaps import Gaps, Sieved
from service.routing.changing.meals import Way
from service.routing.changing.sliding import Draft
from service.routing.problem import Plan, Problem, Route, Unassigned
from service.routing.rules import UnassignedReason
from service.routing.solver import explain, judging
from service.routing.solver.clock import Budget

BESIDE: Final = frozenset({UnassignedReason.no_capacity, UnassignedReason.not_worth_it})

ALONE: Final = frozenset({UnassignedReason.outside_shifts, UnassignedReason.unreachable, UnassignedReason.no_lunch})
"""What the search says of a job on an empty day; of one with several windows it has tried but one at each place."""

TRIED: Final = 400
"""So many combinations of people, gaps and lunches are tried for one job."""


@dataclass(frozen=True, slots=True)
class _Day:
    """The day as it stands, or with one lunch had another way, and its gaps: those of the lunch's row."""

    way: Way | None
    board: Board
    table: Gaps


@dataclass(frozen=True, slots=True)
class _Place:
    """A plan with the job in it, who gives it, and what the day then costs, jobs left out included."""

    plan: Plan
    staff: tuple[int, ...]
    cost: int


class SecondLook:
    """A second look at one plan, as far as the budget goes."""

    def __init__(self, problem: Problem, plan: Plan, budget: Budget) -> None:
        self.problem, self.plan, self.budget = problem, plan, budget
        self.cost = judging.cost(problem, plan)
        board = Board(problem, plan)
        self._days = [_Day(None, board, gaps.lay_out(board))]

    def take(self) -> tuple[Plan, bool]:
        """Return the plan with its reasons put right, or with a job that should come in, of which the answer tells:
        then what was said of the others is to be asked again.

        Raises: nothing.
        """
        if self.cost is None:
            return self.plan, False
        told = {gone.job: self._alone(gone) for gone in self.plan.unassigned}
        # all as the lunches are, before any with other lunches: time may be short
        for lunches in (False, True):
            for job in [job for job, gone in told.items() if gone.reason in BESIDE]:
                best = None if self.budget.is_spent() else self._best(job, self.cost, lunches=lunches)
                if best is not None and best.cost < self.cost:
                    return best.plan, True
                if best is not None and told[job].reason == UnassignedReason.no_capacity:
                    told[job] = self._too_dear(job, best, self.cost)
        return Plan(self.plan.routes, tuple(told.values())), False

    def _alone(self, gone: Unassigned) -> Unassigned:
        several = len(self.problem.jobs[gone.job].windows) > 1
        asked = gone.reason in ALONE and several and not self.budget.is_spent()
        wrong = asked and self._is_possible(gone.job)
        return explain.not_known(gone.job) if wrong else gone

    def _is_possible(self, job: int) -> bool:
        """Whether a job can be done on a day without any other."""
        left = tuple(explain.not_known(other) for other in range(len(self.problem.jobs)))
        nobody = Plan(tuple(Route(staff, ()) for staff in range(len(self.problem.staff))), left)
        alone = replace(self.problem, links=())
        empty = SecondLook(alone, nobody, self.budget)
        found = empty._drafts(job, empty._days)
        possible = any(judging.cost(alone, draft.plan(job)) is not None for draft in found)
        # without the time to try all places nothing is known
        return possible or self.budget.is_spent()

    def _too_dear(self, job: int, best: _Place, cost: int) -> Unassigned:
        drop = self.problem.jobs[job].drop_penalty
        people = [self.problem.staff[who].id for who in best.staff]
        facts = {"scope": explain.BESIDE, "staff": people, "cost": best.cost - cost + (drop or 0), "drop_penalty": drop}
        return Unassigned(job, UnassignedReason.not_worth_it, facts)

    def _best(self, job: int, cost: int, *, lunches: bool) -> _Place | None:
        """The first place at which the day costs less than `cost`, else the cheapest of those tried."""
        best: _Place | None = None
        for draft in self._drafts(job, self.days() if lunches else self._days[:1]):
            plan = draft.plan(job)
            price = judging.cost(self.problem, plan)
            if price is not None and (best is None or price < best.cost):
                best = _Place(plan, tuple(draft.seat(at).staff for at in draft.mates[job]), price)
                if price < cost:
                    break
            if self.budget.is_spent():
                break
        return best

    def _drafts(self, job: int, found: Sequence[_Day]) -> Iterator[Draft]:
        """Yield days with the job put in, by rising estimate of its price."""
        ends = np.cumsum([len(day.table.staff) for day in found])
        wanted, every = self.problem.jobs[job], _joined([day.table for day in found])
        options = [self._options(found, job, service) for service in range(len(wanted.services))]
        may_be_late = not words.is_punctual(self.problem, job)
        for choices in islice(places.combinations(wanted, every, options), TRIED):
            ways = [found[int(np.searchsorted(ends, each.at, side="right"))].way for each in choices]
            board = self._board([way for way in ways if way is not None])
            if self.budget.is_spent():
                return
            if board is None:
                continue
            for at_once in (False, True) if may_be_late else (False,):
                draft = settling.settle(board, job, choices, at_once=at_once)
                if draft is not None:
                    yield draft

    def _options(self, found: Sequence[_Day], job: int, service: int) -> Sieved:
        parts, before = list[Sieved](), 0
        for day in found:
            part = places.options(day.board, day.table, job, service)
            parts.append(replace(part, at=part.at + before))
            before += len(day.table.staff)
        return places.cheapest_first(parts)

    def days(self) -> list[_Day]:
        """The day as it stands, and with each lunch had each other way for which there is time.

        Raises: nothing.
        """
        if len(self._days) == 1:
            for way in meals.ways(self.problem, self.plan):
                plan = None if self.budget.is_spent() else meals.have(self.problem, self.plan, way)
                if plan is not None:
                    board = Board(self.problem, plan)
                    self._days.append(_Day(way, board, gaps.lay_out(board, [way.staff])))
        return self._days

    def _board(self, ways: Sequence[Way]) -> Board | None:
        """The day with all lunches had the other ways; None where there is no time for it."""
        if len(ways) <= 1:
            return next(day.board for day in self._days if day.way == (ways[0] if ways else None))
        plan: Plan | None = self.plan
        for way in ways:
            plan = None if plan is None else meals.have(self.problem, plan, way)
        return None if plan is None else Board(self.problem, plan)


def _joined(tables: Sequence[Gaps]) -> Gaps:
    """The gaps of several tables one after the other."""
    columns = {name: np.concatenate([getattr(table, name) for table in tables]) for name in gaps.COLUMNS}
    empty = np.concatenate([table.empty for table in tables])
    return Gaps(**columns, empty=empty, early=tables[0].early, late=tables[0].late)
