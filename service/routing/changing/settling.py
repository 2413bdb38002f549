"""Settles a job into chosen gaps: when it begins, where a lunch beside it is had, who slides by how much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from service.routing.changing.board import NOBODY, Board, Seat, lasting
from service.routing.changing.gaps import Choice
from service.routing.changing.sliding import Draft
from service.routing.problem import LUNCH, Job, Sync

AT_START: Final = -1
"""The `job` of a lunch that is had at the start point."""


def settle(board: Board, job: int, choices: Sequence[Choice], first: int = 0, *, at_once: bool = False) -> Draft | None:
    """Return the day with the job in the chosen gaps and the least sliding of others that was found, or None.

    The choices are for the job's services from `first` on. `at_once`: the job as early as the others can make way.
    """
    best: Draft | None = None
    if at_once:
        choices = [replace(each, now=each.low, until=each.high) for each in choices]
    for starts in _starts(board.problem.jobs[job], choices):
        for lunches in product(*(_lunches(board, job, each) for each in choices)):
            draft = _try(board, (job, first), choices, starts, lunches)
            if draft is not None and (best is None or _worth(draft) < _worth(best)):
                best = draft
        if best is not None and not pushed(best):
            break
    return best


def _worth(draft: Draft) -> tuple[int, int]:
    return moving(draft), pushed(draft)


def _starts(wanted: Job, choices: Sequence[Choice]) -> list[tuple[int, ...]]:
    """Return the starts to try: where nobody else moves, else behind the stop before and ahead of the one after."""
    if wanted.sync is Sync.simultaneous:
        low, high = max(each.low for each in choices), min(each.high for each in choices)
        now, until = max(each.now for each in choices), min(each.until for each in choices)
        return [(start,) * len(choices) for start in _candidates(low, high, now, until)]
    found = []
    for first in _firsts(wanted, choices):
        starts = [first]
        for each in choices[1:]:
            low, high = each.low, each.high
            if wanted.sync is Sync.sequential:
                low, high = max(low, starts[-1] + wanted.lag.start), min(high, starts[-1] + wanted.lag.end)
            if low <= high:
                starts.append(_candidates(low, high, each.now, each.until)[0])
        if len(starts) == len(choices):
            found.append(tuple(starts))
    return found


def _firsts(wanted: Job, choices: Sequence[Choice]) -> list[int]:
    """Return when the first may begin of several who need not begin together; of those who come one after the other
    not so early, nor so late, that the next one can no longer follow in time: where nobody else moves, else at all.
    """
    first = choices[0]
    if wanted.sync is not Sync.sequential:
        return _candidates(first.low, first.high, first.now, first.until)
    still = _followed(wanted, [(each.now, min(each.until, each.high)) for each in choices])
    moving = _followed(wanted, [(each.low, each.high) for each in choices])
    found = [still[0]] if still[0] <= still[1] else []
    if moving[0] <= moving[1]:
        found += _candidates(*moving, first.now, first.until)
    return list(dict.fromkeys(found))


def _followed(wanted: Job, ranges: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return when the first may begin so that each next one can begin in its range within the lag; empty: never."""
    low, high = ranges[-1]
    for opens, closes in reversed(ranges[:-1]):
        low, high = max(opens, low - wanted.lag.end), min(closes, high - wanted.lag.start)
    return low, high


def _candidates(low: int, high: int, now: int, until: int) -> list[int]:
    if low <= now <= until and now <= high:
        return [now]
    return list(dict.fromkeys(min(max(each, low), high) for each in (now, until)))


@dataclass(frozen=True, slots=True)
class _Lunch:
    """What happens to a row's lunch: `moves` the one there is to a job's door, else a new one is had, before the job
    or after it.
    """

    job: int
    moves: int = NOBODY
    is_before: bool = False


def _lunches(board: Board, job: int, choice: Choice) -> list[_Lunch | None]:
    """Return what may happen to the lunch of a row when a job is put into a gap of it."""
    row, lunch = board.rows[choice.staff], board.problem.staff[choice.staff].lunch
    if not row and lunch is not None and lunch.point is None:
        had: list[_Lunch | None] = [_Lunch(AT_START, is_before=True), _Lunch(job, is_before=True), _Lunch(job)]
        return had if board.problem.rules.missed_lunch is None else [*had, None]
    if not row and lunch is not None:
        return [_Lunch(AT_START, is_before=True), _Lunch(AT_START)]
    if lunch is None or lunch.point is not None:
        return [None]
    before, after = choice.position - 1, choice.position
    for at in (before, after):
        if 0 <= at < len(row) and board.seats[row[at]].service == LUNCH:
            return _doors(board, job, row, at, is_before=at == before)
    return [None]


