"""District days of any size for benches and tests: a town with its villages, drawn from a seed.

`district_day(visits, staff, seed, features)` draws the same day on every machine. Each feature has chance of its own,
so that switching one changes nothing of what the others draw.
"""

from service.cli.districts.drawing import District, district, district_day, places
from service.cli.districts.features import ALL, PLAIN, SHARED, Feature
from service.cli.districts.measuring import travelled

__all__ = ["ALL", "PLAIN", "SHARED", "District", "Feature", "district", "district_day", "places", "travelled"]
