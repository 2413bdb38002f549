"""The period as a constraint model: first that most rounds are seen, then soon enough, then on few ways and with little
help from neighbours, then late.

Deterministic: one thread, a fixed seed, and a limit in the solver's own measure of work instead of seconds.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from ortools.sat.python import cp_model

from service.routing.period import filling, greedy
from service.routing.period.problem import Answer, Crew, Due, Going, Period, Presence, Round, Slot, dues, goings_of

_SEED: Final = 7
_WORK: Final = 0.5
"""How much work each aim may take, in the solver's deterministic seconds: a few of a real processor's each."""
_SOLVED: Final = (cp_model.OPTIMAL, cp_model.FEASIBLE)

Choices = list[dict[Going, Any]]
Skills = frozenset[str]


def solve(period: Period) -> Answer:
    """Return who goes when to each due round of a period: no capacity is overdrawn, no shortest interval broken.

    Raises: nothing; where the work allowed does not reach, the best so far is returned as not proven.
    """
    model: Any = cp_model.CpModel()
    due_rounds = dues(period)
    chosen: Choices = [{going: model.new_bool_var("") for going in goings_of(period, due)} for due in due_rounds]
    for each in chosen:
        model.add_at_most_one(each.values())
    _keep_apart(model, period, due_rounds, chosen)
    ways = _ways(model, period, due_rounds, chosen)
    parts = _stay_within(model, period, due_rounds, chosen, ways)
    every = [var for own in chosen for var in own.values()] + [*ways.values(), *parts]
    goings = greedy.begin(period)
    for each, going in zip(chosen, goings, strict=True):
        for other, var in each.items():
            model.add_hint(var, other == going)
    solver, proven = _solver(), True
    for aim in _aims(period, due_rounds, chosen, ways):
        model.minimize(aim)
        status = solver.solve(model)
        proven = proven and status == cp_model.OPTIMAL
        if status not in _SOLVED:
            break
        goings = tuple(next((going for going, taken in each.items() if solver.value(taken)), None) for each in chosen)
        # what is reached is kept while the next aim is pursued, from where this one was left
        model.add(aim <= round(solver.objective_value))
        model.clear_hints()
        for var in every:
            model.add_hint(var, solver.value(var))
    # nothing is to be said to have no room that has
    return Answer(goings if proven else filling.fill(period, goings), proven)


def _solver() -> Any:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = _SEED
    solver.parameters.max_deterministic_time = _WORK
    return solver


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
                    near = [var for other, var in chosen[later].items() if (other.slot.on - one.slot.on).days < gap]
                    if near:
                        model.add_at_most_one([first, *near])


Ways = dict[tuple[str, Crew, Slot], Any]


def _ways(model: Any, period: Period, due_rounds: Sequence[Due], chosen: Choices) -> Ways:
    """Return (place, crew, slot) → whether such a crew goes there then."""
    ways: Ways = {}
    for due, own in zip(due_rounds, chosen, strict=True):
        wanted = period.rounds[due.round]
        for going, var in own.items():
            key = (wanted.place, going.crew, going.slot)
            if key not in ways:
                ways[key] = model.new_bool_var("")
            model.add_implication(var, ways[key])
    return ways


def _stay_within(model: Any, period: Period, due_rounds: Sequence[Due], chosen: Choices, ways: Ways) -> list[Any]:
    """Let the minutes that rounds and ways ask of each set of skills be given by those who are there and have them.

    Returns how many minutes each kind of staff gives to each set of skills in each slot.
    """
    asked: defaultdict[Slot, defaultdict[Skills, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for due, own in zip(due_rounds, chosen, strict=True):
        wanted: Round = period.rounds[due.round]
        for going, var in own.items():
            for skills in going.crew:
                asked[going.slot][skills].append(var * wanted.minutes)
    for (_, crew, slot), var in ways.items():
        for skills in crew:
            asked[slot][skills].append(var * period.travel_minutes)
    there: defaultdict[Slot, list[Presence]] = defaultdict(list)
    for each in period.presences:
        there[Slot(each.on, each.half)].append(each)
    return [
        part for slot, demands in asked.items() for part in _share_out(model, demands, _pooled(there[slot], demands))
    ]


def _pooled(there: Sequence[Presence], demands: dict[Skills, list[Any]]) -> dict[frozenset[Skills], int]:
    """Return the minutes of a slot by what can be asked of who gives them."""
    pools: defaultdict[frozenset[Skills], int] = defaultdict(int)
    for each in there:
        pools[frozenset(skills for skills in demands if skills <= each.skills)] += each.minutes
    return dict(pools)


def _share_out(model: Any, demands: dict[Skills, list[Any]], pools: dict[frozenset[Skills], int]) -> list[Any]:
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
    return [part for parts in given.values() for part in parts]


def _aims(period: Period, due_rounds: Sequence[Due], chosen: Choices, ways: Ways) -> list[Any]:
    """Return what is to be small, the greatest aim first: rounds left out, days late, minutes of ways and of what help
    from neighbours costs, days early; at last how many of a neighbour's go.
    """
    beyond = [
        (var, (going.slot.on - due.by).days)
        for due, own in zip(due_rounds, chosen, strict=True)
        for going, var in own.items()
    ]
    helped = [(var, going) for own in chosen for going, var in own.items() if going.by]
    # where a way takes no time there are still to be few
    way = max(1, period.travel_minutes)
    aims = [
        -sum(var for var, _ in beyond),
        sum(var * days for var, days in beyond if days > 0),
        way * sum(ways.values()) + sum(var * going.price_minutes for var, going in helped),
        sum(var * -days for var, days in beyond if days < 0),
    ]
    return [*aims, sum(var * len(going.by) for var, going in helped)] if helped else aims
