"""Draws a problem up in the arrays that the compiled search works on."""

from typing import Final

import numpy as np

from service.routing import rules as words
from service.routing.problem import Job, Problem, Sync
from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import linking
from service.routing.solver.kernel.layout import Day, Whole
from service.routing.solver.ruin import neighbours
from service.routing.solver.tables import Node, Person, Tables

KINDS: Final = {Sync.simultaneous: c.TOGETHER, Sync.sequential: c.LAGGED, Sync.independent: c.ALONE}

LARGEST_TIME: Final = 1 << 40
LARGEST_PRICE: Final = 1 << 34
"""Beyond these a sum could overflow."""


def suits(tables: Tables) -> bool:
    """Tell whether all numbers of the problem are small enough for the kernel's sums.

    Raises: nothing.
    """
    problem, rules = tables.problem, tables.problem.rules
    prices = (rules.travel, rules.waiting, rules.max_idle, rules.tardiness, rules.max_tardiness, rules.overtime)
    counted = (rules.missed_lunch, rules.balance, rules.unqualified, rules.not_preferred, rules.forbidden)
    more = (rules.travel_balance, rules.arrival, rules.changed, rules.moved, *(job.tardiness for job in problem.jobs))
    drops = [job.drop_penalty or 0 for job in problem.jobs]
    stretch = max((band.factor for bands in problem.traffic for band in bands), default=0) // 1000 + 1
    longest = max(int(matrix.max(initial=0)) for matrix in problem.matrices) * stretch
    ends = [max(abs(link.low), abs(link.high or 0)) for link in problem.links]
    ends += [abs(job.promised or 0) for job in problem.jobs]
    ends += [abs(edge) for job in problem.jobs for window in job.windows for edge in (window.start, window.end)]
    slowest = max((who.pace for who in problem.staff), default=0) // 1000 + 1
    lasts = [max(service.duration for service in job.services) * slowest for job in problem.jobs]
    heavy = max((price or 0) for price in (*prices, *counted, *more))
    times = max([longest, *ends, *lasts], default=0)
    return (
        longest < 1 << 31
        and times < LARGEST_TIME
        and heavy < LARGEST_PRICE
        and heavy * max(1, times) * len(problem.jobs) < c.NEVER
        and max(drops, default=0) < LARGEST_PRICE << 10
    )


def draw_up(tables: Tables) -> Day:
    """Draw the problem up.

    Raises: nothing.
    """
    services, items, items_of, opens, ends = _Rows(tables).rows()
    problem = tables.problem
    rare, rules = linking.Rare(), _rules(tables)
    rules[0, c.R_WIDE], rules[0, c.R_WIDES] = linking.draw_links(problem, items, items_of, rare)
    places = linking.draw_bands(problem, rare)
    loose = [(at, job.promised or 0) for at, job in enumerate(problem.jobs) if _is_loose(problem, job, items_of[at][1])]
    rules[0, c.R_LOOSE], rules[0, c.R_LOOSES] = rare.add(loose)
    rules[0, c.R_SEEN] = int(rules[0, c.R_LINKED] or len(loose) > 0)
    price = np.full((len(services), max(1, len(tables.people))), -1, dtype=np.int64)
    for row, about in enumerate(services):
        _price(tables, price[row], about)
    able = np.zeros_like(price)
    ables = (price >= 0).sum(axis=1).astype(np.int64)
    for row in range(len(services)):
        able[row, : ables[row]] = np.flatnonzero(price[row] >= 0)
    meal_of = {int(about[c.S_PART]): int(about[c.S_ITEM]) for about in services if about[c.S_JOB] < 0}
    people = [_person(tables, person, meal_of.get(person.index, -1)) for person in tables.people]
    for line, who, human in zip(people, problem.staff, linking.humans(problem), strict=True):
        (line[c.P_HUMAN], line[c.P_NEXT]), (line[c.P_BAND], line[c.P_BANDS]) = human, places[who.matrix]
    return Day(
        services=services,
        items=items,
        people=np.array(people, dtype=np.int64).reshape(-1, c.PERSON_COLUMNS),
        rules=rules,
        travel=np.ascontiguousarray(np.stack(tables.problem.matrices).astype(np.int32)),
        price=price,
        able=able,
        ables=ables,
        opens=np.array(opens, dtype=np.int64),
        ends=np.array(ends, dtype=np.int64),
        near=_near(tables),
        items_of=np.array(items_of, dtype=np.int64).reshape(-1, 2),
        fresh=_fresh(tables),
        time=_times(tables, services),
        rare=rare.table(),
    )