def _doors(board: Board, job: int, row: list[int], at: int, *, is_before: bool) -> list[_Lunch | None]:
    """Return the doors at which a lunch beside a new job may be had; where it was had, if that is still beside it."""
    other = at - 1 if is_before else at + 1
    near = [job]
    if 0 <= other < len(row):
        near.append(board.seats[row[other]].job)
    if at == 0 and is_before:
        near.append(AT_START)
    seat = board.seats[row[at]]
    if seat.job in near[1:] or (seat.job == AT_START and at == 0 and is_before):
        near.insert(0, seat.job)
    return [_Lunch(each, moves=row[at]) for each in dict.fromkeys(near)]


def _try(
    board: Board,
    wanted: tuple[int, int],
    choices: Sequence[Choice],
    starts: Sequence[int],
    lunches: Sequence[_Lunch | None],
) -> Draft | None:
    """Return the day with the job at these starts, those before made earlier first, or those behind later first."""
    for earlier_first in (True, False):
        draft, touched = _put(board, wanted, choices, starts, lunches)
        around = [draft.before(at) for at in touched]
        around = [*touched, *(at for at in around if at != NOBODY)]
        fits = (
            draft.pull(touched) and draft.push(around) if earlier_first else draft.push(around) and draft.pull(touched)
        )
        if fits and draft.holds():
            return draft
        if not any(lunches):
            return None
    return None


def _put(
    board: Board,
    wanted: tuple[int, int],
    choices: Sequence[Choice],
    starts: Sequence[int],
    lunches: Sequence[_Lunch | None],
) -> tuple[Draft, list[int]]:
    """Return the day with the job put in, nothing slid yet, and the stops that are new or elsewhere."""
    draft, (number, first) = Draft(board), wanted
    job = board.problem.jobs[number]
    draft.price = sum(each.price for each in choices)
    touched: list[int] = []
    for service, (choice, start, lunch) in enumerate(zip(choices, starts, lunches, strict=True), first):
        length = lasting(board.problem.staff[choice.staff], job.services[service].duration)
        seat = Seat(choice.staff, number, service, job.point, length, start, choice.low, choice.high)
        touched += [draft.put(seat, choice.position), *_have(draft, seat, choice, lunch)]
    return draft, touched


def _have(draft: Draft, seat: Seat, choice: Choice, lunch: _Lunch | None) -> Iterator[int]:
    """Have the row's lunch where it is to be; yield its stop."""
    if lunch is None:
        return
    who = draft.board.problem.staff[choice.staff]
    point = who.start_point if lunch.job == AT_START else draft.board.problem.jobs[lunch.job].point
    if lunch.moves != NOBODY:
        draft.replace(lunch.moves, replace(draft.seat(lunch.moves), job=lunch.job, point=point))
        yield lunch.moves
        return
    due = who.lunch
    if due is None:
        return
    point = point if due.point is None else due.point
    first, last = max(due.start, draft.board.frozen_until), due.end - due.duration
    # before: as late as the job lets it; after: as soon as the job lets it
    start = min(last, seat.start - due.duration) if lunch.is_before else max(first, seat.start + seat.duration)
    had = Seat(choice.staff, lunch.job, LUNCH, point, due.duration, max(first, start), first, last)
    yield draft.put(had, 0 if lunch.is_before else 1)


def moved(draft: Draft) -> list[tuple[int, Seat]]:
    """Return the visits of the board that begin at another time than before."""
    seats = draft.board.seats
    return [
        (at, seats[at])
        for at, start in sorted(draft.starts.items())
        if at < len(seats) and seats[at].service != LUNCH and start != seats[at].start
    ]


def pushed(draft: Draft) -> int:
    """Return by how much the other visits move, together."""
    return sum(abs(draft.start(at) - seat.start) for at, seat in moved(draft))


def moving(draft: Draft) -> int:
    """Return what it costs more that visits begin at other times than people were told."""
    problem = draft.board.problem
    if not problem.rules.moved:
        return 0
    steps = 0
    for job in {seat.job for _, seat in moved(draft)}:
        promised, stops = problem.jobs[job].promised, draft.of_job(job)
        if promised is not None:
            was = min(draft.board.seats[at].start for at in draft.board.of_job[job])
            now = min(draft.start(at) for at in stops)
            steps += abs(now - promised) // problem.rules.moved_step - abs(was - promised) // problem.rules.moved_step
    return problem.rules.moved * steps


def distinct(able: Sequence[Sequence[int]]) -> bool:
    """Tell whether every service can have a person of its own."""
    given: dict[int, int] = {}

    def give(service: int, asked: set[int]) -> bool:
        for staff in able[service]:
            if staff not in asked:
                asked.add(staff)
                if staff not in given or give(given[staff], asked):
                    given[staff] = service
                    return True
        return False

    return all(give(service, set()) for service in range(len(able)))
