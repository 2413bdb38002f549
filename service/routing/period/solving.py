"""The period as a constraint model: first that most rounds are seen, then soon enough, then on few ways, then late.

Deterministic: one thread, a fixed seed, and a limit in the solver's own measure of work instead of seconds.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from ortools.sat.python import cp_model

from service.routing.period.problem import Answer, Due, Period, Presence, Round, Slot, dues, slots_of

_SEED: Final = 7
_WORK: Final = 20.0
"""How much work a solve may take, in the solver's deterministic seconds: some ten of a real processor's."""
_SOLVED: Final = (cp_model.OPTIMAL, cp_model.FEASIBLE)

Choices = list[dict[Slot, Any]]
Skills = frozenset[str]
Crew = tuple[Skills, ...]


def solve(period: Period) -> Answer:
    """Return the slot of each due round of a period: no capacity is overdrawn, no shortest interval broken.

    Raises:
        RuntimeError: the solver found nothing, although leaving everything out is allowed.
    """
    model = cp_model.CpModel()
    due_rounds = dues(period)
    chosen: Choices = [{slot: model.new_bool_var("") for slot in slots_of(period, due)} for due in due_rounds]
    for each in chosen:
        model.add_at_most_one(each.values())
    _keep_apart(model, period, due_rounds, chosen)
    ways = _ways(model, period, due_rounds, chosen)
    _stay_within(model, period, due_rounds, chosen, ways)
    _aim(model, due_rounds, chosen, ways)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = _SEED
    solver.parameters.max_deterministic_time = _WORK
    status = solver.solve(model)
    if status not in _SOLVED:
        raise RuntimeError(f"no distribution found: {solver.status_name(status)}")
    slots = tuple(next((slot for slot, taken in each.items() if solver.value(taken)), None) for each in chosen)
    return Answer(slots, status == cp_model.OPTIMAL)


def _keep_apart(model: Any, period: Period, due_rounds: Sequence[Due], chosen: Choices) -> None:
    """Let no two times of one round lie nearer than its shortest interval, and keep them in their order."""
    of_round: defaultdict[int, list[int]] = defaultdict(list)
    for at, due in enumerate(due_rounds):
        of_round[due.round].append(at)
    for wanted, times in of_round.items():
        gap = period.rounds[wanted].minimum_days
        for place, earlier in enumerate(times):
            for later in times[place + 1 :]:
                for one, first in chosen[earlier].items():
                    near = [var for other, var in chosen[later].items() if (other.on - one.on).days < gap]
                    if near:
                        model.add_at_most_one([first, *near])


Ways = dict[tuple[str, Crew, Slot], Any]


def _ways(model: Any, period: Period, due_rounds: Sequence[Due], chosen: Choices) -> Ways:
    """Return (place, crew, slot) → whether such a crew goes there then."""
    ways: Ways = {}
    for due, own in zip(due_rounds, chosen, strict=True):
        wanted = period.rounds[due.round]
        for slot, var in own.items():
            key = (wanted.place, wanted.crew, slot)
            if key not in ways:
                ways[key] = model.new_bool_var("")
            model.add_implication(var, ways[key])
    return ways


def _stay_within(model: Any, period: Period, due_rounds: Sequence[Due], chosen: Choices, ways: Ways) -> None:
    """Let the minutes that rounds and ways ask of each set of skills be given by those who are there and have them."""
    asked: defaultdict[Slot, defaultdict[Skills, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for due, own in zip(due_rounds, chosen, strict=True):
        wanted: Round = period.rounds[due.round]
        for slot, var in own.items():
            for skills in wanted.crew:
                asked[slot][skills].append(var * wanted.minutes)
    for (_, crew, slot), var in ways.items():
        for skills in crew:
            asked[slot][skills].append(var * period.travel_minutes)
    there: defaultdict[Slot, list[Presence]] = defaultdict(list)
    for each in period.presences:
        there[Slot(each.on, each.half)].append(each)
    for slot, demands in asked.items():
        _share_out(model, demands, _pooled(there[slot], demands))


def _pooled(there: Sequence[Presence], demands: dict[Skills, list[Any]]) -> dict[frozenset[Skills], int]:
    """Return the minutes of a slot by what can be asked of who gives them."""
    pools: defaultdict[frozenset[Skills], int] = defaultdict(int)
    for each in there:
        pools[frozenset(skills for skills in demands if skills <= each.skills)] += each.minutes
    return dict(pools)


def _share_out(model: Any, demands: dict[Skills, list[Any]], pools: dict[frozenset[Skills], int]) -> None:
    given: defaultdict[Skills, list[Any]] = defaultdict(list)
    for able, minutes in pools.items():
        parts = []
        # in an order that does not depend on the process
        for skills in sorted(able, key=sorted):
            part = model.new_int_var(0, minutes, "")
            given[skills].append(part)
            parts.append(part)
        model.add(sum(parts) <= minutes)
    for skills, terms in demands.items():
        model.add(sum(given[skills]) >= sum(terms))


def _aim(model: Any, due_rounds: Sequence[Due], chosen: Choices, ways: Ways) -> None:
    """Weigh so that no sum of lesser aims outweighs one step of a greater one."""
    late: list[Any] = []
    early: list[Any] = []
    seen: list[Any] = []
    most_late = most_early = 0
    for due, own in zip(due_rounds, chosen, strict=True):
        beyond = {slot: (slot.on - due.by).days for slot in own}
        late += [var * max(0, beyond[slot]) for slot, var in own.items()]
        early += [var * max(0, -beyond[slot]) for slot, var in own.items()]
        seen += own.values()
        most_late += max([0, *beyond.values()])
        most_early += max([0, *(-each for each in beyond.values())])
    way = most_early + 1
    day_late = way * (len(ways) + 1)
    left_out = day_late * (most_late + 1)
    model.minimize(sum(early) + way * sum(ways.values()) + day_late * sum(late) - left_out * sum(seen))
