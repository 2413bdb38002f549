"""A person's diagnoses (诊断): recorded by whoever treats him, known in the whole region, ended or withdrawn.

Nothing is told to anybody when one is recorded or ended: whoever asks for a day (a programme's criteria, say) reads
what the person has on that day.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, problems
from service.core.clock import local_date
from service.core.principal import Principal
from service.patients import diagnosis_repository, diagnosis_rules, rules, schemas
from service.patients import diagnosis_schemas as forms
from service.patients.diagnosis_models import Diagnosis
from service.patients.usecases import answers


async def diagnosed_on(session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date) -> frozenset[str]:
    """Return the codes of what a person has on a day, whoever recorded it; not what was withdrawn."""
    known = await diagnosis_repository.DIAGNOSED.ask(session, region_id=region_id, person_id=person_id)
    return diagnosis_rules.codes_on(known, on)


async def record_diagnosis(
    session: AsyncSession, *, principal: Principal, person_id: UUID, draft: forms.DiagnosisCreate, now: datetime
) -> diagnosis_rules.DiagnosisFacts:
    """Record what a person has.

    Raises:
        problems.NotFound: another's institution, or one's own does not care for such a person.
        EndsBeforeStart, DiagnosisInFuture: the days cannot be.
        DiagnosisAlready: at the flush; the code is recorded for part of these days.
    """
    access.require_institution(principal, draft.institution_id)
    await answers.require_care(session, principal=principal, person_id=person_id, now=now)
    rules.refuse_end_before_start(draft.valid_from, draft.valid_to)
    diagnosis_rules.refuse_future(draft.valid_from, local_date(now))
    row = Diagnosis(
        region_id=principal.region_id,
        person_id=person_id,
        **draft.model_dump(exclude={"institution_id"}),
        recorded_by_institution_id=draft.institution_id,
        recorded_by_account_id=principal.account_id,
        recorded_at=now,
    )
    session.add(row)
    await session.flush()
    return _facts(row)


async def list_diagnoses(
    session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime
) -> list[diagnosis_rules.DiagnosisFacts]:
    """Return every diagnosis that is known of a person, the oldest first.

    Raises:
        problems.NotFound, RightMissing: the principal may not see the person.
    """
    await answers.require_right(session, principal=principal, person_id=person_id, right=rules.Right.view, now=now)
    return [_facts(row) for row in await diagnosis_repository.list_diagnoses(session, principal.region_id, person_id)]


async def end_diagnosis(
    session: AsyncSession,
    *,
    principal: Principal,
    person_id: UUID,
    diagnosis_id: UUID,
    change: schemas.DatedUpdate,
    now: datetime,
) -> diagnosis_rules.DiagnosisFacts:
    """Set the last day of a diagnosis, or take it away.

    Raises:
        problems.NotFound: one's institution does not care for such a person, or he has no such diagnosis.
        DiagnosisWithdrawn: it was recorded by mistake and withdrawn.
        EndsBeforeStart: the period would be none.
        DiagnosisAlready: at the flush; it would reach into the next one of the same code.
    """
    row = await _locked(session, principal, person_id, diagnosis_id, now)
    rules.refuse_end_before_start(row.valid_from, change.valid_to)
    row.valid_to = change.valid_to
    await session.flush()
    return _facts(row)


async def withdraw_diagnosis(
    session: AsyncSession,
    *,
    principal: Principal,
    person_id: UUID,
    diagnosis_id: UUID,
    asked: forms.DiagnosisWithdrawal,
    now: datetime,
) -> diagnosis_rules.DiagnosisFacts:
    """Withdraw a diagnosis that was recorded by mistake: it counts on no day any more, and stays on record.

    Raises:
        problems.NotFound: one's institution does not care for such a person, or he has no such diagnosis.
        DiagnosisWithdrawn: it was already.
    """
    row = await _locked(session, principal, person_id, diagnosis_id, now)
    row.withdrawn_at, row.withdrawn_by_account_id = now, principal.account_id
    row.withdrawn_because = asked.because
    await session.flush()
    return _facts(row)


async def _locked(
    session: AsyncSession, principal: Principal, person_id: UUID, diagnosis_id: UUID, now: datetime
) -> Diagnosis:
    await answers.require_care(session, principal=principal, person_id=person_id, now=now)
    row = await diagnosis_repository.find_diagnosis(session, principal.region_id, person_id, diagnosis_id)
    if row is None:
        raise problems.NotFound(what="诊断记录")
    diagnosis_rules.refuse_withdrawn(row.withdrawn_at)
    return row


def _facts(row: Diagnosis) -> diagnosis_rules.DiagnosisFacts:
    return diagnosis_rules.DiagnosisFacts(
        **row.model_dump(exclude={"region_id", "person_id", "source"}),
        source=diagnosis_rules.DiagnosisSource(row.source),
    )
