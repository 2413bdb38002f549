"""The plan as a picture: a row per person who is sent out."""

from service.routing.writers import timeline
from service.routing.writers.station.itinerary import Itinerary, Leg, PersonDay
from service.routing.writers.timeline import Halt, Kind


def draw(itinerary: Itinerary) -> str:
    """Return the SVG timeline of a station's plan."""
    lanes = [_lane(one) for one in itinerary.people if one.legs]
    return timeline.timeline(f"{itinerary.day.date} 上门路线", lanes)


def _lane(one: PersonDay) -> timeline.Lane:
    home = (one.back or 0) - one.legs[-1].end
    return timeline.lane(f"{one.person.staff_no} {one.person.name}".strip(), [_halt(leg) for leg in one.legs], home)


def _halt(leg: Leg) -> Halt:
    label = leg.order.order_no if leg.order and not leg.is_lunch else "午休"
    return Halt(label, leg.start, leg.end, leg.travel_seconds, Kind.lunch if leg.is_lunch else Kind.visit)
