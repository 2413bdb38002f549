"""Jobs of notices: each is claimed, sent while no transaction is open, and its end written down.

`SendSms` takes no idempotency key, so a worker that dies in between leaves a notice `sending`. After some patience the
sweep has it looked up in the provider's list by its own id: it counts as sent when it is there, and is sent again when
it is not. So nothing is sent twice unless the provider forgets, and nothing is lost unless it expires.
"""

from datetime import UTC, datetime

import httpx

from service.core import logs
from service.core.db.session import transaction
from service.core.http import House
from service.core.jobs.queue import Job
from service.gateways import sms
from service.gateways.sms import acs3
from service.institutions import usecases as institutions
from service.notices.usecases import attempting

_log = logs.get_logger("notices")


async def send_notice(house: House, job: Job) -> None:
    """Try to send a notice that is due (news NOTICE_DUE); one that is not, or was sent, stays as it is."""
    async with transaction(house.sessions, job.fence, house.clock.now()) as session:
        claimed = await attempting.claim(
            session, house=house, region_id=job.region_id, notice_id=job.subject_id, now=house.clock.now(),
            real=datetime.now(UTC),
        )  # fmt: skip
    if claimed is None:
        return
    async with httpx.AsyncClient() as client:
        outcome = await attempt(gateway_of(house, client), claimed)
    async with transaction(house.sessions, job.fence, house.clock.now()) as session:
        await attempting.record(
            session, region_id=job.region_id, claimed=claimed, outcome=outcome, now=house.clock.now()
        )
        if outcome is None:
            await attempting.sweep(session, region_id=job.region_id, now=house.clock.now(), real=datetime.now(UTC))


async def attempt(gateway: sms.SmsGateway, claimed: attempting.Claim) -> sms.Outcome | None:
    """Send what was claimed, or look up what became of it; None when the provider knows nothing of it."""
    message = claimed.message
    if claimed.doubtful_on is None:
        return await gateway.send(message)
    return await gateway.find(message.phone, message.out_id, claimed.doubtful_on)


def gateway_of(house: House, client: httpx.AsyncClient) -> sms.SmsGateway:
    """Return the gateway that the settings name."""
    settings = house.settings
    credentials = acs3.Credentials(settings.sms_access_key_id, settings.sms_access_key_secret.get_secret_value())
    return sms.AliyunSms(client, credentials, endpoint=settings.sms_endpoint, sign_name=settings.sms_sign_name)


async def sweep(house: House) -> None:
    """Announce every notice of every region that is due, or whose attempt has no end."""
    now = house.clock.now()
    for region_id, fence in await institutions.fences_of_all(house.sessions, now):
        async with transaction(house.sessions, fence, now) as session:
            found = await attempting.sweep(session, region_id=region_id, now=now, real=datetime.now(UTC))
        if found:
            _log.info("notices due", region=str(region_id), count=found)
