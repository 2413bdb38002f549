"""Telling: what a room above has to say becomes a notice for each recipient, in that room's transaction."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.clock import local_date
from service.core.http import House
from service.core.jobs import queue
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.notices import repository, rules
from service.notices.models import Notice
from service.notices.usecases import sealing
from service.patients import usecases as patients
from service.patients.rules import Right

_PROMISES: Final = (rules.NoticeKind.plan_published, rules.NoticeKind.appointment_withdrawn)
"""Each takes the place of what the other one said of the same order."""


async def notify(session: AsyncSession, *, house: House, draft: rules.Draft, now: datetime) -> list[UUID]:
    """Tell each recipient once; return the ids of the new notices, those that will not be sent included.

    The same cause told again, or the same words about the same subject when nothing else was told between, adds
    nothing. Nothing is sent here: the worker does, once the transaction has committed.

    Raises:
        problems.NotFound: the fence lets no such person through.
    """
    policy = await _policy(session, draft, now)
    elder, proxies = await _recipients(session, house, draft)
    template = await repository.template_on(session, draft.region_id, draft.kind, local_date(now))
    parameters = rules.clipped({name: draft.parameters.get(name, "") for name in rules.SAMPLES[draft.kind]})
    sealed, said = sealing.seal_parameters(house, parameters)
    added = []
    for each in rules.choose(elder, proxies, draft.kind, policy.to):
        why_not = _why_not(each, draft.kind, policy, has_template=template is not None)
        row = Notice(
            region_id=draft.region_id,
            institution_id=draft.institution_id,
            person_id=draft.person_id,
            account_id=each.account_id,
            recipient_id=each.account_id or draft.person_id,
            kind=draft.kind,
            cause=draft.cause,
            subject_id=draft.subject_id,
            template_id=template.id if template else None,
            parameters_sealed=sealed,
            said=said,
            phone_sealed=house.cipher.seal(each.phone, context=sealing.PHONE) if each.phone else None,
            state=rules.NoticeState.suppressed if why_not else rules.NoticeState.queued,
            suppressed=why_not,
            created_at=now,
            due_at=rules.due_at(now, policy.quiet_from, policy.quiet_to),
            expires_at=now + rules.LIFETIMES[draft.kind],
        )
        if await _is_news(session, row) and await repository.add_once(session, row):
            added.append(row.id)
            if why_not is None:
                await announce(session, draft.region_id, draft.institution_id, row.id)
    return added


async def announce(session: AsyncSession, region_id: UUID, institution_id: UUID, notice_id: UUID) -> None:
    """Let the worker look at a notice; one that is not due yet waits for the sweep."""
    job = queue.Job(region_id=region_id, institution_ids=(institution_id,), subject_id=notice_id)
    await queue.enqueue(session, rules.NOTICE_DUE, job, dedupe=f"notice/{notice_id}")


async def _policy(session: AsyncSession, draft: rules.Draft, now: datetime) -> rules.Policy:
    on = await institutions.settings_on(
        session, region_id=draft.region_id, institution_id=draft.institution_id, on=local_date(now)
    )
    return rules.Policy(
        off=on.of(settings.NOTICES_OFF),
        to=rules.Audience(on.of(settings.NOTICES_TO)),
        quiet_from=on.of(settings.NOTICES_QUIET_FROM),
        quiet_to=on.of(settings.NOTICES_QUIET_TO),
    )


async def _recipients(
    session: AsyncSession, house: House, draft: rules.Draft
) -> tuple[rules.Recipient, list[rules.Recipient]]:
    """Return the person, and those who act for him and have left a phone; a person without one may have left it so."""
    contacts = [
        (each.is_self, rules.Recipient(
            each.account_id,
            house.cipher.open(each.phone_sealed, context=sealing.CONTACT),
            frozenset(Right(right) for right in each.rights),
        ))
        for each in await repository.contacts(session, draft.person_id)
    ]  # fmt: skip
    person = await patients.get_person(session, region_id=draft.region_id, person_id=draft.person_id)
    phone = await patients.open_phone(session, house=house, region_id=draft.region_id, person_id=draft.person_id)
    if phone is None and person.deceased_on is None:
        phone = next((each.phone for is_self, each in contacts if is_self), None)
    elder = rules.Recipient(None, phone, frozenset(Right))
    return elder, [each for is_self, each in contacts if not is_self]


def _why_not(
    recipient: rules.Recipient, kind: rules.NoticeKind, policy: rules.Policy, *, has_template: bool
) -> rules.Suppressed | None:
    if kind in policy.off:
        return rules.Suppressed.switched_off
    if not rules.is_mobile(recipient.phone):
        return rules.Suppressed.no_mobile
    return None if has_template else rules.Suppressed.no_template


async def _is_news(session: AsyncSession, row: Notice) -> bool:
    """Return whether a notice says something else than the last one about its subject."""
    kinds = _PROMISES if row.kind in _PROMISES else (row.kind,)
    last = await repository.last_said(session, row.region_id, row.subject_id, kinds, row.recipient_id)
    return last != (row.kind, row.said)
