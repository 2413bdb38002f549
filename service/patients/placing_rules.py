"""Where a home is, and how one knows: the states of a position, who may put it where, and what a visit teaches."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from service.core.geo import Point
from service.patients import errors

HOME_PLACED: Final = "home.placed"
"""News: a home was registered, or renamed, without a position; somebody should look its address up (subject: it)."""


class Placing(StrEnum):
    """How far a home's position can be relied on."""

    pinned = "pinned"
    """A person put it there; no machine moves it."""
    located = "located"
    """A machine found it and is sure enough."""
    review = "review"
    """A machine's guess that a person has to look at."""
    unplaced = "unplaced"
    """No position at all."""


class Source(StrEnum):
    """Where a position comes from."""

    wechat = "wechat"
    coordinates = "coordinates"
    gazetteer = "gazetteer"
    amap = "amap"
    tencent = "tencent"
    baidu = "baidu"
    visit = "visit"


class ReviewCause(StrEnum):
    """Why a person has to look at a home's position."""

    not_found = "not_found"
    unsure = "unsure"
    visit_elsewhere = "visit_elsewhere"


class PlacingReason(StrEnum):
    """What a person goes by who confirms or moves a pin."""

    checked_on_map = "checked_on_map"
    asked_resident = "asked_resident"
    seen_on_site = "seen_on_site"


class ReviewOutcome(StrEnum):
    """How a review ended; `overtaken`: the address changed, or a visit settled it."""

    confirmed = "confirmed"
    moved = "moved"
    overtaken = "overtaken"


class Lesson(StrEnum):
    """What is to be done about a visit that was made elsewhere."""

    correct = "correct"
    propose = "propose"


HUMAN: Final = frozenset({Source.wechat, Source.coordinates})
BOOKABLE: Final = frozenset({Placing.pinned, Placing.located})
SEEN: Final = Decimal("0.95")
"""The confidence of a position at which a verified visit was made."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a verified visit's crew arrived: WGS-84, metres; `address_doubted`: a person approved it as wrong address.

    `accuracy_metres` None = the phone did not say.
    """

    point: Point
    accuracy_metres: int | None
    address_doubted: bool


@dataclass(frozen=True, slots=True)
class SightingLimits:
    """Dated settings: from how many metres on a position is wrong, and how exact a phone must be to correct it."""

    far_metres: int
    accuracy_metres: int


def placing_by_machine(confidence: Decimal, enough: Decimal) -> Placing:
    """Return whether a machine's position may be used as it is."""
    return Placing.located if confidence >= enough else Placing.review


def is_adcode(code: str) -> bool:
    """Return whether a district's code is the six digits (行政区划代码) by which maps know it."""
    return len(code) == 6 and code.isascii() and code.isdigit()


def awaits_look_up(placing: Placing, *, under_review: bool) -> bool:
    """Return whether a home's address still has to be looked up: no usable position, and nobody asked to give one."""
    return placing not in BOOKABLE and not under_review


def lesson_of(
    placing: Placing, source: Source | None, sighting: Sighting, *, distance_metres: int, limits: SightingLimits
) -> Lesson | None:
    """Return what a verified visit teaches about a home's position, None when it fits.

    A geocoder's position is corrected by a visit that was measured exactly enough, otherwise a person decides. What a
    person pinned, or an earlier visit found, is never moved; when the arrival was approved as a wrong address, a person
    is asked.
    """
    if distance_metres < limits.far_metres:
        return None
    if source in HUMAN or source is Source.visit or placing is Placing.pinned:
        return Lesson.propose if sighting.address_doubted else None
    exact = sighting.accuracy_metres is not None and sighting.accuracy_metres <= limits.accuracy_metres
    return Lesson.correct if exact else Lesson.propose


def address_of(*parts: str | None) -> str:
    """Return the address of a home from what a map's pin and its chooser say: each thing once, in their order.

    A part that another one contains adds nothing: 朝阳小区 beside 朝阳小区3号楼602.
    """
    words = list(dict.fromkeys(each for each in parts if each))
    return "".join(each for each in words if not any(each != other and each in other for other in words))


def refuse_not_placed(placing: Placing) -> None:
    """Refuse to go to a home of which nobody knows for sure where it is.

    Raises:
        HomeNotPlaced: a person has to confirm its position first.
    """
    if placing not in BOOKABLE:
        raise errors.HomeNotPlaced(placing=placing)


def refuse_overtaken(seen: int, current: int) -> None:
    """Refuse to decide on a position that is not the one that was looked at.

    Raises:
        HomePlacedMeanwhile: somebody, or a look-up, was quicker.
    """
    if seen != current:
        raise errors.HomePlacedMeanwhile(placing_revision=current)
