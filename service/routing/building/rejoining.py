"""The whole day once its rest has been planned: what stays and what was planned anew, as one plan; pure.

What was planned anew keeps its rows, so that whoever has judged it judges the same here. What stays is in rows beside
them, in which nothing else is: to the referee visits like any other, which only those people may give and only then.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from service.core.geo import Point
from service.orders.rules import OrderFacts
from service.routing.building import afield, stretches
from service.routing.building import day as days
from service.routing.building.day import Day
from service.routing.building.facts import seconds_of
from service.routing.building.recalling import AT_START
from service.routing.building.repairing import Kept, Split
from service.routing.building.stretches import Row
from service.routing.building.together import Behind
from service.routing.problem import (
    LUNCH,
    Carer,
    Job,
    Link,
    Plan,
    Route,
    Service,
    Staff,
    Stop,
    Sync,
    Unassigned,
    Window,
)
from service.routing.states import STOP_LABELS, StopKind


@dataclass(frozen=True, slots=True)
class _Numbers:
    """How the rest is counted in the whole day: its rows, its points, and its jobs.

    The visits that stay come first, of which there are `visits`, then those of the rest, of which there are `orders`;
    then what stays behind visits (deliveries, further parts), of which there are `behind`, and that of the rest.
    """

    rows: Mapping[int, int]
    points: Mapping[Point, int]
    visits: int
    orders: int
    behind: int

    def job_of(self, job: int) -> int:
        """Return a job of the rest as that of the whole day."""
        return job + self.visits + (self.behind if job >= self.orders else 0)

    def rows_of(self, staff: frozenset[int] | None) -> frozenset[int] | None:
        """Return rows of the rest as those of the whole day."""
        return None if staff is None else frozenset(self.rows[at] for at in staff)


def rejoin(parts: Split, rest: Day, jobs: Sequence[Job], plan: Plan) -> tuple[Day, Plan]:
    """Return the whole day and its plan; `jobs` are those of the rest, and `plan` is the rest's.

    How much people may work, and whether they are due a lunch, was judged with the rest.
    """
    rows = stretches.rows_of(parts, rest, plan)
    visits, behind = _crews(parts), [each for each in parts.frozen if _is_behind(each)]
    places = [point for row in rows for point in (row.segment.start, row.segment.end)]
    shared = afield.shared_of(parts, rest)
    places += [*(each.place for each in parts.frozen), *rest.points, *(each.place for each in shared)]
    numbers = _Numbers(
        rows={row.row: at for at, row in enumerate(rows) if row.row is not None},
        points={point: at for at, point in enumerate(dict.fromkeys(places))},
        visits=len(visits),
        orders=len(rest.orders),
        behind=len(behind),
    )
    orders = {each.id: each for each in parts.whole.orders}
    stay = [_job(rest, rows, crew, orders[order_id].order_no, numbers) for order_id, crew in visits.items()]
    follow = [_job(rest, rows, [each], _said(each, orders), numbers) for each in behind]
    stays = {order_id: at for at, order_id in enumerate(visits)}
    others = [_moved(rest, each, numbers) for each in jobs]
    whole = replace(
        rest,
        points=tuple(numbers.points),
        orders=(*(orders[each] for each in visits), *rest.orders),
        wishes=(*(None for _ in visits), *rest.wishes),
        jobs=(*stay, *others[: numbers.orders], *follow, *others[numbers.orders :]),
        segments=tuple(each.segment for each in rows),
        links=(
            *(_relinked(each, numbers) for each in rest.links),
            *_links(stays, behind, numbers),
        ),
        stranded=parts.stranded,
        unfinished=parts.unfinished,
        behind=(
            *(Behind(stays[_order_of(each)], _part_of(each), each.told.part) for each in behind),
            *(replace(each, visit=each.visit + numbers.visits) for each in rest.behind),
        ),
    )
    whole = _staffed(parts, rest, replace(whole, shared=shared), rows, numbers)
    services = _services(visits, behind, numbers)
    routes = [Route(at, tuple(_stops(rest, plan, row, numbers, services))) for at, row in enumerate(rows)]
    left = tuple(_left(rest, numbers, each) for each in plan.unassigned)
    tours = afield.renumbered(rest, shared, plan.tours, (numbers.points, numbers.rows))
    return whole, Plan(tuple(routes), left, tours)


def _crews(parts: Split) -> dict[UUID, list[Kept]]:
    """Return who gives each visit that stays, in the order of the services: who hands in what is taken is the first."""
    found: defaultdict[UUID, list[Kept]] = defaultdict(list)
    takers = {(each.told.specimen_of, each.told.practitioner_id) for each in parts.frozen}

    def turn(kept: Kept) -> tuple[bool, str]:
        return (kept.told.order_id, kept.told.practitioner_id) not in takers, str(kept.told.practitioner_id)

    for each in sorted(parts.frozen, key=turn):
        if each.told.order_id is not None and not _is_behind(each):
            found[each.told.order_id].append(each)
    wanted: Iterable[OrderFacts] = parts.whole.orders
    return {each.id: found[each.id] for each in wanted if each.id in found}


def _is_behind(kept: Kept) -> bool:
    """Tell whether what stays follows a visit: the delivery of its specimen, or a further part."""
    return kept.told.kind is StopKind.delivery or kept.told.part > 1


def _order_of(kept: Kept) -> UUID:
    """Return the order of what stays behind a visit."""
    order_id = kept.told.specimen_of if kept.told.order_id is None else kept.told.order_id
    if order_id is None:
        raise ValueError("a delivery without an order")
    return order_id


def _part_of(kept: Kept) -> int | None:
    return None if kept.told.kind is StopKind.delivery else kept.told.part


def _said(kept: Kept, orders: Mapping[UUID, OrderFacts]) -> str:
    if kept.told.kind is StopKind.delivery:
        return STOP_LABELS[StopKind.delivery]
    return f"{orders[_order_of(kept)].order_no}（第{kept.told.part}次）"


def _job(rest: Day, rows: Sequence[Row], crew: Sequence[Kept], order_no: str, numbers: _Numbers) -> Job:
    """Return the job of a visit or delivery that stays: nobody else gives it, and at no other time.

    Each of a crew is told his own time, which is all that is left of how they come.
    """
    spans = [(seconds_of(rest.on, each.told.start), seconds_of(rest.on, each.told.end)) for each in crew]
    starts = sorted({start for start, _ in spans})
    return Job(
        id=order_no,
        point=numbers.points[crew[0].place],
        windows=tuple(Window(start, start) for start in starts),
        services=tuple(Service(end - start, frozenset()) for start, end in spans),
        sync=Sync.independent,
        allowed_staff=frozenset(at for at, row in enumerate(rows) if any(each in row.kept for each in crew)),
    )


def _moved(rest: Day, job: Job, numbers: _Numbers) -> Job:
    return replace(
        job,
        point=numbers.points[rest.points[job.point]],
        allowed_staff=numbers.rows_of(job.allowed_staff),
        forbidden_staff=numbers.rows_of(job.forbidden_staff) or frozenset(),
        preferred_staff=numbers.rows_of(job.preferred_staff),
        promised_staff=numbers.rows_of(job.promised_staff) or None,
    )


def _staffed(parts: Split, rest: Day, whole: Day, rows: Sequence[Row], numbers: _Numbers) -> Day:
    means = [days.means_of(parts.whole, each.segment.staff) for each in rows]
    driven = [days.driven(parts.whole, each) for each in whole.shared]
    ways = tuple(dict.fromkeys([*means, *driven]))
    own: defaultdict[UUID, list[int]] = defaultdict(list)
    for at, each in enumerate(rows):
        own[each.segment.staff.practitioner_id].append(at)
    bound = {each.told.practitioner_id for each in parts.frozen}
    staff = []
    for at, each in enumerate(rows):
        who = each.segment.staff.practitioner_id
        written = _same(rest, each.row, numbers) if each.row is not None else _kept(each, numbers)
        staff.append(
            replace(
                written,
                id=f"{at}",
                matrix=ways.index(means[at]),
                person=own[who][0] if len(own[who]) > 1 else None,
                max_work=None if who in bound else written.max_work,
            )
        )
    vehicles = (
        days.vehicle_of(parts.whole, each, numbers.points, ways.index(way))
        for each, way in zip(whole.shared, driven, strict=True)
    )
    return replace(whole, means=ways, staff=tuple(staff), vehicles=tuple(vehicles))


def _same(rest: Day, row: int, numbers: _Numbers) -> Staff:
    written = rest.staff[row]
    lunch = written.lunch
    if lunch is not None and lunch.point is not None:
        lunch = replace(lunch, point=numbers.points[rest.points[lunch.point]])
    return replace(
        written,
        start_point=numbers.points[rest.points[written.start_point]],
        end_point=numbers.points[rest.points[written.end_point]],
        lunch=lunch,
    )


def _kept(row: Row, numbers: _Numbers) -> Staff:
    """Return whoever does what stays: it takes him what it takes, whatever his pace."""
    segment, lunch = row.segment, row.segment.lunch
    if lunch is not None:
        place = next(each.place for each in row.kept if each.told.kind is StopKind.lunch)
        lunch = replace(lunch, point=numbers.points[place])
    return Staff(
        id="",
        skills=frozenset(),
        start_point=numbers.points[segment.start],
        end_point=numbers.points[segment.end],
        shift=segment.shift,
        lunch=lunch,
        rides=segment.staff.rides,
    )


def _services(
    visits: Mapping[UUID, Sequence[Kept]], behind: Sequence[Kept], numbers: _Numbers
) -> dict[Kept, tuple[int, int]]:
    """Return the job and the service of everything that stays."""
    found = {each: (job, at) for job, crew in enumerate(visits.values()) for at, each in enumerate(crew)}
    first = numbers.visits + numbers.orders
    return found | {each: (first + at, 0) for at, each in enumerate(behind)}


def _relinked(link: Link, numbers: _Numbers) -> Link:
    return replace(link, first=numbers.job_of(link.first), second=numbers.job_of(link.second))


def _links(visits: Mapping[UUID, int], behind: Sequence[Kept], numbers: _Numbers) -> Iterator[Link]:
    """Yield which visit everything that stays behind one belongs to; when it is, was told and stays."""
    for at, each in enumerate(behind, start=numbers.visits + numbers.orders):
        yield Link(visits[_order_of(each)], at, carer=Carer.same, bound=True)


def _stops(
    rest: Day, plan: Plan, row: Row, numbers: _Numbers, services: Mapping[Kept, tuple[int, int]]
) -> Iterator[Stop]:
    if row.row is not None:
        planned = next((each.stops for each in plan.routes if each.staff == row.row), ())
        yield from (replace(each, job=numbers.job_of(each.job) if each.job >= 0 else each.job) for each in planned)
    for kept in row.kept:
        job, service = services.get(kept, (AT_START, LUNCH))
        yield Stop(job, service, seconds_of(rest.on, kept.told.start), seconds_of(rest.on, kept.told.end))


def _left(rest: Day, numbers: _Numbers, left: Unassigned) -> Unassigned:
    """Return a job left out in the numbers of the whole day; its facts name staff by their rows."""
    facts = dict(left.facts)
    named = facts.get("staff")
    if named is not None:
        rows = frozenset(int(str(each)) for each in (named if isinstance(named, list) else [named]))
        facts["staff"] = [str(each) for each in sorted(numbers.rows_of(rows) or ())]
    return Unassigned(numbers.job_of(left.job), left.reason, facts)


def is_kept(parts: Split, whole: Day, plan: Plan) -> bool:
    """Tell whether every frozen stop has its people and its time, and nothing else begins before the moment."""
    found = {
        (whole.segments[route.staff].staff.practitioner_id, _order_id(whole, stop), stop.start)
        for route in plan.routes
        for stop in route.stops
    }
    facts, told = parts.rest, [each.told for each in parts.frozen]
    stays = {(each.practitioner_id, each.order_id, facts.seconds(each.start)) for each in told}
    return stays <= found and {each for each in found if each[2] < facts.seconds(facts.now)} <= stays


def _order_id(whole: Day, stop: Stop) -> UUID | None:
    return None if stop.service == LUNCH or whole.part_of(stop.job) is None else whole.order_of(stop.job).id
