"""Asking where one more order would go in a plan; nothing is changed by it."""

import asyncio
from datetime import datetime
from typing import Final
from uuid import UUID

from service.core.http import House
from service.core.principal import Principal
from service.routing import building, changes, errors, rules
from service.routing.building import moment_of
from service.routing.changing import bound
from service.routing.changing.places import Place, Push
from service.routing.rules import UnassignedReason
from service.routing.usecases.standing import Standing, stand

TOURS_STAND: Final = "共用车辆已定的行程保持不变；须改动行程的，请重新排班"


async def find_insertions(
    house: House, *, principal: Principal, plan_id: UUID, asked: changes.InsertionAsk, now: datetime
) -> changes.InsertionsRead:
    """Return the best places for an accepted order in a plan, or why there is none. What has begun stays as it is.

    An order in parts is placed with all of them, one whose specimen is to be handed in with that.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
        errors.PlanNotStanding: it is not solved, has failed, or was superseded.
        errors.SharedVehiclesStand: one of its shared vehicles is out of service.
        errors.OrderNotOfThatDay: the order is not accepted, or of another day or other institutions.
        errors.OrderInPlan: the plan has it already.
    """
    standing = await stand(house, principal, plan_id, now)
    for order, unplannable in standing.day.left_out:
        if order.id == asked.order_id:
            return changes.InsertionsRead(
                order_id=order.id,
                order_no=order.order_no,
                places=[],
                reason=unplannable,
                explanation=building.explain(unplannable),
            )
    job = standing.jobs.get(asked.order_id)
    if job is None:
        raise errors.OrderNotOfThatDay
    if job not in {each.job for each in standing.plan.unassigned}:
        raise errors.OrderInPlan(order_no=standing.order_of(job).order_no)
    found = await asyncio.to_thread(
        bound.find_places, standing.problem, standing.plan, job, frozen_until=max(0, standing.now)
    )
    told = [_place(standing, job, each) for each in found] if isinstance(found, list) else []
    reason = None if isinstance(found, list) else found.reason
    return changes.InsertionsRead(
        order_id=asked.order_id,
        order_no=standing.order_of(job).order_no,
        places=told,
        reason=reason,
        explanation=_explanation(standing, reason) if reason else None,
    )


def _explanation(standing: Standing, reason: UnassignedReason) -> str:
    """Say why there is no place; where vehicles are shared, also that they drive as they do."""
    said = building.explain(reason)
    return f"{said}（{TOURS_STAND}）" if standing.plan.tours else said


def _place(standing: Standing, job: int, place: Place) -> changes.InsertionPlaceRead:
    crew = [
        _member(standing, (job, service), staff, start)
        for service, (staff, start) in enumerate(zip(place.staff, place.starts, strict=True))
    ]
    # a specimen's delivery is no visit
    crew += [
        _member(standing, (each.job, 0), each.staff, each.start) for each in place.behind if standing.is_visit(each.job)
    ]
    return changes.InsertionPlaceRead(
        crew=crew,
        added_cost=place.cost,
        affected=[_push(standing, each) for each in place.pushes if standing.is_visit(each.job)],
        affected_minutes=-(-place.pushed // 60),
    )


def _member(standing: Standing, of: tuple[int, int], staff: int, start: int) -> changes.InsertionCrewRead:
    """Return who gives a service of a job, and when."""
    day, (job, service) = standing.day, of
    who = day.segments[staff].staff
    return changes.InsertionCrewRead(
        practitioner_id=who.practitioner_id,
        practitioner_name=who.name,
        start_at=moment_of(day.on, start),
        end_at=moment_of(day.on, start + rules.lasts(standing.problem, job, service, staff)),
        part=day.part_of(job) or 1,
        parts=day.parts_of(job),
    )


def _push(standing: Standing, push: Push) -> changes.AffectedRead:
    day, order, who = standing.day, standing.order_of(push.job), standing.day.segments[push.staff].staff
    return changes.AffectedRead(
        order_id=order.id,
        order_no=order.order_no,
        practitioner_id=who.practitioner_id,
        practitioner_name=who.name,
        start_at=moment_of(day.on, push.before),
        new_start_at=moment_of(day.on, push.after),
        minutes=(push.after - push.before) // 60 if push.after > push.before else -((push.before - push.after) // 60),
    )
