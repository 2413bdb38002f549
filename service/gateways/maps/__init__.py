"""How long it takes from one place to another: by road where a road source answers, else by great circle, labelled."""

from service.core.geo import TravelMode
from service.gateways.maps.cache import CachedSource
from service.gateways.maps.choosing import Chosen
from service.gateways.maps.great_circle import GreatCircle, Pace
from service.gateways.maps.matrix import MatrixSource, TravelMatrix
from service.gateways.maps.osrm import Osrm
from service.gateways.maps.road import Guard
from service.gateways.maps.valhalla import Valhalla

__all__ = [
    "CachedSource",
    "Chosen",
    "GreatCircle",
    "Guard",
    "MatrixSource",
    "Osrm",
    "Pace",
    "TravelMatrix",
    "TravelMode",
    "Valhalla",
]
