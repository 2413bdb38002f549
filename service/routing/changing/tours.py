"""Tours when visits go: the vehicles drive as told, and nobody rides but on a way of his own."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from service.routing.changing import riding
from service.routing.changing.board import point_of
from service.routing.problem import Plan, Problem, Route, Tour, TourStop
from service.routing.referee.rides import Ride


@dataclass(frozen=True, slots=True)
class _Trip:
    """Somebody gets on at one stop of a tour, and off at a later one."""

    row: int
    tour: int
    on: int
    off: int


def fitted(problem: Problem, plan: Plan) -> Plan:
    """Return the plan with only those rides that are on a way of whoever rides.

    Who had something to do where he got off and has no more stays aboard to where he would have gone on to, if a seat
    is free; else he does not ride. The vehicles stop where and when they did.
    """
    if not plan.tours:
        return plan
    found = _Fitting(problem, plan)
    by_row: defaultdict[int, list[_Trip]] = defaultdict(list)
    for trip in found.trips:
        by_row[trip.row].append(trip)
    for row, trips in by_row.items():
        found.fit(row, sorted(trips, key=lambda trip: found.ride(trip).on))
    return replace(plan, tours=tuple(found.tour(at) for at in range(len(plan.tours))))


class _Fitting:
    """The tours taken apart into who rides from where to where."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.tours = problem, plan.tours
        self.routes = {route.staff: route for route in plan.routes}
        self.trips = {trip for at, tour in enumerate(plan.tours) for trip in _trips(at, tour)}

    def ride(self, trip: _Trip) -> Ride:
        """Return what the referee calls a trip."""
        tour = self.tours[trip.tour]
        on, off = tour.stops[trip.on], tour.stops[trip.off]
        return Ride(trip.row, tour.vehicle, on.point, off.point, on.depart, off.arrive)

    def fit(self, row: int, trips: Sequence[_Trip]) -> None:
        """Let a row ride on its ways only."""
        loose = self._loose(row, trips)
        self.trips -= set(loose)
        kept = [trip for trip in trips if trip not in loose]
        for trip in _joined(loose):
            if self._has_seat(trip) and not self._loose(row, [*kept, trip]):
                kept.append(trip)
                self.trips.add(trip)

    def tour(self, at: int) -> Tour:
        """Return a tour with those who still ride in it."""
        on = {(trip.row, trip.on) for trip in self.trips if trip.tour == at}
        off = {(trip.row, trip.off) for trip in self.trips if trip.tour == at}
        stops = (
            replace(
                stop,
                off=tuple(row for row in stop.off if (row, number) in off),
                on=tuple(row for row in stop.on if (row, number) in on),
            )
            for number, stop in enumerate(self.tours[at].stops)
        )
        return replace(self.tours[at], stops=tuple(stops))

    def _loose(self, row: int, trips: Sequence[_Trip]) -> list[_Trip]:
        route = self.routes.get(row, Route(row, ()))
        spots = [(point_of(self.problem, row, stop), stop.start, stop.end) for stop in route.stops]
        _, elsewhere = riding.ways(self.problem, row, spots, [self.ride(trip) for trip in trips])
        # the same ride twice is on one way at most
        left = Counter(elsewhere)
        found = []
        for trip in reversed(trips):
            if left[self.ride(trip)]:
                left[self.ride(trip)] -= 1
                found.append(trip)
        return found[::-1]

    def _has_seat(self, trip: _Trip) -> bool:
        seats = self.problem.vehicles[self.tours[trip.tour].vehicle].seats
        beside = [each for each in self.trips if each.tour == trip.tour]
        return all(sum(each.on <= leg < each.off for each in beside) < seats for leg in range(trip.on, trip.off))


def _trips(at: int, tour: Tour) -> Iterator[_Trip]:
    aboard: dict[int, int] = {}
    for number, stop in enumerate(tour.stops):
        yield from (_Trip(row, at, aboard.pop(row), number) for row in stop.off if row in aboard)
        aboard |= dict.fromkeys(stop.on, number)


def _joined(trips: Sequence[_Trip]) -> Iterator[_Trip]:
    """Yield the trips that one could make by staying aboard over several, the longest first."""
    for first, one in enumerate(trips):
        for last in reversed(trips[first + 1 :]):
            if one.tour == last.tour:
                yield replace(one, off=last.off)


def without_stops(tour: Tour, points: Iterable[int]) -> Tour:
    """Return a tour that passes by some places at which nobody gets on or off."""
    past = set(points)

    def is_idle(stop: TourStop) -> bool:
        return stop.point in past and not (stop.off or stop.on)

    return replace(tour, stops=tuple(stop for stop in tour.stops if not is_idle(stop)))
