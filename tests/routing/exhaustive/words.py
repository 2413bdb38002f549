"""The words of trying everything."""

from tests.routing.reading import Spot

NEVER = 10**9

Spots = tuple[Spot, ...]
Node = tuple[int, int]
"""Row and position in its route."""
