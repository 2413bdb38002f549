"""The rules of a person's day: one place at a time, time to get there, the shift, the lunch break, who comes before
whom, and how much one human being may work over all shifts.
"""

from collections.abc import Iterator

from service.routing.problem import LUNCH, Lunch, Problem, Staff, Stop
from service.routing.referee.days import Day, once
from service.routing.referee.verdict import Rule, Violation

Seen = dict[int, tuple[Day, tuple[Violation, ...]]]
"""What is wrong with a row's day."""


def check_people(
    problem: Problem, days: tuple[Day, ...], rows: Seen | None = None, alone: Seen | None = None
) -> Iterator[Violation]:
    """Yield every breach of a rule about a person's day. `rows` are days that need not be looked at again by
    themselves, `alone` those that are all of what somebody works; both are added to.
    """
    rows, alone = {} if rows is None else rows, {} if alone is None else alone
    for day in days:
        yield from once(rows, day, lambda each: tuple(_of_row(problem, each)))
    for own in of_each(problem, days):
        if len(own) == 1:
            yield from once(alone, own[0], lambda each: tuple(_of_human_being(problem, [each])))
        else:
            yield from _of_human_being(problem, own)


def _of_human_being(problem: Problem, own: list[Day]) -> Iterator[Violation]:
    yield from _ranks(problem, own)
    yield from _work(own)


def _of_row(problem: Problem, day: Day) -> Iterator[Violation]:
    if day.stops:
        yield from _way(day)
        yield from _shift(problem, day)
        yield from _lunch(problem, day)
        yield from _load(problem, day)


def human_being(problem: Problem, staff: int) -> tuple[str, int]:
    """Return what the rows of one human being have in common, and nobody else has."""
    person = problem.staff[staff].person
    return ("row", staff) if person is None else ("person", person)


def begins(person: Staff) -> int:
    """Return when a row begins: of a human being's rows the one that begins first comes first, of two that begin at
    once the one that is listed first.
    """
    return person.shift.start if person.shift is not None else 0


def of_each(problem: Problem, days: tuple[Day, ...]) -> list[list[Day]]:
    """Return the rows of each human being."""
    rows: dict[tuple[str, int], list[Day]] = {}
    for day in days:
        rows.setdefault(human_being(problem, day.staff), []).append(day)
    return list(rows.values())


def _way(day: Day) -> Iterator[Violation]:
    """Yield stops out of order, on top of each other, or too far from each other; and a late first arrival."""
    first = day.stops[0]
    if day.departure + day.legs[0] > first.start:  # only with leave_at_shift_start: otherwise one leaves in time
        yield Violation(Rule.shift_start, day.staff, _job(first), {"start": first.start, "leg": day.legs[0]})
    for before, stop, leg in zip(day.stops, day.stops[1:], day.legs[1:], strict=False):
        if stop.start < before.start:
            yield Violation(Rule.order, day.staff, _job(stop), {"start": stop.start, "before": before.start})
        elif stop.start < before.end:
            yield Violation(Rule.overlap, day.staff, _job(stop), {"start": stop.start, "free": before.end})
        elif stop.start < before.end + leg:
            code = Rule.not_carried if day.person.rides else Rule.travel
            yield Violation(code, day.staff, _job(stop), {"start": stop.start, "free": before.end, "leg": leg})


def _shift(problem: Problem, day: Day) -> Iterator[Violation]:
    shift = day.person.shift
    earliest = max(0, shift.start) if shift else 0
    if day.departure < earliest:
        facts = {"departure": day.departure, "earliest": earliest}
        yield Violation(Rule.shift_start, day.staff, _job(day.stops[0]), facts)
    hard = day.person.punctual or problem.rules.overtime is None
    if shift is not None and hard and day.back > shift.end:
        yield Violation(Rule.shift_end, day.staff, _job(day.stops[-1]), {"back": day.back, "end": shift.end})


def _lunch(problem: Problem, day: Day) -> Iterator[Violation]:
    """Yield breaches about lunch: a person with work has it once, in its window, where the work is.

    Who has no stop at all needs none by rule; a price for missed lunches counts the idle too (see `price`).
    """
    due, lunches = day.person.lunch, day.lunches
    if due is None:
        yield from (Violation(Rule.lunch_not_due, day.staff, _job(lunch)) for lunch in lunches)
        return
    if not lunches and problem.rules.missed_lunch is None:
        yield Violation(Rule.lunch_missing, day.staff)
    if len(lunches) > 1:
        yield Violation(Rule.lunch_repeated, day.staff, facts={"times": len(lunches)})
    for position, stop in enumerate(day.stops):
        if stop.service == LUNCH:
            yield from _one_lunch(due, day, position, stop)


def _one_lunch(due: Lunch, day: Day, position: int, stop: Stop) -> Iterator[Violation]:
    if stop.start < due.start or stop.end > due.end:
        yield Violation(Rule.lunch_window, day.staff, _job(stop), {"start": stop.start, "end": stop.end})
    if stop.end - stop.start != due.duration:
        facts = {"length": stop.end - stop.start, "wanted": due.duration}
        yield Violation(Rule.lunch_duration, day.staff, _job(stop), facts)
    if stop.job not in _lunch_places(due, day, position):
        yield Violation(Rule.lunch_place, day.staff, _job(stop))


def _lunch_places(due: Lunch, day: Day, position: int) -> set[int]:
    """Return what a lunch at this position may name as its job."""
    if due.point is not None:
        return {-1}
    around = {other.job for other in day.stops[max(0, position - 1) : position + 2] if other.service != LUNCH}
    return around | {-1} if position == 0 else around  # -1: before leaving the start point


def _load(problem: Problem, day: Day) -> Iterator[Violation]:
    load = sum(problem.jobs[stop.job].load for stop in day.visits)
    if day.person.capacity is not None and load > day.person.capacity:
        yield Violation(Rule.overload, day.staff, facts={"load": load, "capacity": day.person.capacity})


def _ranks(problem: Problem, own: list[Day]) -> Iterator[Violation]:
    """Yield visits that come after one of a higher rank, be it in an earlier row of the same human being."""
    highest: int | None = None
    rows = sorted(own, key=lambda day: begins(day.person))
    for staff, stop in ((day.staff, stop) for day in rows for stop in day.visits):
        rank = problem.jobs[stop.job].rank
        if highest is not None and rank < highest:
            yield Violation(Rule.rank, staff, stop.job, {"rank": rank, "before": highest})
        highest = rank if highest is None else max(highest, rank)


def _work(own: list[Day]) -> Iterator[Violation]:
    """Yield a human being who works too long; the first of his rows is named."""
    work, most = sum(day.work for day in own), _most_work([day.person for day in own])
    if most is not None and work > most:
        yield Violation(Rule.max_work, own[0].staff, facts={"work": work, "most": most})


def _most_work(rows: list[Staff]) -> int | None:
    return min((row.max_work for row in rows if row.max_work is not None), default=None)


def _job(stop: Stop) -> int | None:
    return stop.job if stop.job >= 0 else None
