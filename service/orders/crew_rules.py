"""How the crew of an order comes (多人上门): at once, one after the other, or each when it suits the day.

Only services for several people have a say, and the strictest wins: `simultaneous` before `sequential` before
`independent`. Between two people who come one after the other lies the longest of the least and at most the shortest of
the greatest times that the sequential services ask for, from beginning to beginning. Where no service is for several,
or the institution sends at least two to every visit (`staff.minimum`), the crew comes at once: that is what such a
minimum is for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.catalog.crew_rules import CrewSync
from service.catalog.rules import ItemFacts
from service.orders import errors


@dataclass(frozen=True, slots=True)
class Crew:
    """How an order's crew comes; the minutes are those from one's beginning to the next one's, of a sequential crew."""

    sync: CrewSync = CrewSync.simultaneous
    lag_min_minutes: int = 0
    lag_max_minutes: int = 0

    @property
    def is_possible(self) -> bool:
        """Whether the services leave a time at which the next one may begin."""
        return self.lag_min_minutes <= self.lag_max_minutes

    @property
    def is_apart(self) -> bool:
        """Whether its members need not be at the door together."""
        return self.sync is not CrewSync.simultaneous

    def spread_minutes(self, staff_count: int) -> int:
        """Return how long after the first at least the last one begins."""
        return self.lag_min_minutes * (staff_count - 1) if self.sync is CrewSync.sequential else 0


TOGETHER = Crew()


def crew_of(asked: Iterable[tuple[str, int]], items: Mapping[str, ItemFacts], minimum: int) -> Crew:
    """Return how the crew of an order comes; `minimum` is how many the institution sends to every visit."""
    own = [items[code] for code, _ in asked if items[code].staff_count > 1]
    words = {each.crew_sync for each in own}
    if minimum > 1 or not own or CrewSync.simultaneous in words:
        return TOGETHER
    after = [each for each in own if each.crew_sync is CrewSync.sequential]
    if not after:
        return Crew(CrewSync.independent)
    return Crew(
        CrewSync.sequential,
        max(each.crew_lag_min_minutes or 0 for each in after),
        min(each.crew_lag_max_minutes or 0 for each in after),
    )


def refuse_crew(crew: Crew) -> None:
    """Refuse services whose times between those who come contradict each other.

    Raises:
        errors.CrewTimesDisagree: names the times.
    """
    if not crew.is_possible:
        raise errors.CrewTimesDisagree(
            crew_lag_min_minutes=crew.lag_min_minutes, crew_lag_max_minutes=crew.lag_max_minutes
        )
