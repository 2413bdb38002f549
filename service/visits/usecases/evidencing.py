"""Evidence: files that show something of a visit; what the setting requires is a doubt until it is there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.files import usecases as files
from service.core.principal import Principal
from service.visits import errors, repository, rules, schemas
from service.visits.models import Visit, VisitEvidence
from service.visits.usecases import proving, reading
from service.visits.usecases.reporting import own_visit

_BEFORE: frozenset[rules.VisitState] = frozenset({rules.VisitState.prepared, rules.VisitState.departed})
_NEVER: frozenset[rules.VisitState] = frozenset({rules.VisitState.refused, rules.VisitState.cancelled})


async def add_evidence(
    session: AsyncSession, *, principal: Principal, visit_id: UUID, asked: schemas.EvidenceCreate, now: datetime
) -> schemas.VisitRead:
    """Attach a file to a visit of one's own, from the arrival on; the same file as the same kind again is answered.

    With the last required piece the doubt about missing evidence is settled, in the name of whoever brought it.

    Raises:
        problems.NotFound: there is no such visit, or neither its institution nor one's own has such a file.
        errors.NotYourVisit: the account is not in the crew.
        errors.StepMissing: nobody has arrived.
        errors.VisitOver: it was cancelled, or refused for good.
        errors.FileDoesNotFit: the file cannot show this.
    """
    visit = await reading.get(session, principal.region_id, visit_id, lock=True)
    visit, me = await own_visit(session, principal, visit.order_id)
    if visit.state in _BEFORE:
        raise errors.StepMissing(missing=rules.EventKind.arrive, asked="evidence")
    if visit.state in _NEVER:
        raise errors.VisitOver(state=visit.state)
    file = await files.get_file(session, region_id=principal.region_id, file_id=asked.file_id)
    # who helps a neighbour institution out keeps files where he works
    if file.institution_id not in {visit.institution_id, *principal.institution_ids}:
        raise problems.NotFound(what="文件")
    if not rules.fits(asked.kind, file.kind):
        raise errors.FileDoesNotFit(kind=asked.kind, file_kind=file.kind)
    known = await repository.evidence(session, visit.region_id, visit.id)
    if (asked.kind, asked.file_id) not in {(each.kind, each.file_id) for each in known}:
        session.add(
            VisitEvidence(
                region_id=visit.region_id, institution_id=visit.institution_id, visit_id=visit.id, kind=asked.kind,
                file_id=asked.file_id, added_by_id=me, added_at=now,
            )
        )  # fmt: skip
        await session.flush()
        await _settle_doubt(session, visit, principal.account_id, now)
    return await reading.describe(session, visit)


async def _settle_doubt(session: AsyncSession, visit: Visit, account_id: UUID, now: datetime) -> None:
    """Approve the doubt about missing evidence once nothing is missing, unless a person has decided it."""
    open_doubts = [
        each
        for each in await repository.exceptions(session, visit.region_id, visit.id)
        if each.kind == rules.ExceptionKind.evidence_missing and each.decision is None
    ]
    if not open_doubts or await proving.missing_evidence(session, visit):
        return
    for each in open_doubts:
        each.decision, each.reason_code = rules.Decision.approved, rules.ReasonCode.evidence_supplied
        each.decided_by_account_id, each.decided_at = account_id, now
    await session.flush()
    await proving.judge(session, visit)
