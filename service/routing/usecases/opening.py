"""Which half hours of a plan's day can still be offered to an elder who calls."""

import asyncio
from datetime import datetime
from uuid import UUID

from service.core.http import House
from service.core.principal import Principal
from service.routing import changes, errors
from service.routing.building import moment_of
from service.routing.changing import opening
from service.routing.usecases.standing import stand


async def list_open_windows(
    house: House, *, principal: Principal, plan_id: UUID, order_id: UUID, now: datetime
) -> changes.OpenWindowsRead:
    """Return the half hours in which an accepted order could begin beside a plan, whatever span it was placed for.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
        errors.PlanNotStanding: it is not solved, has failed, or was superseded.
        errors.SharedVehiclesStand: one of its shared vehicles is out of service.
        errors.OrderNotOfThatDay: the order is not accepted, or of another day or other institutions.
    """
    standing = await stand(house, principal, plan_id, now)
    day, job = standing.day, standing.jobs.get(order_id)
    if job is None:
        raise errors.OrderNotOfThatDay
    frozen_until = max(0, standing.now)
    first = min((each.shift.start for each in day.segments), default=0)
    last = max((each.shift.end for each in day.segments), default=0)
    spans = list(opening.half_hours(max(first, frozen_until), last))
    found = await asyncio.to_thread(
        opening.openings, standing.problem, standing.plan, job, spans, frozen_until=frozen_until
    )
    return changes.OpenWindowsRead(
        order_id=order_id,
        windows=[
            changes.OpenWindowRead(
                start_at=moment_of(day.on, each.window.start),
                end_at=moment_of(day.on, each.window.end + 1),
                visit_at=moment_of(day.on, min(each.starts)),
                staff=[day.segments[staff].staff.name for staff in each.staff],
                returns_at=[
                    moment_of(day.on, behind.start) for behind in each.behind if day.part_of(behind.job) is not None
                ],
            )
            for each in found
        ],
    )
