"""What a search that had to end has left: whoever can be seen, or seen sooner, with all others as they are, is."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.routing.period import greedy
from service.routing.period.problem import Crew, Due, Going, Period, Presence, Round, Slot, dues, goings_of

Wants = Counter[frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Room:
    """Who is there in each slot of a period."""

    period: Period
    there: dict[Slot, list[Presence]]

    def holds(self, slot: Slot, seen: Iterable[tuple[Round, Going]]) -> bool:
        """Return whether those who are there can give all minutes that goings of a slot ask for, ways included."""
        wants: Wants = Counter()
        ways: set[tuple[str, Crew]] = set()
        for wanted, going in seen:
            way = 0 if (wanted.place, going.crew) in ways else self.period.travel_minutes
            ways.add((wanted.place, going.crew))
            for skills in going.crew:
                wants[skills] += wanted.minutes + way
        return _can_give(self.there[slot], wants)


def fill(period: Period, goings: Sequence[Going | None]) -> tuple[Going | None, ...]:
    """Return goings to each due round with those added and moved to an earlier day for which there is room."""
    due_rounds, found = dues(period), list(goings)
    there: defaultdict[Slot, list[Presence]] = defaultdict(list)
    for each in period.presences:
        there[Slot(each.on, each.half)].append(each)
    room = _Room(period, there)
    late = [at for at, due in enumerate(due_rounds) if _days_late(due, found[at]) != 0]
    able = {at: _by_preference(due_rounds[at], goings_of(period, due_rounds[at])) for at in late}
    moved = True
    # a day that somebody has left may be the one that another lacked; who moves moves earlier, so this comes to an end
    while moved:
        moved = False
        for at in late:
            better = _sooner(room, due_rounds, found, at, able[at])
            if better is not None:
                found[at], moved = better, True
    return tuple(found)


def _days_late(due: Due, going: Going | None) -> int | None:
    """Return how many days late somebody is seen, None = not at all."""
    return max(0, (going.slot.on - due.by).days) if going else None


def _by_preference(due: Due, goings: Iterable[Going]) -> list[Going]:
    return sorted(goings, key=lambda each: greedy.preference(due, each))


def _sooner(
    room: _Room, due_rounds: Sequence[Due], found: Sequence[Going | None], at: int, able: Sequence[Going]
) -> Going | None:
    """Return the best going for a due round that is less late than the one that it has, and for which there is room."""
    due, now = due_rounds[at], _days_late(due_rounds[at], found[at])
    rounds = room.period.rounds
    for going in able:
        if now is not None and max(0, (going.slot.on - due.by).days) >= now:
            return None
        if not _is_apart(room.period, due_rounds, found, at, going):
            continue
        beside = [
            (rounds[other.round], has)
            for place, (other, has) in enumerate(zip(due_rounds, found, strict=True))
            if has is not None and has.slot == going.slot and place != at
        ]
        if room.holds(going.slot, [*beside, (rounds[due.round], going)]):
            return going
    return None


def _is_apart(period: Period, due_rounds: Sequence[Due], found: Sequence[Going | None], at: int, going: Going) -> bool:
    """Return whether a going keeps the shortest interval to the other times of its round, and their order."""
    gap = period.rounds[due_rounds[at].round].minimum_days
    return all(
        ((going.slot.on - has.slot.on).days if place < at else (has.slot.on - going.slot.on).days) >= gap
        for place, (other, has) in enumerate(zip(due_rounds, found, strict=True))
        if has is not None and place != at and other.round == due_rounds[at].round
    )


def _can_give(there: Sequence[Presence], wants: Wants) -> bool:
    """Return whether people have the minutes that are wanted of sets of skills (the greatest flow)."""
    flow = _Flow(there, [each.minutes for each in there], Counter())
    for skills, minutes in wants.items():
        missing = minutes
        while missing:
            part = flow.push(skills, missing, set())
            if not part:
                return False
            missing -= part
    return True


@dataclass(frozen=True, slots=True)
class _Flow:
    """How many minutes people have left, and how many each of them gives to what is wanted."""

    there: Sequence[Presence]
    left: list[int]
    given: Counter[tuple[int, frozenset[str]]]

    def push(self, skills: frozenset[str], most: int, tried: set[int]) -> int:
        """Give up to so many minutes to a want, and return how many; who has none left may be relieved elsewhere."""
        for at, each in enumerate(self.there):
            if at in tried or not skills <= each.skills:
                continue
            tried.add(at)
            part = min(most, self.left[at])
            self.left[at] -= part
            for other in [] if part else [want for who, want in self.given if who == at and self.given[who, want]]:
                part = self.push(other, min(most, self.given[at, other]), tried)
                self.given[at, other] -= part
                if part:
                    break
            if part:
                self.given[at, skills] += part
                return part
        return 0
