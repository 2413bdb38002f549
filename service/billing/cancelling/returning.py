"""Takes back what a crew that went in vain has cost, once a death or a stay in hospital on its day is known."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import repository as billing
from service.billing import reversing, settling
from service.billing.cancelling import repository, rules, waiving
from service.core import problems
from service.core.db.session import transaction
from service.core.http import House
from service.core.jobs.queue import Job
from service.core.principal import Fence
from service.institutions import usecases as institutions
from service.visits import usecases as visits


async def return_charges(house: House, job: Job) -> None:
    """Take back the charges of days on which a person was dead or in hospital (news PERSON_AWAY); again none.

    Whichever institution charged them, and whichever wrote down why not to: they are known in the whole region.

    Raises:
        ValueError: the news does not say who wrote it down.
    """
    if job.account_id is None:
        raise ValueError(f"{job.subject_id}: nobody noted the absence")
    now = house.clock.now()
    async with transaction(house.sessions, Fence(job.region_id), now) as session:
        everywhere = await institutions.list_institution_ids(session, region_id=job.region_id)
    fence = Fence(job.region_id, tuple(everywhere), job.account_id)
    async with transaction(house.sessions, fence, now) as session:
        # whoever is charging him at this moment may not have known: his bill is waited for
        await billing.lock(session, region_id=job.region_id, what=f"person/{job.subject_id}")
        charges = await repository.standing_charges(session, region_id=job.region_id, person_id=job.subject_id)
    # one by one: each holds its day's stay before the person, as everybody does
    for settlement_id in charges:
        async with transaction(house.sessions, fence, now) as session:
            await return_charge(
                session, region_id=job.region_id, settlement_id=settlement_id, account_id=job.account_id, now=now
            )


async def return_charge(
    session: AsyncSession, *, region_id: UUID, settlement_id: UUID, account_id: UUID, now: datetime
) -> None:
    """Take a charge back when nothing is to be paid for its day; one that was taken back stays so.

    Raises:
        problems.NotFound: there is no such charge.
    """
    row = await billing.find_settlement(session, region_id=region_id, settlement_id=settlement_id)
    if row is None:
        raise problems.NotFound(what="结算单")
    proof = await visits.proof(session, region_id=region_id, visit_id=row.visit_id)
    await settling.hold(session, region_id=region_id, proof=proof)
    if await billing.find_reversal(session, region_id=region_id, settlement_id=settlement_id) is not None:
        return
    why = await waiving.waiver_on(session, region_id=region_id, person_id=row.person_id, on=row.service_on)
    if why is not None:
        await reversing.take_back(
            session, row, reason=rules.WAIVED[why], reason_code=why.value, account_id=account_id, now=now
        )
