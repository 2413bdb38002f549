"""Why a plan gives each visit to whom."""

import asyncio
from datetime import datetime
from uuid import UUID

from service.core.http import House
from service.core.principal import Principal
from service.routing import changes
from service.routing.building import overflow, wishes
from service.routing.changing import reasons
from service.routing.changing.reasons import Because, Why
from service.routing.usecases.standing import Standing, stand


async def explain_plan(house: House, *, principal: Principal, plan_id: UUID, now: datetime) -> changes.ExplanationRead:
    """Return why a plan gives each visit that nobody has begun to whom.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
        errors.PlanNotStanding: it is not solved, has failed, or was superseded.
        errors.SharedVehiclesStand: one of its shared vehicles is out of service.
    """
    standing = await stand(house, principal, plan_id, now)
    found = await asyncio.to_thread(reasons.explain_assignments, standing.problem, standing.plan)
    # further parts are given by whoever gives the first
    visits = [each for each in found if each.job < len(standing.day.orders)]
    return changes.ExplanationRead(plan_id=plan_id, assignments=[_why(standing, each) for each in visits])


def _why(standing: Standing, why: Why) -> changes.WhyRead:
    order, segments = standing.order_of(why.job), standing.day.segments
    other = None if why.next_best is None else segments[why.next_best].staff
    agreed = overflow.between(standing.day.agreements, order, segments[why.staff].staff.institution_id)
    explanation = _explanation(standing, why)
    return changes.WhyRead(
        order_id=order.id,
        order_no=order.order_no,
        practitioner_id=segments[why.staff].staff.practitioner_id,
        practitioner_name=segments[why.staff].staff.name,
        because=overflow.BY_AGREEMENT if agreed else why.because,
        explanation=f"{overflow.SENTENCE}；{explanation}" if agreed else explanation,
        others=why.others,
        next_practitioner_id=other.practitioner_id if other else None,
        next_practitioner_name=other.name if other else None,
        next_added_cost=why.extra,
        overflow_agreement_id=agreed.id if agreed else None,
    )


def _explanation(standing: Standing, why: Why) -> str:
    wish = standing.day.wishes[why.job]
    return wishes.SENTENCES[wish] if why.because is Because.wished and wish is not None else reasons.say(why.because)
