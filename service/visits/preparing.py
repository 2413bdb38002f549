"""Jobs of visits: a published plan becomes visits, a visit corrects its home's place, days gone by are closed."""

from service.core.db.session import transaction
from service.core.http import House
from service.core.jobs.queue import Job
from service.core.principal import Fence
from service.institutions import usecases as institutions
from service.routing import usecases as routing
from service.visits import usecases


async def prepare_visits(house: House, job: Job) -> None:
    """Make the visits of a published plan (news PLAN_PUBLISHED); again changes nothing."""
    async with transaction(house.sessions, job.fence, house.clock.now()) as session:
        order_ids = await routing.orders_of_plan(session, region_id=job.region_id, plan_id=job.subject_id)
        for order_id in order_ids:
            await usecases.prepare_order(session, region_id=job.region_id, order_id=order_id)


async def teach_place(house: House, job: Job) -> None:
    """Let a verified visit correct where its home is (news VISIT_STRAYED); again changes nothing."""
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        await usecases.teach_place(session, region_id=job.region_id, visit_id=job.subject_id, now=now)


async def close_days(house: House) -> None:
    """Close the days gone by of every institution: visits not begun are missed, those without an end are doubted."""
    now = house.clock.now()
    async with transaction(house.sessions, Fence(), now) as session:
        region_ids = await institutions.list_region_ids(session)
    for region_id in region_ids:
        async with transaction(house.sessions, Fence(region_id), now) as session:
            ids = await institutions.list_institution_ids(session, region_id=region_id)
        async with transaction(house.sessions, Fence(region_id, tuple(ids)), now) as session:
            await usecases.close_days(session, region_id=region_id, institution_ids=ids, now=now)
