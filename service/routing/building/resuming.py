"""What is left of a day as a problem of its own, bound by what was told and by what people have done before; pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from service.orders.rules import OrderFacts
from service.routing import rules
from service.routing.building import binding
from service.routing.building.day import Day
from service.routing.building.facts import DayFacts, Promise, promises_of, seconds_of
from service.routing.building.recalling import Told
from service.routing.building.repairing import Split
from service.routing.problem import Job, Plan, Problem, Service
from service.routing.states import StopKind

URGENT: Final = 20
"""Leaving an urgent order out costs as much as leaving out so many of its kind."""


def bound(parts: Split, rest: Day, problem: Problem, before: Plan) -> Problem:
    """Return the problem of the rest, in which keeping what people were told is worth something.

    `before` is what was told, in the numbers of the rest. Who comes from somebody whom others catch from goes to nobody
    who must come before; an elder who is to see one person only sees whom he has seen.
    """
    happened, paces, past = parts.happened, _paces(problem, before), _past(parts, rest)
    promises = promises_of(
        (each.order_id, each.start, each.practitioner_id, each.part) for each in parts.told if each.order_id
    )
    jobs = []
    for at, (order, job) in enumerate(zip(rest.orders, problem.jobs, strict=False)):  # the others come behind
        drop = job.drop_penalty
        changed = replace(
            _bound(past, job, order, binding.rank_of(parts.rest, order)),
            services=tuple(
                _longer(service, happened.longer.get(order.id, 0) * 60, paces.get((at, number), 1000))
                for number, service in enumerate(job.services)
            ),
            drop_penalty=drop * URGENT if order.id in happened.urgent and drop is not None else drop,
        )
        if order.id in promises:
            promise = promises[order.id]
            crew = _rows(rest, promise.practitioner_ids)
            changed = replace(changed, promised=seconds_of(rest.on, promise.start), promised_staff=crew or None)
        jobs.append(changed)
    behind = range(len(jobs), len(problem.jobs))
    jobs += [_bound_behind(parts, past, problem.jobs[at], at, promises) for at in behind]
    return replace(problem, jobs=tuple(jobs))


def _bound_behind(parts: Split, past: "_Past", job: Job, at: int, promises: Mapping[UUID, Promise]) -> Job:
    """Return the delivery of a specimen, or a further part, bound as its visit is."""
    rest = past.rest
    order, part = rest.order_of(at), rest.part_of(at)
    if part is None:
        return _bound(past, job, order, binding.rank_of_delivery(parts.rest, order))
    told = promises[order.id].later.get(part) if order.id in promises else None
    changed = _bound(past, job, order, binding.rank_of(parts.rest, order))
    return replace(changed, promised=seconds_of(rest.on, told) if told is not None else None)


def _rows(rest: Day, people: Iterable[UUID]) -> frozenset[int]:
    who = set(people)
    return frozenset(at for at, each in enumerate(rest.segments) if each.staff.practitioner_id in who)


def _paces(problem: Problem, before: Plan) -> Mapping[tuple[int, int], int]:
    """Return the pace of whoever was to give each service, by job and service."""
    return {
        (stop.job, stop.service): problem.staff[route.staff].pace for route in before.routes for stop in route.stops
    }


def _longer(service: Service, more: int, pace: int) -> Service:
    """Return a service that takes whoever was to give it so many seconds more than it did."""
    if not more:
        return service
    return replace(service, duration=(rules.paced(service.duration, pace) + more) * 1000 // pace)


@dataclass(frozen=True, slots=True)
class _Past:
    """What people of the rest of a day do besides it: where whom they may not visit, and who goes to each elder."""

    rest: Day
    never: binding.Barred
    seen: Mapping[UUID, Sequence[tuple[UUID, OrderFacts]]]


def _past(parts: Split, rest: Day) -> _Past:
    """Read what is behind the rest of a day, and what stays promised beside it."""
    ranks: defaultdict[UUID, list[tuple[int, int]]] = defaultdict(list)
    seen: defaultdict[UUID, list[tuple[UUID, OrderFacts]]] = defaultdict(list)
    for stop, order in parts.past:
        ranks[stop.practitioner_id].append((seconds_of(rest.on, stop.start), _rank(parts.rest, stop, order)))
        if stop.kind is StopKind.visit:
            seen[order.person_id].append((stop.practitioner_id, order))
    return _Past(rest, binding.barred_by(ranks, rest.segments), seen)


def _bound(past: _Past, job: Job, order: OrderFacts, rank: int) -> Job:
    """Return a job that only those may be given whose day before it and behind it lets them."""
    allowed = job.allowed_staff
    for who in binding.same_carers(order, past.seen.get(order.person_id, ())):
        own = _rows(past.rest, [who])
        allowed = own if allowed is None else allowed & own
    if past.never[rank]:
        allowed = (frozenset(range(len(past.rest.segments))) if allowed is None else allowed) - past.never[rank]
    return replace(job, allowed_staff=allowed)


def _rank(facts: DayFacts, stop: Told, order: OrderFacts) -> int:
    if stop.kind is StopKind.delivery:
        return binding.rank_of_delivery(facts, order)
    return binding.rank_of(facts, order)
