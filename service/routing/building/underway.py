"""Which tours of a day stand when something happens: those that have begun, with the whole day of all who ride in them.

Whoever is out with a vehicle comes home with one, so what has begun is not taken apart; what has not is planned anew.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service.routing.building.facts import SharedVehicle
from service.routing.building.recalling import Told
from service.routing.building.redriving import ToldTour


@dataclass(frozen=True, slots=True)
class Underway:
    """The tours that stand, and who rides in them."""

    tours: tuple[ToldTour, ...]
    people: frozenset[UUID]


def underway(
    tours: Sequence[ToldTour], until: datetime, staying: Callable[[frozenset[UUID]], Iterable[Told]]
) -> Underway:
    """Return what stands of the tours that a plan told, of which those have begun that leave before `until`.

    `staying` says which stops stay when the whole day of some people does; who rides, and has one of them later than
    `until`, must be taken there as told, so his day stands as well.
    """
    riders = frozenset(who for each in tours for who in _riders(each))
    found = _closed(tours, [each for each in tours if each.halts[0].depart < until])
    while True:
        late = {each.practitioner_id for each in staying(found.people) if each.start >= until}
        more = (late & riders) - found.people
        if not more:
            return found
        found = _closed(tours, [each for each in tours if each in found.tours or _riders(each) & more])


def _closed(tours: Sequence[ToldTour], begun: Sequence[ToldTour]) -> Underway:
    """Return the tours with all those in which somebody of them rides as well."""
    found, people = list(begun), frozenset[UUID]()
    for each in found:
        people |= _riders(each)
        found += [one for one in tours if one not in found and _riders(one) & people]
    return Underway(tuple(each for each in tours if each in found), people)


def _riders(tour: ToldTour) -> frozenset[UUID]:
    return frozenset(who for halt in tour.halts for who in halt.on)


def later(vehicles: Iterable[SharedVehicle], standing: Underway, until: datetime) -> tuple[SharedVehicle, ...]:
    """Return the vehicles for what is planned anew: from `until` on, and when the tour that stands is over."""
    back = {each.vehicle_id: each.halts[-1].arrive for each in standing.tours}
    found = (replace(each, start=max(each.start, until, back.get(each.id, until))) for each in vehicles)
    return tuple(each for each in found if each.start < each.end)


def last_ride(tours: Iterable[ToldTour], practitioner_id: UUID) -> datetime | None:
    """Return when somebody gets off for the last time; None for who does not ride."""
    return max((halt.arrive for each in tours for halt in each.halts if practitioner_id in halt.off), default=None)
