"""Puts jobs into a plan, each where it costs least of the places that are tried, with the ways there and on."""

import random
from typing import Final, NamedTuple

from service.routing.solver.kernel.compiled import compiled
from service.routing.solver.rides import carrying, cells, feeding, latest, pairing, pricing, suiting, times
from service.routing.solver.rides.cells import HOW, NOBODY, NONE, START, WHERE
from service.routing.solver.rides.effort import USUAL, Effort, OutOfTime
from service.routing.solver.rides.feeding import HUNGRY
from service.routing.solver.rides.pairing import NO_PRICE
from service.routing.solver.rides.scratch import BEST, TWO, Scratch
from service.routing.solver.rides.state import State
from service.routing.solver.rides.suiting import ANYONE
from service.routing.solver.rides.tables import Longs, Tables

OVERLOOKED: Final = 0.04
"""How often a place is overlooked."""


class Place(NamedTuple):
    """Before the node `after` in a row; `cost` is what it looks like beforehand."""

    cost: int
    row: int
    after: int


class Put(NamedTuple):
    """A state with something put in, and what that costs beside leaving it out."""

    cost: int
    state: State


def put(
    state: State,
    job: int,
    chance: random.Random | None,
    rows: dict[int, int] | None = None,
    effort: Effort = USUAL,
) -> Put | None:
    """Put a job in, with those that are done with it or not at all; None when no place was found.

    With `rows` each service is given by the row named, as its last; without `chance` nothing is overlooked.

    Raises:
        OutOfTime: the effort is over before everything was tried.
    """
    cost, twin = 0, state
    for each in state.facts.groups[job]:
        if twin.has(each):
            continue
        for node in state.facts.nodes_of[each]:
            places = _places(twin, node, ANYONE if rows is None else rows.get(node), effort)
            found = _best(twin, node, _drawn(places, chance, effort), effort)
            if found is None:
                return None
            cost, twin = cost + found.cost, found.state
    return Put(cost, twin)


def _places(state: State, node: int, only: int | None, effort: Effort) -> list[Place]:
    """List the places that there may be time for, those that look cheapest first."""
    tables, scratch = state.facts.tables, state.room(effort)
    latest.find(tables, state.cells, scratch, 0)
    if only is None:
        return []
    count = suiting.places(tables, state.cells, scratch, node, only)
    return sorted(Place(*each) for each in scratch.places[:count].tolist())


def _drawn(places: list[Place], chance: random.Random | None, effort: Effort) -> list[Place]:
    if chance is None:
        return places[: 2 * effort.places]
    places = [each for each in places if chance.random() >= OVERLOOKED]
    more = places[effort.places :]
    return places[: effort.places] + (chance.sample(more, effort.others) if len(more) > effort.others else more)


def _best(state: State, node: int, places: list[Place], effort: Effort) -> Put | None:
    best: Put | None = None
    for place in places:
        if effort.is_over():
            raise OutOfTime
        found = _at(state, node, place, effort, None if best is None else best.cost)
        if found is not None:
            best = found
    return best


def _at(state: State, node: int, place: Place, effort: Effort, below: int | None) -> Put | None:
    """Put a node in at a place if it costs less than `below` there."""
    tables, scratch = state.facts.tables, state.room(effort)
    price = try_at(tables, state.cells, scratch, node, place.row, place.after, effort.ways, effort.calls)
    if price == NO_PRICE and state.cells[HOW, place.row] != NONE:
        # lunch had otherwise may leave room
        twin = state.fork()
        twin.cells[HOW, place.row], twin.cells[WHERE, place.row] = NONE, NOBODY
        price = try_at(tables, twin.cells, scratch, node, place.row, place.after, effort.ways, effort.calls)
    if price == NO_PRICE or (below is not None and price >= below):
        return None
    return Put(price, state.fork(scratch.boards[BEST]))


@compiled
def try_at(t: Tables, s: Longs, z: Scratch, node: int, row: int, after: int, keep: int, most: int) -> int:
    """Put a service in at its cheapest there, lunch had, and write the plan to the board BEST; tell what it costs more,
    NO_PRICE when there is no time.
    """
    pairing.begin(t, s, z, 0, node, row, after, keep, most)
    old, best = pricing.travelled(t, s, row), NO_PRICE
    while pairing.advance(t, z, 0, keep, most):
        at = feeding.fed(t, z, TWO, row, keep, most)
        if at == HUNGRY:
            continue
        board = z.boards[at]
        price = pricing.travelled(t, board, row) - old
        price += t.prices[node, row] + cells.late(t, node, row, board[START, node])
        if price < best:
            best = price
            cells.copy(board, z.boards[BEST])
        pairing.skip(z, 0)
    return int(best)


def fed(state: State, row: int) -> State | None:
    """Give a row its lunch, if it still has to have one; None when there is no time for it.

    Raises: nothing.
    """
    scratch = state.room(USUAL)
    at = feeding.feed(state.facts.tables, state.cells, scratch, row, USUAL.ways, USUAL.calls)
    return None if at == HUNGRY else state.fork(scratch.boards[at])


def carried(state: State, node: int) -> State | None:
    """Find a way into a node that has none, the cheapest of those tried; None when all of them fail.

    Raises: nothing.
    """
    scratch = state.room(USUAL)
    if not carrying.carry(state.facts.tables, state.cells, scratch, node, USUAL.calls):
        return None
    return state.fork(scratch.boards[TWO])


def timed(state: State) -> State | None:
    """Set all times anew; None when the order has no timetable.

    Raises: nothing.
    """
    twin = state.fork()
    return twin if times.afresh(twin.facts.tables, twin.cells, twin.room(USUAL)) else None
