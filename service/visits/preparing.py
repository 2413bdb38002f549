"""Jobs of visits: a published plan becomes visits, a visit corrects its home's place, days gone by are closed."""

from service.core.db.session import transaction
from service.core.http import House
from service.core.jobs.queue import Job
from service.institutions import usecases as institutions
from service.routing import usecases as routing
from service.visits import usecases


async def prepare_visits(house: House, job: Job) -> None:
    """Make the visits of a published plan (news PLAN_PUBLISHED); again changes nothing."""
    async with transaction(house.sessions, job.fence, house.clock.now()) as session:
        order_ids = await routing.orders_of_plan(session, region_id=job.region_id, plan_id=job.subject_id)
        for order_id in order_ids:
            await usecases.prepare_order(session, region_id=job.region_id, order_id=order_id)


async def give_back_missed(house: House, job: Job) -> None:
    """Give back what the order of a missed visit holds (news VISIT_MISSED); again changes nothing."""
    async with transaction(house.sessions, job.fence, house.clock.now()) as session:
        await usecases.give_back_missed(session, region_id=job.region_id, visit_id=job.subject_id)


async def teach_place(house: House, job: Job) -> None:
    """Let a verified visit correct where its home is (news VISIT_STRAYED); again changes nothing."""
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        await usecases.teach_place(session, region_id=job.region_id, visit_id=job.subject_id, now=now)


async def close_days(house: House) -> None:
    """Close the days gone by of every institution: visits not begun are missed, those without an end are doubted."""
    now = house.clock.now()
    for region_id, fence in await institutions.fences_of_all(house.sessions, now):
        async with transaction(house.sessions, fence, now) as session:
            await usecases.close_days(
                session, region_id=region_id, institution_ids=list(fence.institution_ids), now=now
            )
