"""In which rows people are once the rest of a day is planned: those of the rest, and those of what stays; pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from service.core.geo import Point
from service.practitioners.rules import StaffDay
from service.routing.building import afield, staffing
from service.routing.building.day import Day
from service.routing.building.facts import seconds_of
from service.routing.building.repairing import Kept, Split
from service.routing.building.staffing import Segment
from service.routing.problem import Lunch, Plan, Window
from service.routing.states import StopKind

_NO_END: Final = 2 * 86_400
"""When a row ends of which nothing can be changed."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What somebody does from `start` to `end`, and where that begins and ends: a stop that stays, a row of the rest in
    which there is something to do, or what other plans have promised.
    """

    start: int
    end: int
    begins: Point
    ends: Point
    row: int | None = None
    kept: Kept | None = None


@dataclass(slots=True)
class Row:
    """A row of the whole day: one of the rest (`row`), or one of stops that stay (`kept`)."""

    segment: Segment
    row: int | None = None
    kept: list[Kept] = field(default_factory=list)


def rows_of(parts: Split, rest: Day, plan: Plan) -> list[Row]:
    """Return the rows of the whole day, each shift's in order of time.

    Raises: nothing.
    """
    return [row for who in _people(parts, rest) for row in _rows(parts, rest, plan, who)]


def _people(parts: Split, rest: Day) -> Iterator[StaffDay]:
    """Yield the shifts in which somebody has something to do or could have, once, those of one person together."""
    at = {each.practitioner_id: place for place, each in reversed([*enumerate(parts.whole.staff)])}
    found = {(each.staff.practitioner_id, each.staff.shift_start): each.staff for each in rest.segments}
    for each in parts.frozen:
        who = staffing.shift_at(parts.whole.staff, each.told.practitioner_id, each.told.start)
        if who is not None:
            found.setdefault((who.practitioner_id, who.shift_start), who)
    for who in (each for each in parts.whole.staff if afield.is_out(parts, each)):
        found.setdefault((who.practitioner_id, who.shift_start), who)
    yield from sorted(found.values(), key=lambda who: (at[who.practitioner_id], who.shift_start))


def _rows(parts: Split, rest: Day, plan: Plan, who: StaffDay) -> Iterator[Row]:
    """Yield a shift's rows in order of time.

    Where nothing is to be done between stops that stay, or behind the last, the way there and home is theirs.
    """
    own = (at for at, each in enumerate(rest.segments) if _is_of(each.staff, who))
    found = [Row(rest.segments[at], at) for at in own]
    known = sorted(_parts(parts, rest, plan, who), key=lambda each: (each.start, each.end))
    runs = [list(run) for _, run in groupby(known, key=lambda each: each.kept is not None)]
    for at, run in enumerate(runs):
        if run[0].kept is not None:
            before, after = (runs[at - 1][-1] if at else None), (runs[at + 1][0] if at + 1 < len(runs) else None)
            found.append(Row(_stretch(parts, who, run, before, after), kept=[each.kept for each in run if each.kept]))
    if afield.is_out(parts, who):
        found += [Row(each) for each in _driven(parts, who, known)]
    yield from sorted(found, key=lambda row: (row.segment.shift.start, row.segment.shift.end))


def _parts(parts: Split, rest: Day, plan: Plan, who: StaffDay) -> Iterator[_Part]:
    on = rest.on

    def is_own(practitioner_id: UUID, moment: datetime) -> bool:
        shift = staffing.shift_at(parts.whole.staff, practitioner_id, moment)
        return shift is not None and _is_of(shift, who)

    for route in plan.routes:
        segment = rest.segments[route.staff]
        if route.stops and _is_of(segment.staff, who):
            yield _Part(segment.shift.start, segment.shift.end, segment.start, segment.end, row=route.staff)
    for each in parts.frozen:
        if is_own(each.told.practitioner_id, each.told.start):
            start, end = seconds_of(on, each.told.start), seconds_of(on, each.told.end)
            yield _Part(start, end, each.place, each.place, kept=each)
    for other in parts.whole.busy:
        if is_own(other.practitioner_id, other.start):
            yield _Part(seconds_of(on, other.start), seconds_of(on, other.end), other.place, other.place)


def _is_of(shift: StaffDay, who: StaffDay) -> bool:
    return (shift.practitioner_id, shift.shift_start) == (who.practitioner_id, who.shift_start)


def _stretch(parts: Split, who: StaffDay, run: Sequence[_Part], before: _Part | None, after: _Part | None) -> Segment:
    """Return where and from when somebody does what stays: from his start, or from what he does before."""
    opens, here = parts.whole.seconds(who.shift_start), staffing.start_of(who)
    if before is not None:
        opens, here = (run[0].start, run[0].begins) if before.row is not None else (before.end, before.ends)
    closes, there = afield.closes(parts, who, _NO_END), staffing.end_of(who)
    if after is not None:
        closes, there = (after.start, run[-1].ends) if after.row is not None else (_NO_END, after.begins)
    return Segment(who, Window(opens, closes), _lunch(run), here, there)


def _driven(parts: Split, who: StaffDay, known: Sequence[_Part]) -> Iterator[Segment]:
    """Yield the stretches on which somebody who is out with a vehicle is only driven: between visits that have begun,
    and home from the last one.
    """
    station, never = staffing.station_of(who), afield.closes(parts, who, _NO_END)
    ends = [
        (parts.whole.seconds(who.shift_start), station, False),
        *((each.end, each.ends, bool(each.kept)) for each in known),
    ]
    begins = [*((each.start, each.begins, bool(each.kept)) for each in known), (never, station, False)]
    for (end, here, stays), (start, there, follows) in zip(ends, begins, strict=True):
        if known and not (stays or follows) and end < start:
            yield Segment(who, Window(end, start), None, here, there)


def _lunch(run: Iterable[_Part]) -> Lunch | None:
    had = next((each for each in run if each.kept and each.kept.told.kind is StopKind.lunch), None)
    return None if had is None else Lunch(had.start, had.end, had.end - had.start)
