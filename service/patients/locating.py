"""The job that looks addresses up: ask the map between two short transactions, never inside one."""

from service.core.db.session import transaction
from service.core.http import House
from service.core.jobs.queue import Job
from service.patients import usecases


async def locate_home(house: House, job: Job) -> None:
    """Look a home's address up and write down what was found (news HOME_PLACED); again changes nothing."""
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        asked = await usecases.look_up_for(
            session, house=house, region_id=job.region_id, home_id=job.subject_id, now=now
        )
    if asked is None:
        return
    from service.gateways.geocoding import gateway  # noqa: PLC0415 - geopy takes a tenth of a second of each start

    async with gateway.opened(house.settings) as sources:
        answer = await sources.locate(asked.address, asked.area, external=asked.external, enough=float(asked.enough))
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        await usecases.record_look_up(
            session, house=house, region_id=job.region_id, look_up=asked, answer=answer, now=now
        )
