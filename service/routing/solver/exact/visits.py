"""The jobs in the model: done or not, by whom, in which window, together, and how linked jobs stand to each other."""

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise, product
from typing import Any

from ortools.sat.python import cp_model

from service.routing import rules as words
from service.routing.problem import Carer, Link, Sync
from service.routing.referee import jobs as refereeing
from service.routing.referee.people import begins, human_being
from service.routing.solver.exact import scope as scoping
from service.routing.solver.exact.rows import Row
from service.routing.solver.exact.scope import Key, Scope, Standing


class Visits:
    """`starts[key]` and `ends[key]` of all services of the decided jobs (numbers where they stand), `done[job]`,
    `late[key]` (nothing where being late is forbidden).
    """

    def __init__(self, model: cp_model.CpModel, scope: Scope, standing: Standing) -> None:
        self.model, self.scope, self.standing = model, scope, standing
        self.problem = scope.problem
        self.top = scoping.horizon(self.problem)
        self.starts: dict[Key, Any] = {}
        self.ends: dict[Key, Any] = {}
        self.done: dict[int, Any] = {}
        self.late: dict[Key, Any] = {}
        self.rows: list[Row] = []
        for job in scope.jobs:
            given = standing.given.get(job, {})
            self.done[job] = model.new_bool_var(f"{job} done")
            if given or job in scope.must:
                model.add(self.done[job] == 1)
            for service in range(len(self.problem.jobs[job].services)):
                key = job, service
                self.starts[key] = (
                    given[service].stop.start if service in given else model.new_int_var(0, self.top, f"{key} starts")
                )

    def settle(self, rows: Iterable[Row]) -> None:
        """Say by whom and when, once the rows are there.

        Raises: nothing.
        """
        self.rows = list(rows)
        for job in self.scope.jobs:
            self._people(job)
            self._windows(job)
            self._together(job)
        for link in self.problem.links:
            if link.first in self.done or link.second in self.done:
                self._link(link)
        self._ranks()
        self._work()

    def takers(self, key: Key) -> list[tuple[Row, Any]]:
        """List who may give a service.

        Raises: nothing.
        """
        return [(row, row.takes[key]) for row in self.rows if key in row.takes]

    def span(self, job: int, link: Link | None = None) -> tuple[Any, Any]:
        """Tell when a job's first service starts and when its last one ends, of those that count for a link.

        Raises: nothing.
        """
        keys = self._keys(job, link)
        if job not in self.done:
            visits = [self.standing.given[job][service] for _, service in keys]
            return min(visit.stop.start for visit in visits), max(visit.stop.end for visit in visits)
        if len(keys) == 1:
            return self.starts[keys[0]], self.ends[keys[0]]
        first, last = (self.model.new_int_var(0, self.top, "") for _ in range(2))
        self.model.add_min_equality(first, [self.starts[key] for key in keys])
        self.model.add_max_equality(last, [self.ends[key] for key in keys])
        return first, last

    def _keys(self, job: int, link: Link | None = None) -> list[Key]:
        services = range(len(self.problem.jobs[job].services))
        return [(job, each) for each in services if link is None or words.counts(self.problem, link, job, each)]

    def _people(self, job: int) -> None:
        """All services or none, each by one person, each by somebody else."""
        given = self.standing.given.get(job, {})
        beings: dict[object, list[Any]] = {}
        for key in self._keys(job):
            if key[1] in given:
                self.ends[key] = given[key[1]].stop.end
                continue
            takers = self.takers(key)
            self.model.add(sum(literal for _, literal in takers) == self.done[job])
            self.ends[key] = self.starts[key] + sum(row.lasts[key] * literal for row, literal in takers)
            for row, literal in takers:
                beings.setdefault(human_being(self.problem, row.at), []).append(literal)
        for literals in beings.values():
            if len(literals) > 1:
                self.model.add_at_most_one(literals)

    def _windows(self, job: int) -> None:
        wanted, given = self.problem.jobs[job], self.standing.given.get(job, {})
        latest: dict[int, int] = {}
        for window in wanted.windows:
            latest[window.start] = max(window.end, latest.get(window.start, window.end))
        opening = sorted(latest)
        closed_at_end = wanted.ends_in_window or self.problem.rules.window_end_at_service_end
        for key in self._keys(job):
            if key[1] in given or not opening:
                continue
            mark = self.ends[key] if closed_at_end else self.starts[key]
            chosen = [self.model.new_bool_var("") for _ in opening] if len(opening) > 1 else [self.done[job]]
            if len(opening) > 1:
                self.model.add(sum(chosen) == self.done[job])
            late = self._late(job, key)
            for literal, here, then in zip(chosen, opening, [*opening[1:], self.top + 1], strict=True):
                self.model.add(self.starts[key] >= here).only_enforce_if(literal)
                self.model.add(self.starts[key] < then).only_enforce_if(literal)
                self.model.add(mark - latest[here] <= late).only_enforce_if(literal)

    def _late(self, job: int, key: Key) -> Any:
        if refereeing.lateness_price(self.problem, job) is None:
            return 0
        self.late[key] = self.model.new_int_var(0, self.top, f"{key} late")
        return self.late[key]

    def _together(self, job: int) -> None:
        wanted, keys = self.problem.jobs[job], self._keys(job)
        for one, other in pairwise(keys):
            if wanted.sync is Sync.simultaneous:
                self.model.add(self.starts[one] == self.starts[other]).only_enforce_if(self.done[job])
            elif wanted.sync is Sync.sequential:
                lag = self.starts[other] - self.starts[one]
                self.model.add(lag >= wanted.lag.start).only_enforce_if(self.done[job])
                self.model.add(lag <= wanted.lag.end).only_enforce_if(self.done[job])

    def _is_done(self, job: int) -> Any:
        return self.done[job] if job in self.done else int(job in self.standing.given)

    def _link(self, link: Link) -> None:
        both = [self._is_done(link.first), self._is_done(link.second)]
        if link.bound:
            self.model.add(both[0] == both[1])
        if any(isinstance(done, int) and not done for done in both):
            return
        when = [done for done in both if not isinstance(done, int)]
        (begin, end), (start, over) = self.span(link.first, link), self.span(link.second, link)
        if link.ordered:
            self._gap(start - end, max(0, link.low), link.high, when)
        else:
            forth = self.model.new_bool_var("")
            self._gap(start - end, link.low, link.high, [*when, forth])
            self._gap(begin - over, link.low, link.high, [*when, ~forth])
        if link.carer is not Carer.anybody:
            self._carers(link, when)

    def _gap(self, gap: Any, low: int, high: int | None, when: Sequence[Any]) -> None:
        self.model.add(gap >= low).only_enforce_if(when)
        if high is not None:
            self.model.add(gap <= high).only_enforce_if(when)

    def _carers(self, link: Link, when: Sequence[Any]) -> None:
        """By human being: of each, whether he gives any service of the job."""
        first, second = self._beings(link.first, link), self._beings(link.second, link)
        for being in first.keys() | second.keys():
            at_first, at_second = first.get(being, 0), second.get(being, 0)
            if link.carer is Carer.same:
                # of a crew that begins at once any one is the same
                self.model.add(at_second <= at_first).only_enforce_if(when)
            else:
                self.model.add(at_first + at_second <= 1).only_enforce_if(when)

    def _beings(self, job: int, link: Link) -> dict[object, Any]:
        found: dict[object, Any] = {}
        given = self.standing.given.get(job, {})
        for key in self._keys(job, link):
            if key[1] in given:
                found[human_being(self.problem, given[key[1]].staff)] = 1
            for row, literal in self.takers(key):
                being = human_being(self.problem, row.at)
                found[being] = found.get(being, 0) + literal
        return found

    def _people_of_rows(self) -> dict[object, list[Row]]:
        rows: dict[object, list[Row]] = {}
        for row in self.rows:
            rows.setdefault(human_being(self.problem, row.at), []).append(row)
        return rows

    def _ranks(self) -> None:
        """What one human being does in one row, beside his other rows; a row by itself sees to its own order."""
        for being, own in self._people_of_rows().items():
            for before, after in combinations(sorted(own, key=_in_order), 2):
                self._one_after_the_other(before, after)
            for day in self.standing.days:
                if day.visits and human_being(self.problem, day.staff) == being:
                    ranks = [self.problem.jobs[visit.job].rank for visit in day.visits]
                    for row in own:
                        is_first = _in_order(row) < (begins(day.person), day.staff)
                        self._beside(row, min(ranks) if is_first else None, None if is_first else max(ranks))

    def _one_after_the_other(self, before: Row, after: Row) -> None:
        for (one, first), (two, second) in product(before.takes.items(), after.takes.items()):
            if self.problem.jobs[one[0]].rank > self.problem.jobs[two[0]].rank:
                self.model.add_at_most_one(first, second)

    def _beside(self, row: Row, highest: int | None, lowest: int | None) -> None:
        """Keep a row's jobs within ranks, None = any."""
        for (job, _), literal in row.takes.items():
            rank = self.problem.jobs[job].rank
            if (highest is not None and rank > highest) or (lowest is not None and rank < lowest):
                self.model.add(literal == 0)

    def _work(self) -> None:
        """What one human being works over all rows."""
        for being, own in self._people_of_rows().items():
            every = [who for at, who in enumerate(self.problem.staff) if human_being(self.problem, at) == being]
            most = min((who.max_work for who in every if who.max_work is not None), default=None)
            if most is not None:
                others = sum(day.work for day in self.standing.days if human_being(self.problem, day.staff) == being)
                self.model.add(sum(row.way + row.busy for row in own) <= most - others)


def _in_order(row: Row) -> tuple[int, int]:
    return begins(row.person), row.at
