"""The rules of a person's day: one place at a time, time to get there, the shift, the lunch break."""

from collections.abc import Iterator

from service.routing.problem import LUNCH, Lunch, Problem, Stop
from service.routing.referee.days import Day
from service.routing.referee.verdict import Rule, Violation


def check_people(problem: Problem, days: tuple[Day, ...]) -> Iterator[Violation]:
    """Yield every breach of a rule about a person's day."""
    for day in days:
        if day.stops:
            yield from _way(day)
            yield from _shift(problem, day)
            yield from _lunch(problem, day)
            yield from _load(problem, day)


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
            yield Violation(Rule.travel, day.staff, _job(stop), {"start": stop.start, "free": before.end, "leg": leg})


def _shift(problem: Problem, day: Day) -> Iterator[Violation]:
    shift = day.person.shift
    earliest = max(0, shift.start) if shift else 0
    if day.departure < earliest:
        facts = {"departure": day.departure, "earliest": earliest}
        yield Violation(Rule.shift_start, day.staff, _job(day.stops[0]), facts)
    if shift is not None and problem.rules.overtime is None and day.back > shift.end:
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
    around = {other.job for other in day.stops[max(0, position - 1) : position + 2] if other.service != LUNCH}
    if position == 0:
        around.add(-1)  # before leaving the start point
    if stop.job not in around:
        yield Violation(Rule.lunch_place, day.staff, _job(stop))


def _load(problem: Problem, day: Day) -> Iterator[Violation]:
    load = sum(problem.jobs[stop.job].load for stop in day.visits)
    if day.person.capacity is not None and load > day.person.capacity:
        yield Violation(Rule.overload, day.staff, facts={"load": load, "capacity": day.person.capacity})


def _job(stop: Stop) -> int | None:
    return stop.job if stop.job >= 0 else None
