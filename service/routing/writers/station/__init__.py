"""Writes a station's plan: JSON for programs, GeoJSON for maps, XLSX and SVG for people; see docs/station-files.md."""

from service.routing.writers.station.document import geojson, plan_document
from service.routing.writers.station.itinerary import Itinerary, Leg, PersonDay, trace
from service.routing.writers.station.picture import draw
from service.routing.writers.station.workbook import workbook

__all__ = ["Itinerary", "Leg", "PersonDay", "draw", "geojson", "plan_document", "trace", "workbook"]
