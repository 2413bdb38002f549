"""The plan as a picture: a row per person who is sent out, and per shared vehicle."""

from collections.abc import Iterator
from itertools import pairwise

from service.routing.writers import timeline
from service.routing.writers.station.itinerary import Itinerary, Leg, PersonDay
from service.routing.writers.station.tours import Ride, VehicleDay
from service.routing.writers.timeline import LABELS, Halt, Kind, Span


def draw(itinerary: Itinerary) -> str:
    """Return the SVG timeline of a station's plan."""
    lanes = [_lane(one) for one in itinerary.people if one.legs]
    lanes += [timeline.Lane(one.vehicle.vehicle_no, tuple(_spans(one))) for one in itinerary.tours]
    return timeline.timeline(f"{itinerary.day.date} 上门路线", lanes)


def _lane(one: PersonDay) -> timeline.Lane:
    name, ride = f"{one.person.staff_no} {one.person.name}".strip(), one.home_ride
    halts = [_halt(leg) for leg in one.legs]
    if ride is not None:
        return timeline.lane(name, halts, ride.off - ride.on, ride.off, _by(ride))
    return timeline.lane(name, halts, (one.back or 0) - one.legs[-1].end)


def _halt(leg: Leg) -> Halt:
    label = leg.order.order_no if leg.order and not leg.is_lunch else "午休"
    kind = Kind.lunch if leg.is_lunch else Kind.visit
    if leg.ride is None:
        return Halt(label, leg.start, leg.end, leg.travel_seconds, kind)
    return Halt(label, leg.start, leg.end, leg.travel_seconds, kind, leg.ride.off, _by(leg.ride))


def _by(ride: Ride) -> str:
    return f"乘{ride.vehicle.vehicle_no}"


def _spans(one: VehicleDay) -> Iterator[Span]:
    for before, halt in pairwise(one.halts):
        yield Span(Kind.travel, halt.arrive - halt.travel_seconds, halt.arrive, LABELS[Kind.travel])
        if halt.depart > halt.arrive and halt is not one.halts[-1]:
            yield Span(Kind.waiting, halt.arrive, halt.depart, LABELS[Kind.waiting])
        if before.depart < halt.arrive - halt.travel_seconds:
            yield Span(Kind.waiting, before.depart, halt.arrive - halt.travel_seconds, LABELS[Kind.waiting])
