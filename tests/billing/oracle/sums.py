"""Words and dates (section 1): exact money, half up to the fen; dates with both ends; one ledger of what is used."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

Json = dict[str, Any]
Run = Callable[[Json], Json]
SHANGHAI = timezone(timedelta(hours=8))


def half_up(exact: Fraction) -> int:
    """Return the whole number next to a number that is not negative; a half goes up."""
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def fen(yuan: str) -> int:
    """Return an amount of the file in fen."""
    return half_up(Fraction(yuan) * 100)


def cost(unit_price: str, units: int) -> int:
    """Return what so many units cost together, rounded once."""
    return half_up(Fraction(unit_price) * 100 * units)


def local(visit: Json) -> datetime:
    """Return when a visit began, by the clock in Shanghai."""
    return datetime.fromisoformat(visit["started_at"]).astimezone(SHANGHAI)


def service_date(visit: Json) -> str:
    """Return the day of a visit; days are compared as text throughout."""
    return local(visit).date().isoformat()


def covers(row: Json, day: str) -> bool:
    """Say whether a dated row is in force, both ends included."""
    return row["from"] <= day and (row.get("to") is None or day <= row["to"])


def in_force(rows: Iterable[Json] | None, day: str) -> Json | None:
    """Return the row in force, of rows that do not overlap."""
    return next((row for row in rows or [] if covers(row, day)), None)


def is_open(bed: Json, day: str) -> bool:
    """Say whether an episode is open: not on the day it closes, not while paused, again on the day a pause ends."""
    closed = bed.get("closed_on")
    return (
        bed["opened_on"] <= day
        and (closed is None or day < closed)
        and not any(
            pause["from"] <= day and (pause.get("to") is None or day < pause["to"]) for pause in bed.get("pauses", [])
        )
    )


def days_between(start: str, end: str) -> list[str]:
    """Return the days from a first to before a last."""
    first = date.fromisoformat(start)
    return [(first + timedelta(days=n)).isoformat() for n in range((date.fromisoformat(end) - first).days)]


def by_id(rows: Iterable[Json] | None) -> dict[str, Json]:
    """Return rows by their id."""
    return {row["id"]: row for row in rows or []}


def patient_of(case: Json, event: Json) -> str:
    """Return whom an event is about; nobody for ids that are unknown."""
    visit = by_id(case["visits"]).get(event.get("settle", event.get("reverse")))
    bed = by_id(case["beds"]).get(event.get("settle_bed", event.get("reverse_bed")))
    return (visit or bed or {"patient": ""})["patient"]


class Used:
    """What is used of everything, under tuples of words; what the bill at hand has taken; what the case has shown."""

    def __init__(self) -> None:
        self.sums: defaultdict[tuple[str, ...], int] = defaultdict(int)
        self.given: set[tuple[str, ...]] = set()
        self.taken: list[tuple[tuple[str, ...], int]] = []
        self.seen: set[str] = set()

    def see(self, word: str, *, when: object = True) -> None:
        """Note that the case came by a place of the rules, so that tests know what random cases try."""
        if when:
            self.seen.add(word)

    def give(self, *key: str, amount: int) -> None:
        """Enter what the file says is used already."""
        self.sums[key] = amount
        self.given.add(key)

    def left(self, *key: str, cap: int) -> int:
        """Return what a cap still leaves, never below nothing."""
        return max(0, cap - self.sums[key])

    def take(self, *key: str, amount: int) -> None:
        """Use some, and remember it as taken by the bill at hand."""
        self.sums[key] += amount
        self.taken.append((key, amount))

    def hand_over(self) -> list[tuple[tuple[str, ...], int]]:
        """Return what the bill at hand has taken, and begin another."""
        taken, self.taken = self.taken, []
        return taken

    def give_back(self, taken: list[tuple[tuple[str, ...], int]]) -> None:
        """Undo what a bill has taken."""
        for key, amount in taken:
            self.sums[key] -= amount

    def tell(self, *prefix: str) -> dict[str, int]:
        """Return the sums under a prefix by their last word: those the file gives and those that are not 0."""
        return {
            key[-1]: amount for key, amount in self.sums.items() if key[:-1] == prefix and (amount or key in self.given)
        }
