"""Reads a vehicle routing instance with time windows (Solomon's format) into a `Problem`, in tenths of the file's unit.

Distance and duration of a leg are the Euclidean distance cut off after one decimal, the convention of the DIMACS
challenge; the price is the total distance, and the fleet of the file is only an upper bound. The depot is row 0.
"""

from typing import Final

import numpy as np

from service.routing.problem import Job, Matrix, Problem, Rules, Service, Staff, Window
from service.routing.readers.document import NotReadable, sound

SCALE: Final = 10
"""The problem's unit of time and distance in one unit of the file."""

Row = tuple[int, ...]

COLUMNS: Final = ("number", "x", "y", "demand", "ready time", "due date", "service time")


def read(text: str) -> Problem:
    """Read the text of an instance file.

    Raises:
        NotReadable: the text is not an instance; says where and why.
    """
    lines = [(at, line.split()) for at, line in enumerate(text.splitlines(), start=1) if line.strip()]
    vehicles, capacity = _fleet(lines)
    rows = [_row(at, words) for at, words in _section(lines, "CUSTOMER")]
    if not rows:
        raise NotReadable("CUSTOMER: the depot is missing")
    for expected, row in enumerate(rows):
        if row[0] != expected:
            raise NotReadable(f"CUSTOMER: expected number {expected}, found {row[0]}")
    _, _, _, _, ready, due, _ = rows[0]
    shift = Window(ready * SCALE, due * SCALE)
    depot = [Staff(f"{at + 1}", frozenset(), 0, 0, shift, None, capacity=capacity) for at in range(vehicles)]
    return sound(
        Problem(
            points=len(rows),
            matrices=(_legs(rows),),
            staff=tuple(depot),
            jobs=tuple(_job(row) for row in rows[1:]),
            rules=Rules(travel=1),
        )
    )


def _section(lines: list[tuple[int, list[str]]], title: str) -> list[tuple[int, list[str]]]:
    """The lines of numbers below a title, up to the next line of words."""
    titles = [at for at, (_, words) in enumerate(lines) if words[0].upper() == title]
    if len(titles) != 1:
        raise NotReadable(f"{title}: expected once, found {len(titles)} times")
    found: list[tuple[int, list[str]]] = []
    for at, words in lines[titles[0] + 1 :]:
        if words[0][0].isalpha():
            if found:
                break
            continue
        found.append((at, words))
    return found


def _fleet(lines: list[tuple[int, list[str]]]) -> tuple[int, int]:
    rows = _section(lines, "VEHICLE")
    if len(rows) != 1 or len(rows[0][1]) != 2:
        raise NotReadable("VEHICLE: expected one line with number and capacity")
    at, words = rows[0]
    vehicles, capacity = (_number(at, word) for word in words)
    if vehicles < 1 or capacity < 0:
        raise NotReadable(f"line {at}: expected at least one vehicle and a capacity that is not negative")
    return vehicles, capacity


def _row(at: int, words: list[str]) -> Row:
    if len(words) != len(COLUMNS):
        raise NotReadable(f"line {at}: expected {len(COLUMNS)} numbers ({', '.join(COLUMNS)})")
    row = tuple(_number(at, word) for word in words)
    _, _, _, demand, ready, due, service = row
    if min(demand, ready, service) < 0 or due < ready:
        raise NotReadable(f"line {at}: negative demand, time or service, or a window that ends before it begins")
    return row


def _number(at: int, word: str) -> int:
    try:
        found = float(word)
    except ValueError:
        raise NotReadable(f"line {at}: {word!r} is not a number") from None
    if not found.is_integer():
        raise NotReadable(f"line {at}: {word!r} is not a whole number")
    return int(found)


def _legs(rows: list[Row]) -> Matrix:
    # ⌊√(100 · d²)⌋ is ⌊10 · d⌋; put right in whole numbers where the float's root is off by one.
    places = np.array([row[1:3] for row in rows], dtype=np.int64)
    apart = places[:, None, :] - places[None, :, :]
    squares = (apart * apart).sum(axis=2) * (SCALE * SCALE)
    roots: Matrix = np.floor(np.sqrt(squares.astype(np.float64))).astype(np.int64)
    roots[roots * roots > squares] -= 1
    roots[(roots + 1) * (roots + 1) <= squares] += 1
    return roots


def _job(row: Row) -> Job:
    number, _, _, demand, ready, due, service = row
    window = Window(ready * SCALE, due * SCALE)
    return Job(f"{number}", number, (window,), (Service(service * SCALE, frozenset()),), load=demand)
