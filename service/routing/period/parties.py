"""Which crews may go to a round or an order: of one's own staff and, by agreements in force on the day, of others'."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations_with_replacement
from uuid import UUID

from service.catalog.rules import ItemFacts
from service.orders import rules as order_rules
from service.orders.rounds.rules import Hours
from service.orders.rules import OrderKind
from service.routing.building import staffing
from service.routing.building.facts import Agreement
from service.routing.period.problem import Crew, Party


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds on a day: how few go at least, and when the halves of the day are, both by institution; by which
    `agreements` the institutions help each other out.
    """

    least: Mapping[UUID, int]
    hours: Mapping[UUID, Hours]
    agreements: Sequence[Agreement] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Services of a kind of order that an institution was asked for, given by so many people at least."""

    institution_id: UUID
    kind: OrderKind
    items: Sequence[tuple[str, int]]
    staff_count: int = 1


def parties_of(asked: Asked, items: Mapping[str, ItemFacts], terms: Mapping[date, Terms]) -> tuple[Party, ...]:
    """Return who may go, each with the days on which the terms allow it; own staff first, then by price."""
    days: dict[tuple[Crew, tuple[UUID, ...], int], set[date]] = {}
    for on, held in terms.items():
        own = crew_of(asked, items, held.least[asked.institution_id])
        helps = [
            each for each in held.agreements if each.giving_id == asked.institution_id and asked.kind in each.kinds
        ]
        for party in _with_help(own, asked.institution_id, helps):
            days.setdefault(party, set()).add(on)
    found = [Party(frozenset(open_on), *party) for party, open_on in days.items()]
    return tuple(sorted(found, key=lambda each: (len(each.by), each.price_minutes)))


def crew_of(asked: Asked, items: Mapping[str, ItemFacts], minimum: int) -> Crew:
    """Return what each member of a crew must have: the first what the services ask for, all a licence there."""
    known = [items[code] for code, _ in asked.items if code in items]
    everyone = frozenset({staffing.LICENSED, staffing.employed_at(asked.institution_id)})
    able = {staffing.able_to(each.code) for each in known if each.any_skills}
    first = everyone.union(able, *(each.skills for each in known))
    size = order_rules.staff_needed(known, max(minimum, asked.staff_count))
    return (first, *(everyone for _ in range(size - 1)))


def _with_help(
    own: Crew, institution_id: UUID, helps: Sequence[Agreement]
) -> Iterator[tuple[Crew, tuple[UUID, ...], int]]:
    """Yield the crew itself, and each in which some members are a neighbour's; all but the first are alike."""
    comers = (None, *helps)
    for first in comers:
        for others in combinations_with_replacement(comers, len(own) - 1):
            who = (first, *others)
            crew = tuple(_member(skills, institution_id, by) for skills, by in zip(own, who, strict=True))
            by = [each for each in who if each is not None]
            yield crew, tuple(each.id for each in by), sum(each.price_minutes for each in by)


def _member(skills: frozenset[str], institution_id: UUID, by: Agreement | None) -> frozenset[str]:
    """Return what a member must have who comes by an agreement: the same, and to work where the help comes from."""
    if by is None:
        return skills
    return skills - {staffing.employed_at(institution_id)} | {staffing.employed_at(by.helping_id)}
