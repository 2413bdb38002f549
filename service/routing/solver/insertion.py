"""Where one more job goes best in the day as it stands: candidates by estimate, the winner by exact settlement."""

import bisect
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, permutations
from typing import Final

from service.routing.solver import route as routing
from service.routing.solver.mandatory import MUST
from service.routing.solver.route import Trial
from service.routing.solver.state import State
from service.routing.solver.tables import NEVER, Node

CANDIDATES: Final = 3
"""How many of the best candidates are settled exactly."""

RANKS: Final = 16
"""How many places in the global order are tried for a job of several services."""

SEQUENCES: Final = 6
"""How many sequences of choosing people are tried per rank: all of them up to three services."""

BLINK: Final = 0.02
"""Chance that a candidate is overlooked, which keeps repeated insertions from always doing the same."""


@dataclass(slots=True, frozen=True)
class Candidate:
    """A job's services at (staff, place), the rank in the global order (None = behind its predecessor)."""

    price: int
    placed: list[tuple[int, int]]
    rank: int | None


class Extremes:
    """The largest idle time and tardiness of everybody else, and the mean load: what an insertion changes beyond its
    own route.
    """

    def __init__(self, state: State) -> None:
        self.rules = state.tables.problem.rules
        self.idles = _two_largest([route.closing.idle for route in state.routes])
        self.lates = _two_largest([route.late for route in state.routes])
        loads = [route.closing.load for route in state.routes]
        self.loads, self.mean = loads, sum(loads) // max(1, len(loads))

    def price(self, staff: int, trial: Trial) -> int:
        """Price a trial in a person's route.

        Raises: nothing.
        """
        rules = self.rules
        price = trial.delta
        if rules.max_idle:
            price += rules.max_idle * (max(_others(self.idles, staff), trial.idle) - self.idles[0][0])
        if rules.max_tardiness:
            price += rules.max_tardiness * (max(_others(self.lates, staff), trial.late) - self.lates[0][0])
        if rules.balance:
            price += rules.balance * (abs(trial.load - self.mean) - abs(self.loads[staff] - self.mean))
        return price


def _two_largest(values: list[int]) -> list[tuple[int, int]]:
    found = sorted(((value, at) for at, value in enumerate(values)), reverse=True)[:2]
    return [*found, (0, -1), (0, -1)][:2]


def _others(two: list[tuple[int, int]], staff: int) -> int:
    return two[1][0] if two[0][1] == staff else two[0][0]


def insert_best(state: State, job: int, chance: random.Random | None, *, thorough: bool = False) -> bool:
    """Insert the job where it costs least, unless leaving it out costs less or every place breaks a hard rule.

    `chance` makes some candidates be overlooked; None looks at all. `thorough` tries every place and rank.

    Raises: nothing.
    """
    for candidate in candidates(state, job, chance, thorough=thorough):
        if candidate.price >= state.tables.drops[job]:
            return False
        if state.insert(job, candidate.placed, candidate.rank):
            return True
    return False


def candidates(
    state: State, job: int, chance: random.Random | None = None, *, thorough: bool = False
) -> Iterator[Candidate]:
    """List where the job could go, cheapest first; those of one service are estimates, to be settled by inserting.

    Raises: nothing.
    """
    nodes = state.tables.nodes[job]
    if len(nodes) > 1:
        return _several(state, nodes, chance, thorough)
    return _everywhere(state, nodes[0]) if thorough else _single(state, nodes[0], chance)


def _everywhere(state: State, node: Node) -> Iterator[Candidate]:
    """Every place of every route, settled and priced as a whole, lunches moved where that helps."""
    placed = (
        _exact(state, node.job, Candidate(0, [(staff, at)], None))
        for staff in node.prices
        for at in range(len(state.routes[staff].stops) + 1)
    )
    return iter(sorted((candidate for candidate in placed if candidate is not None), key=_by_price))


