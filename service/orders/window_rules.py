"""The windows that suit an elder beside the one he wishes for most (备选时间段): of the same day, each apart.

A plan may use any of them. What is refused of one is refused as it is of the wished window, with the field's name.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from service.catalog.rules import ItemFacts
from service.core.problems import Refusal
from service.orders import errors, rules
from service.orders.rules import Window

MOST: Final = 3
"""How many windows may be named beside the wished one."""


def refuse_alternatives(window: Window, also: Sequence[Window]) -> None:
    """Refuse alternatives that are empty or of another day than the wished window, or not apart from it or each other.

    Windows that touch are one window: the plan would else keep away from the moment between them.

    Raises:
        errors.WindowNotOneDay, errors.WindowsOfTwoDays, errors.WindowsNotApart: names the field.
    """
    for at, each in enumerate(also):
        with _named(at):
            rules.refuse_window_outside_a_day(each)
            if each.service_on != window.service_on:
                raise errors.WindowsOfTwoDays(service_on=window.service_on)
            if any(each.start <= other.end and other.start <= each.end for other in (window, *also[:at])):
                raise errors.WindowsNotApart


def refuse_past(also: Sequence[Window], *, now: datetime) -> None:
    """Refuse an alternative that has begun.

    Raises:
        errors.WindowPast: names the field.
    """
    for at, each in enumerate(also):
        with _named(at):
            if each.start < now:
                raise errors.WindowPast


def clip_alternatives(
    also: Sequence[Window], *, minutes: int, items: Iterable[ItemFacts], spread_minutes: int = 0
) -> tuple[Window, ...]:
    """Return the alternatives, each cut to what the services allow; `spread_minutes` as in `rules.clip_window`.

    Raises:
        errors.WindowTooLate, errors.WindowTooShort: names the field.
    """
    clipped, listed = [], tuple(items)
    for at, each in enumerate(also):
        with _named(at):
            clipped.append(rules.clip_window(each, minutes=minutes, items=listed, spread_minutes=spread_minutes))
    return tuple(clipped)


@contextmanager
def _named(at: int) -> Iterator[None]:
    """Have a refusal say which of the alternatives it is about."""
    try:
        yield
    except Refusal as refusal:
        refusal.facts["field"] = f"also_wished/{at}"
        raise