def _times(tables: Tables, services: Whole) -> Whole:
    times = np.zeros((len(services), max(1, len(tables.people))), dtype=np.int64)
    paces = np.array([who.pace for who in tables.problem.staff] or [1000], dtype=np.int64)
    for row, about in enumerate(services):
        if about[c.S_JOB] >= 0:
            # rounded up, as `rules.lasts` does
            times[row] = -(-tables.nodes[about[c.S_JOB]][about[c.S_PART]].duration * paces // 1000)
    return times


def _is_loose(problem: Problem, job: Job, items: int) -> bool:
    """Whether the job begins with any of its services: no single one pays for a start that is not as promised."""
    backwards = job.sync is Sync.sequential and job.lag.start < 0
    several = len(job.services) > 1 and (items > 1 or backwards)
    return bool(problem.rules.moved) and job.promised is not None and several


def _near(tables: Tables) -> Whole:
    rows = neighbours(tables) if len(tables.nodes) > 1 else []
    width = min((len(row) for row in rows), default=0)
    return np.array([row[:width] for row in rows], dtype=np.int64).reshape(len(rows), width)


def _fresh(tables: Tables) -> Whole:
    states = np.zeros((max(1, len(tables.people)), c.STATE_COLUMNS), dtype=np.int64)
    for person in tables.people:
        states[person.index, c.FREE] = person.earliest
        states[person.index, c.PLACE] = person.start
        states[person.index, c.RANK] = -c.NEVER
        states[person.index, c.DOOR] = -1
    return states


def _price(tables: Tables, row: Whole, about: Whole) -> None:
    if about[c.S_JOB] < 0:
        row[about[c.S_PART]] = 0
        return
    for staff, price in tables.nodes[about[c.S_JOB]][about[c.S_PART]].prices.items():
        row[staff] = price


def _person(tables: Tables, person: Person, meal: int) -> list[int]:
    who = tables.problem.staff[person.index]
    opening, last, duration = person.lunch or (0, 0, 0)
    row = [0] * c.PERSON_COLUMNS
    row[c.P_START], row[c.P_END] = person.start, person.end
    row[c.P_EARLIEST], row[c.P_LATEST] = person.earliest, min(c.NEVER, person.latest)
    row[c.P_SHIFT_START] = person.shift_start
    row[c.P_SHIFT_END] = c.NEVER if person.shift_end is None else person.shift_end
    row[c.P_LEAVES] = int(tables.problem.rules.leave_at_shift_start and who.shift is not None)
    row[c.P_MEAL_OPEN], row[c.P_MEAL_LAST], row[c.P_MEAL_TIME] = opening, last, duration
    row[c.P_MATRIX], row[c.P_MEAL] = who.matrix, meal
    row[c.P_CAPACITY] = person.capacity
    row[c.P_WORK] = c.NEVER if who.max_work is None else who.max_work
    row[c.P_DINES] = int(who.lunch is not None and who.lunch.point is not None)
    return row


def _rules(tables: Tables) -> Whole:
    rules = tables.problem.rules
    table = np.zeros((1, c.RULE_COLUMNS), dtype=np.int64)
    row = table[0]
    row[c.R_TRAVEL], row[c.R_WAITING], row[c.R_IDLE] = rules.travel, rules.waiting, rules.max_idle
    row[c.R_MAX_TARDY] = rules.max_tardiness or 0
    row[c.R_OVERTIME], row[c.R_BALANCE] = tables.overtime, rules.balance
    row[c.R_MUST_EAT] = int(rules.missed_lunch is None)
    row[c.R_TRAVEL_BALANCE], row[c.R_ARRIVAL] = rules.travel_balance, rules.arrival
    row[c.R_MOVED], row[c.R_STEP] = rules.moved, max(1, rules.moved_step)
    row[c.R_LIMITED] = int(any(who.max_work is not None for who in tables.problem.staff))
    ends = [window.end for job in tables.problem.jobs for window in job.windows]
    ends += [who.shift.end for who in tables.problem.staff if who.shift]
    row[c.R_TRAFFIC] = int(any(band.factor != 1000 for bands in tables.problem.traffic for band in bands))
    row[c.R_LINKED] = int(bool(tables.problem.links))
    ranked = len({job.rank for job in tables.problem.jobs}) > 1
    row[c.R_UNUSUAL] = int(ranked or rules.arrival > 0 or rules.moved > 0)
    row[c.R_RANKED] = int(ranked and any(who.person is not None for who in tables.problem.staff))
    row[c.R_SPREAD] = 1 + max(ends, default=0) // 8
    return table


class _Rows:
    """Makes the rows of services, items and windows. Services of independent jobs are items of their own."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.services: list[list[int]] = []
        self.items: list[list[int]] = []
        self.items_of: list[tuple[int, int]] = []
        self.opens: list[int] = []
        self.ends: list[int] = []

    def rows(self) -> tuple[Whole, Whole, list[tuple[int, int]], list[int], list[int]]:
        for nodes in self.tables.nodes:
            self._job(nodes)
        for person in self.tables.people:
            if person.lunch is not None:
                self._meal(person)
        services = np.array(self.services, dtype=np.int64).reshape(-1, c.SERVICE_COLUMNS)
        return services, np.array(self.items, dtype=np.int64), self.items_of, self.opens, self.ends

    def _job(self, nodes: list[Node]) -> None:
        job, problem = nodes[0].job, self.tables.problem
        wanted = problem.jobs[job]
        kind = c.ALONE if len(nodes) == 1 else KINDS[wanted.sync]
        groups = [[node] for node in nodes] if kind == c.ALONE else [nodes]
        first = len(self.services)
        self.items_of.append((len(self.items), len(groups)))
        window = len(self.opens)
        windows = sorted(wanted.windows, key=lambda window: (window.start, window.end))
        self.opens += [each.start for each in windows] or [0]
        self.ends += [each.end for each in windows] or [c.NEVER]
        for at, group in enumerate(groups):
            row = [0] * c.ITEM_COLUMNS
            row[c.I_FIRST], row[c.I_COUNT], row[c.I_KIND] = len(self.services), len(group), kind
            row[c.I_LOW], row[c.I_HIGH] = wanted.lag.start, wanted.lag.end
            row[c.I_WINDOW], row[c.I_WINDOWS] = window, len(self.opens) - window
            row[c.I_JOB_FIRST], row[c.I_JOB_COUNT], row[c.I_JOB] = first, len(nodes), job
            row[c.I_DROP] = 0 if at else self.tables.drops[job]
            row[c.I_STRICT], row[c.I_TARDY] = int(nodes[0].patient), nodes[0].tardy
            row[c.I_AT_END] = int(words.ends_in_window(problem, job))
            row[c.I_FLOOR] = _promised_floor(problem, wanted)
            row[c.I_FIXED] = int(len(group) > 1 or (wanted.promised is not None and problem.rules.moved > 0))
            paid = not _is_loose(problem, wanted, len(groups))
            for node in group:
                promise = wanted.promised if paid and node is group[0] else None
                about = [len(self.items), node.point, job, node.service, node.load, node.rank]
                self.services.append([*about, c.NEVER if promise is None else promise])
            self.items.append(row)

    def _meal(self, person: Person) -> None:
        row = [0] * c.ITEM_COLUMNS
        row[c.I_FIRST] = row[c.I_JOB_FIRST] = len(self.services)
        row[c.I_COUNT] = row[c.I_JOB_COUNT] = 1
        row[c.I_KIND], row[c.I_JOB] = c.MEAL, -1
        row[c.I_DROP] = self.tables.missed or 0
        lunch = self.tables.problem.staff[person.index].lunch
        point = person.start if lunch is None or lunch.point is None else lunch.point
        self.services.append([len(self.items), point, -1, person.index, 0, 0, c.NEVER])
        self.items.append(row)


def _promised_floor(problem: Problem, job: Job) -> int:
    """The earliest start that costs nothing, where the promise lies in a window: before it one waits at the door."""
    if job.promised is None or not problem.rules.moved:
        return 0
    inside = any(window.start <= job.promised <= window.end for window in job.windows) or not job.windows
    return job.promised - max(1, problem.rules.moved_step) + 1 if inside else 0