def _single(state: State, node: Node, chance: random.Random | None) -> Iterator[Candidate]:
    extremes = Extremes(state)
    found = [
        Candidate(extremes.price(staff, trial), [(staff, trial.at)], None)
        for staff in node.prices
        if chance is None or chance.random() >= BLINK
        for trial in _promising(routing.trials(state.routes[staff], node))
    ]
    found.sort(key=_by_price)
    return iter(found[: max(CANDIDATES, len(found) // 8)])


def _promising(trials: list[Trial]) -> list[Trial]:
    return sorted(trials, key=_by_delta)[:2]


def _by_delta(trial: Trial) -> int:
    return trial.delta


def _by_price(candidate: Candidate) -> int:
    return candidate.price


def _several(state: State, nodes: list[Node], chance: random.Random | None, thorough: bool) -> Iterator[Candidate]:
    """Try a selection of ranks; at each, every service takes the cheapest person whom no other service took."""
    state.rerank()
    ranks = list(range(len(state.order) + 1)) if thorough else _ranks(state, nodes, chance)
    extremes = Extremes(state)
    place_of = {job: rank for rank, job in enumerate(state.order)}
    offers = [_offers(state, node, extremes, place_of) for node in nodes]
    found = [candidate for rank in ranks for candidate in _teams(state, offers, rank)]
    found.sort(key=_by_price)
    settled = (_exact(state, nodes[0].job, candidate) for candidate in (found if thorough else found[: 4 * CANDIDATES]))
    good = list(islice((candidate for candidate in settled if candidate is not None), CANDIDATES))
    return iter(sorted(good, key=_by_price))


def _exact(state: State, job: int, candidate: Candidate) -> Candidate | None:
    trial = state.fork()
    if not trial.insert(job, candidate.placed, candidate.rank):
        return None
    return Candidate(trial.total() - state.total() + state.tables.drops[job], candidate.placed, candidate.rank)


def _ranks(state: State, nodes: list[Node], chance: random.Random | None) -> list[int]:
    """Ranks around the windows, and the very end (where a soft day always has room)."""
    times = state.start_times()
    starts = [times[job] for job in state.order]
    ranks: set[int] = {len(starts)}
    for opening, closing in zip(nodes[0].opens, nodes[0].closes, strict=True):
        width = min(closing, starts[-1] if starts else opening) - opening
        first = bisect.bisect_left(starts, opening - max(0, width))
        last = bisect.bisect_right(starts, min(NEVER, closing + max(0, width)))
        step = max(1, (last - first) * len(nodes[0].opens) // RANKS)
        shift = chance.randrange(step) if chance else 0
        ranks.update(range(first + shift, last + 1, step))
    return sorted(ranks)


@dataclass(slots=True, frozen=True)
class Offer:
    """One person's trials for one service by place, and the ranks of the person's stops."""

    staff: int
    trials: dict[int, tuple[int, Trial]]
    ranks: list[int]


def _offers(state: State, node: Node, extremes: Extremes, place_of: dict[int, int]) -> list[Offer]:
    return [
        Offer(
            staff,
            {trial.at: (extremes.price(staff, trial), trial) for trial in routing.trials(state.routes[staff], node)},
            [place_of[stop.job] for stop in state.routes[staff].stops],
        )
        for staff in node.prices
    ]


def _teams(state: State, offers: list[list[Offer]], rank: int) -> list[Candidate]:
    """One team per sequence in which the services choose: the cheapest person whom no earlier service took."""
    ready = [_ready(service, rank) for service in offers]
    if not all(ready):
        return []
    rules = state.tables.problem.rules
    apart = rules.travel + rules.waiting
    teams = (_team(ready, sequence, apart) for sequence in islice(permutations(range(len(offers))), SEQUENCES))
    return [Candidate(price, placed, rank) for price, placed in teams if placed]


def _ready(offers: list[Offer], rank: int) -> list[tuple[int, int, Trial]]:
    found = []
    for offer in offers:
        trial = offer.trials.get(bisect.bisect_left(offer.ranks, rank))
        if trial is not None:
            found.append((trial[0], offer.staff, trial[1]))
    found.sort(key=_first)
    return found


def _first(offer: tuple[int, int, Trial]) -> int:
    return offer[0]


def _team(
    ready: list[list[tuple[int, int, Trial]]], sequence: tuple[int, ...], apart: int
) -> tuple[int, list[tuple[int, int]]]:
    """Choose people one service after the other; a start that differs from the first one's is priced as waiting."""
    placed: list[tuple[int, int]] = [(-1, -1)] * len(sequence)
    taken: set[int] = set()
    price = 0
    meets: int | None = None
    for service in sequence:
        options = [
            (offer + (apart * abs(trial.start - meets) if meets is not None else 0), staff, trial)
            for offer, staff, trial in ready[service]
            if staff not in taken
        ]
        if not options:
            return MUST, []
        cheapest, staff, trial = min(options, key=_first)
        price += cheapest
        meets = trial.start
        taken.add(staff)
        placed[service] = (staff, trial.at)
    return price, placed
