"""Where an address is: a gazetteer of one's own first, then AMap, Tencent and Baidu where the operator allows it."""

from service.gateways.geocoding.answers import Answer, Area, Level, Located

__all__ = ["Answer", "Area", "Level", "Located"]
