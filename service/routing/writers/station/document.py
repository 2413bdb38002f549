"""The plan as JSON and as GeoJSON: times with offset, places WGS-84 longitude first."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from service.core.clock import LOCAL
from service.core.geo import Point
from service.routing.writers.station.itinerary import Itinerary, Leg, PersonDay
from service.routing.writers.station.tours import Halt, Ride, VehicleDay


def plan_document(itinerary: Itinerary, costs: Mapping[str, int]) -> dict[str, Any]:
    """Return the plan for other programs, with what it costs by component, as the referee found it."""
    day = itinerary.day
    tours = {"tours": [_tour(day.date, one) for one in itinerary.tours]} if day.vehicles else {}
    return {
        "date": day.date.isoformat(),
        "travel_sources": {mode.value: one.source for mode, one in zip(day.modes, itinerary.travel, strict=True)},
        "routes": [_route(day.date, one) for one in itinerary.people],
        **tours,
        "unassigned": [
            {
                "order_no": one.order.order_no,
                "address": one.order.address,
                "reason": one.reason.value,
                "explanation": one.explanation,
            }
            for one in itinerary.left_out
        ],
        "totals": {
            "orders": len(day.orders),
            "planned": itinerary.planned_orders,
            "unassigned": len(itinerary.left_out),
            "travel_seconds": itinerary.travel_seconds,
            "travel_metres": itinerary.travel_metres,
        },
        "cost": dict(costs),
    }


def geojson(itinerary: Itinerary) -> dict[str, Any]:
    """Return the routes for a map: a LineString per person who is sent out, and per vehicle, a Point per stop."""
    return {
        "type": "FeatureCollection",
        "features": [
            *(feature for one in itinerary.people if one.legs for feature in _features(itinerary, one)),
            *(feature for one in itinerary.tours for feature in _features_of(itinerary, one)),
        ],
    }


def moment(day: date, seconds: int) -> str:
    """Return a second of a local day as RFC 3339 with its offset; seconds beyond the day run on into the next."""
    return (datetime.combine(day, time(), tzinfo=LOCAL) + timedelta(seconds=seconds)).isoformat()


def _route(day: date, one: PersonDay) -> dict[str, Any]:
    return {
        "staff_no": one.person.staff_no,
        "name": one.person.name,
        "mode": one.person.mode.value,
        "departure": None if one.departure is None else moment(day, one.departure),
        "back": None if one.back is None else moment(day, one.back),
        "travel_seconds": one.travel_seconds,
        "travel_metres": one.travel_metres,
        "service_seconds": one.service_seconds,
        "stops": [_stop(day, leg) for leg in one.legs],
    } | ({"home_ride": _ride(day, one.home_ride)} if one.person.rides else {})


def _stop(day: date, leg: Leg) -> dict[str, Any]:
    return {
        "kind": "lunch" if leg.is_lunch else "visit",
        "order_no": leg.order.order_no if leg.order else None,
        "address": leg.order.address if leg.order else None,
        "lon": round(leg.point.lon, 6),
        "lat": round(leg.point.lat, 6),
        "travel_seconds": leg.travel_seconds,
        "travel_metres": leg.travel_metres,
        "arrival": moment(day, leg.arrival),
        "start": moment(day, leg.start),
        "end": moment(day, leg.end),
    } | ({} if leg.ride is None else {"ride": _ride(day, leg.ride)})


def _ride(day: date, ride: Ride | None) -> dict[str, Any] | None:
    if ride is None:
        return None
    return {"vehicle_no": ride.vehicle.vehicle_no, "on": moment(day, ride.on), "off": moment(day, ride.off)}


def _tour(day: date, one: VehicleDay) -> dict[str, Any]:
    return {
        "vehicle_no": one.vehicle.vehicle_no,
        "seats": one.vehicle.seats,
        "travel_seconds": one.travel_seconds,
        "travel_metres": one.travel_metres,
        "stops": [_halt(day, halt) for halt in one.halts],
    }


def _halt(day: date, halt: Halt) -> dict[str, Any]:
    return {
        "lon": round(halt.point.lon, 6),
        "lat": round(halt.point.lat, 6),
        "arrive": moment(day, halt.arrive),
        "depart": moment(day, halt.depart),
        "off": [who.staff_no for who in halt.off],
        "on": [who.staff_no for who in halt.on],
    }


def _features(itinerary: Itinerary, one: PersonDay) -> Iterator[dict[str, Any]]:
    day, who = itinerary.day.date, {"staff_no": one.person.staff_no, "name": one.person.name}
    way = [one.person.start, *(leg.point for leg in one.legs), one.person.end]
    properties = who | {
        "mode": one.person.mode.value,
        "visits": one.visits,
        "travel_seconds": one.travel_seconds,
        "travel_metres": one.travel_metres,
    }
    yield _feature("LineString", [_position(point) for point in way], properties)
    for sequence, leg in enumerate(one.legs, start=1):
        yield _feature("Point", _position(leg.point), who | {"sequence": sequence} | _stop(day, leg))


def _features_of(itinerary: Itinerary, one: VehicleDay) -> Iterator[dict[str, Any]]:
    day, who = itinerary.day.date, {"vehicle_no": one.vehicle.vehicle_no}
    sums = {"travel_seconds": one.travel_seconds, "travel_metres": one.travel_metres}
    yield _feature("LineString", [_position(halt.point) for halt in one.halts], who | sums)
    for sequence, halt in enumerate(one.halts, start=1):
        yield _feature("Point", _position(halt.point), who | {"sequence": sequence} | _halt(day, halt))


def _feature(kind: str, coordinates: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def _position(point: Point) -> list[float]:
    return [round(point.lon, 6), round(point.lat, 6)]
