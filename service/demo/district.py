"""The built-in district's people: Dawukou (大武口区), its staff and elders, and what they want on one day.

Made from a seed, the same every time. Nobody in it is a person: elders are numbered, their identity numbers carry an
area code that was never given out.
"""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from service.demo.figures import CARE_HOME, INSTITUTIONS, Place
from service.demo.people import District, Elder, House, Wish, Worker

_AREA_CODE: Final = "640299"
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_BUILT_UP: Final = (106.352, 39.000, 106.408, 39.040)
"""West, south, east, north of where people live."""
_TEAMS: Final = (1, 2, 0, 3, 4, 5, 0, 1, 2, 0)
"""Positions in INSTITUTIONS of the ten teams of four: three at the hospital, two at C1 and C2, one elsewhere."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What an elder of the story books, and what he must have for it."""

    story: str
    items: tuple[tuple[str, int], ...]
    earliest: time = time(9, 0)
    latest: time = time(16, 0)
    package: str | None = None
    insurance: str | None = None
    programme: bool = False
    books: str = "self"


_PARTS: Final = (
    _Part("shared_home", (("WOUND", 1),), latest=time(11, 0)),
    _Part("shared_home", (("WOUND", 1),), latest=time(11, 0), books="child"),
    _Part("contract_exhausted", (("BP", 3),), package="ELDER-BASIC"),
    _Part("unassigned", (("PICC", 1),), insurance="EMPLOYEE"),
    _Part("noshow", (("GLU", 1),), books="child"),
    _Part("cancelled", (("REHAB", 1),), books="child"),
    _Part("out_of_fence", (("WOUND", 1),), insurance="EMPLOYEE"),
    _Part("reversed", (("BP", 1), ("GLU", 1)), package="ELDER-BASIC", programme=True),
)
STORIES: Final = tuple(dict.fromkeys(part.story for part in _PARTS))
"""The parts of the day, each of them played and reported."""

_MIX: Final = (
    # items, earliest, latest, share
    ((("FASTING", 1),), time(7, 30), time(9, 45), 12),
    ((("WOUND", 1),), time(8, 30), time(16, 0), 18),
    ((("REHAB", 1),), time(8, 30), time(16, 30), 14),
    ((("CATHETER", 1),), time(8, 30), time(16, 0), 6),
    ((("BATHE", 1),), time(8, 30), time(16, 30), 6),
    ((("FOLLOW", 1), ("BP", 1)), time(8, 30), time(16, 30), 22),
    ((("BP", 1), ("GLU", 1)), time(8, 30), time(16, 30), 22),
)


def build(*, scale: float = 1.0, seed: int = 20260303) -> District:
    """Return the district: 40 staff, 320 elders, 260 orders at scale 1; never less than the story needs.

    Raises: nothing.
    """
    draw = random.Random(seed)
    teams = [INSTITUTIONS[at].code for at in _TEAMS[: max(2, round(len(_TEAMS) * scale))]]
    elders, homes = _people(draw, teams, max(34, round(320 * scale)))
    wishes = _wishes(draw, elders, max(26, round(260 * scale)))
    return District(_staff(teams), tuple(homes), tuple(elders), wishes)


def _staff(teams: Sequence[str]) -> tuple[Worker, ...]:
    """Each team is a nurse, a doctor, a nurse for catheters and a therapist; every other team begins early."""
    pattern = (
        ("nurse", "intermediate", ("venepuncture", "wound_care"), "ebike"),
        ("doctor", "intermediate", (), "car"),
        ("nurse", "junior", ("venepuncture", "wound_care", "catheter_care"), "ebike"),
        ("therapist", "junior", ("rehabilitation",), "ebike"),
    )
    made = []
    for team, institution in enumerate(teams):
        early = team % 2 == 0
        for place, (role, title, skills, mode) in enumerate(pattern):
            made.append(
                Worker(
                    no=f"W{team * len(pattern) + place + 1:03}", institution=institution, role=role,
                    sex="female" if (team + place) % 3 else "male", title=title, skills=skills, travel_mode=mode,
                    start=time(7, 30) if early else time(8, 0), end=time(16, 30) if early else time(17, 30),
                    lunch=(time(11, 30), time(13, 30), 30),
                )
            )  # fmt: skip
    return tuple(made)


