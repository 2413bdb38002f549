"""Where an address is: a gazetteer of one's own first, then AMap, Tencent and Baidu where the operator allows it."""

from service.gateways.geocoding.answers import Answer, Area, Level, Located
from service.gateways.geocoding.gateway import Geocoding, opened

__all__ = ["Answer", "Area", "Geocoding", "Level", "Located", "opened"]
