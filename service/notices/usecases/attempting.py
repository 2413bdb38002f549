"""One attempt to send a notice, in two transactions: claiming it, and writing down how it ended."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.clock import local_date
from service.core.http import House
from service.gateways import sms
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.notices import repository, rules
from service.notices.models import Notice, NoticeTemplate
from service.notices.usecases import sealing
from service.notices.usecases.notifying import announce


@dataclass(frozen=True, slots=True)
class Claim:
    """A notice that this worker may try to send, or, when `doubtful_on` is a day, must look up at the provider first.

    `attempt` tells this attempt from later ones.
    """

    notice_id: UUID
    attempt: int
    message: sms.Message
    doubtful_on: date | None = None


def out_id(region_id: UUID, notice_id: UUID) -> str:
    """Return the id under which the provider's reports name a notice."""
    return f"{region_id.hex}{notice_id.hex}"


async def claim(
    session: AsyncSession, *, house: House, region_id: UUID, notice_id: UUID, now: datetime, real: datetime
) -> Claim | None:
    """Take a notice that is due, or an attempt whose end nobody has written down; None when there is nothing to do.

    `now` is the moment of the world served, `real` the clock's.
    """
    row = await repository.lock(session, region_id, notice_id)
    if row is None:
        return None
    doubtful = row.state == rules.NoticeState.sending
    if doubtful:
        if row.sending_since is None or row.sending_since > real - rules.PATIENCE:
            return None  # another worker is at it
    elif row.state != rules.NoticeState.queued or row.due_at > now:
        return None
    if _ends(row, house, now):
        await session.flush()
        return None
    template = await repository.find_template(session, region_id, row.template_id) if row.template_id else None
    if template is None or row.phone_sealed is None:
        return None
    since = row.sending_since
    if not doubtful:
        row.state, row.sending_since, row.attempts = rules.NoticeState.sending, real, row.attempts + 1
        await session.flush()
    message = _message(house, row, template, house.cipher.open(row.phone_sealed, context=sealing.PHONE))
    return Claim(row.id, row.attempts, message, local_date(since) if doubtful and since else None)


async def record(
    session: AsyncSession, *, region_id: UUID, claimed: Claim, outcome: sms.Outcome | None, now: datetime
) -> None:
    """Write down how an attempt ended; `outcome` None: the provider knows nothing of it, it may be repeated.

    What was reported or repeated meanwhile stays as it is.
    """
    row = await repository.lock(session, region_id, claimed.notice_id)
    if row is None or row.state != rules.NoticeState.sending or row.attempts != claimed.attempt:
        return
    match outcome:
        case sms.Accepted(provider_id):
            row.state, row.sent_at, row.provider_id = rules.NoticeState.sent, now, provider_id or None
        case sms.Refused(code):
            row.state, row.provider_code = rules.NoticeState.failed, code
        case sms.Later(code, wait_seconds):
            await _postpone(session, row, code, rules.retry_at(now, wait_seconds, row.attempts))
        case sms.Unknown(code):
            row.provider_code = code  # stays `sending`: looked up once patience is over
        case None:
            await _postpone(session, row, "not found", now)
    await session.flush()


async def sweep(session: AsyncSession, *, region_id: UUID, now: datetime, real: datetime, limit: int = 500) -> int:
    """Announce what is due, and attempts without an end; return how many."""
    found = await repository.list_open(session, region_id, now=now, stale=real - rules.PATIENCE, limit=limit)
    for institution_id, notice_id in found:
        await announce(session, region_id, institution_id, notice_id)
    return len(found)


def _ends(row: Notice, house: House, now: datetime) -> bool:
    """Give a notice up that came too late, was tried too often or has no gateway; return whether it was."""
    doubtful = row.state == rules.NoticeState.sending
    if row.expires_at <= now or row.attempts >= rules.MOST_ATTEMPTS:
        if doubtful or row.attempts:
            row.state = rules.NoticeState.failed
        else:
            row.state, row.suppressed = rules.NoticeState.suppressed, rules.Suppressed.too_late
        return True
    if not house.settings.sms_access_key_id:
        if not doubtful:
            row.state, row.suppressed = rules.NoticeState.suppressed, rules.Suppressed.no_gateway
        return True
    return False


async def _postpone(session: AsyncSession, row: Notice, code: str, at: datetime) -> None:
    """Put a notice back into the queue, outside the quiet hours."""
    on = await institutions.settings_on(
        session, region_id=row.region_id, institution_id=row.institution_id, on=local_date(at)
    )
    row.state, row.provider_code = rules.NoticeState.queued, code
    row.due_at = rules.due_at(at, on.of(settings.NOTICES_QUIET_FROM), on.of(settings.NOTICES_QUIET_TO))


def _message(house: House, row: Notice, template: NoticeTemplate, phone: str) -> sms.Message:
    parameters = sealing.open_parameters(house, row.parameters_sealed)
    return sms.Message(
        phone, template.provider_code, rules.used(template.text, parameters), out_id(row.region_id, row.id)
    )
