"""Orders that somebody comes to several times (分次服务): which further parts their services have together.

However many of its services are in parts, an order is one visit: its first parts are given together, and so are all
second ones, third ones and fourth ones, as many of each as are ordered. Between two parts lies the longest of their
least and at most the shortest of their greatest times, from the end of all that was given together.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.catalog.part_rules import PartFacts
from service.catalog.rules import ItemFacts
from service.orders import errors


@dataclass(frozen=True, slots=True)
class Part:
    """A further part of an order: the `number`-th time that somebody comes, from 2 on; times from the one before."""

    number: int
    minutes: int
    after_min_minutes: int
    after_max_minutes: int

    @property
    def is_possible(self) -> bool:
        """Whether the services leave a time for it."""
        return self.after_min_minutes <= self.after_max_minutes


def parts_of(asked: Iterable[tuple[str, int]], items: Mapping[str, ItemFacts]) -> tuple[Part, ...]:
    """Return the further parts of an order's services, in their order; none = somebody comes once."""
    together: defaultdict[int, list[tuple[PartFacts, int]]] = defaultdict(list)
    for code, quantity in asked:
        for number, part in enumerate(items[code].parts, start=2):
            together[number].append((part, quantity))
    return tuple(
        Part(
            number,
            minutes=sum(part.duration_minutes * quantity for part, quantity in given),
            after_min_minutes=max(part.after_min_minutes for part, _ in given),
            after_max_minutes=min(part.after_max_minutes for part, _ in given),
        )
        for number, given in sorted(together.items())
    )


def refuse_parts(parts: Sequence[Part], staff_count: int) -> None:
    """Refuse services in parts where several go together, or whose times contradict each other.

    Raises:
        errors.PartsNeedOnePerson, errors.PartsDisagree: say why.
    """
    if parts and staff_count > 1:
        raise errors.PartsNeedOnePerson(staff_count=staff_count)
    for each in parts:
        if not each.is_possible:
            raise errors.PartsDisagree(
                part=each.number, after_min_minutes=each.after_min_minutes, after_max_minutes=each.after_max_minutes
            )


def tell(parts: Sequence[Part], minutes: int) -> str | None:
    """Say in Chinese how often somebody comes, how long and when, for the elder; None = once, which needs no word."""
    if not parts:
        return None
    later = "；".join(
        f"第{each.number}次约{each.minutes}分钟，在第{each.number - 1}次结束后{_between(each)}分钟之间再来"
        for each in parts
    )
    return f"同一人分{len(parts) + 1}次上门：第1次约{minutes}分钟；{later}。各次合为一次服务，只按一次上门计费。"


def _between(part: Part) -> str:
    return f"{part.after_min_minutes}至{part.after_max_minutes}"