def _people(draw: random.Random, teams: Sequence[str], count: int) -> tuple[list[Elder], list[House]]:
    """Elders from 65 to 95 around the institution that cares for them; the first eight have parts in the story."""
    place = {each.code: each for each in INSTITUTIONS}
    homes: list[House] = [_care_home(place[teams[1]])]
    elders: list[Elder] = []
    for number in range(count):
        part = _PARTS[number] if number < len(_PARTS) else None
        # the story's first two share a home, as every twentieth elder does with the one before him
        together = number == 1 or (part is None and number % 20 == 0)
        resident = part is None and number % 26 == 9
        if together:
            institution, home = elders[-1].institution, elders[-1].home
        elif resident:
            institution, home = homes[0].institution, 0
        else:
            institution, home = teams[0] if number == 0 else teams[number % len(teams)], len(homes)
            homes.append(_house(draw, home, place[institution]))
        elders.append(_elder(draw, number, institution, home, part))
    return elders, homes


def _care_home(keeper: Place) -> House:
    return House(0, keeper.code, CARE_HOME.lon, CARE_HOME.lat, 1, has_lift=True, in_care=True)


def _house(draw: random.Random, number: int, near: Place) -> House:
    """A home within a kilometre or two of an institution, in a five-storey block or in a tower."""
    west, south, east, north = _BUILT_UP
    lon = min(east, max(west, near.lon + draw.gauss(0, 0.007)))
    lat = min(north, max(south, near.lat + draw.gauss(0, 0.005)))
    tower = draw.random() < 0.3
    return House(number, near.code, round(lon, 6), round(lat, 6), draw.randint(1, 18 if tower else 6), tower)


def _elder(draw: random.Random, number: int, institution: str, home: int, part: _Part | None) -> Elder:
    sex = "female" if draw.random() < 0.56 else "male"
    born = date(draw.randint(1931, 1960), draw.randint(1, 12), draw.randint(1, 28))
    groups = {"advanced_age"} if born.year < 1946 else set()
    groups |= {"chronic"} if draw.random() < 0.5 or not groups else set()
    groups |= {"disabled"} if draw.random() < 0.2 else set()
    package = draw.choices((None, "ELDER-BASIC", "ELDER-PLUS"), (4, 4, 2))[0]
    insurance = draw.choices((None, "EMPLOYEE", "RESIDENT"), (2, 4, 4))[0]
    bed, programme = draw.random() < 0.16, draw.random() < 0.5
    books = "phone" if home == 0 else draw.choices(("self", "child", "phone"), (5, 4, 1))[0]
    if part is not None:
        package, insurance, bed, programme, books = part.package, part.insurance, False, part.programme, part.books
    return Elder(
        no=number + 1, id_number=id_number(born, number, female=sex == "female"), born_on=born, sex=sex,
        institution=institution, home=home, groups=tuple(sorted(groups)), package=package, insurance=insurance,
        bed=bed and home != 0, programme=programme, books=books,
    )  # fmt: skip


def _wishes(draw: random.Random, elders: Sequence[Elder], count: int) -> tuple[Wish, ...]:
    """Return the story's orders and others up to `count`: one per elder, rounds for beds and in the care home.

    Every kind of visit comes once before any comes by chance.
    """
    made = [
        Wish(at, "home_visit", each.items, each.earliest, each.latest, each.story) for at, each in enumerate(_PARTS)
    ]
    free = list(elders[len(_PARTS) :])
    draw.shuffle(free)
    mix = itertools.chain(_MIX, iter(lambda: draw.choices(_MIX, weights=[each[-1] for each in _MIX])[0], None))
    for elder in free[: count - len(made)]:
        if elder.home == 0:
            wish = Wish(elder.no - 1, "institution_round", (("FOLLOW", 1), ("BP", 1)), time(9, 0), time(16, 0))
        elif elder.bed:
            wish = Wish(elder.no - 1, "home_bed_round", (("ROUND", 1), ("BP", 1)), time(8, 30), time(16, 30))
        else:
            items, earliest, latest, _ = next(mix)
            wish = Wish(elder.no - 1, "home_visit", items, *_window(draw, earliest, latest))
        made.append(wish)
    return tuple(made)


def _window(draw: random.Random, earliest: time, latest: time) -> tuple[time, time]:
    """Return the whole span, or the half of it that the elder prefers."""
    if latest <= time(10, 0) or draw.random() < 0.4:
        return earliest, latest
    return (earliest, time(12, 30)) if draw.random() < 0.5 else (time(12, 0), latest)


def id_number(born_on: date, number: int, *, female: bool) -> str:
    """Return a well-formed identity number of an area that does not exist.

    Raises: nothing.
    """
    sequence = (number * 2 + (0 if female else 1)) % 1000
    body = f"{_AREA_CODE}{born_on:%Y%m%d}{sequence:03}"
    return body + _CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]
