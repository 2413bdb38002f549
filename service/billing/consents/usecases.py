"""What people do about a price that changed at the door: ask for a new quote, agree to it (新报价与知情同意).

The elder or his proxy agrees with his own account; the crew, or finance where a bill is settled anew, records what the
family signed or said, with the file that shows it.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts.rules import ACTED_FOR, Role
from service.billing import quoting, repository
from service.billing import schemas as bills
from service.billing.consents import errors, schemas
from service.billing.consents import repository as consents
from service.billing.consents.models import VisitConsent
from service.core import money, problems
from service.core.principal import Principal
from service.orders import usecases as orders
from service.patients import usecases as patients
from service.patients.rules import Right
from service.practitioners import usecases as practitioners
from service.visits import usecases as visits
from service.visits.rules import FINAL, EvidenceKind
from service.visits.schemas import VisitRead

_SHOWS: Final = frozenset({EvidenceKind.signature, EvidenceKind.paper_form, EvidenceKind.recording})
_SEES: Final = frozenset({Right.view, Right.pay})


async def quote_visit(
    session: AsyncSession, *, principal: Principal, visit_id: UUID, asked: schemas.VisitQuoteCreate, now: datetime
) -> bills.QuoteRead:
    """Say at the door what the visit would cost with other services than were ordered.

    What the order holds already counts as the visit's own.

    Raises:
        problems.NotFound: there is no such visit in whose crew the principal is.
        errors.AskTheInstitution: the principal helps a neighbour institution out there.
        billing.errors: the gate.
    """
    visit = await _of_crew(session, principal, visit_id)
    order = await orders.get_order(session, region_id=principal.region_id, order_id=visit.order_id)
    made = await quoting.quote(
        session,
        region_id=principal.region_id,
        institution_id=visit.institution_id,
        person_id=visit.person_id,
        home_id=order.home_id,
        kind=order.kind,
        service_on=visit.service_on,
        start_at=visit.started_at or visit.planned_start_at,
        items=[(item.code, item.quantity) for item in asked.items],
        staff_count=len(visit.crew),
        now=now,
        order_id=order.id,
    )
    return await quoting.read_quote(session, principal=principal, quote_id=made.quote_id, now=now)


async def give_consent(
    session: AsyncSession, *, principal: Principal, visit_id: UUID, asked: schemas.ConsentCreate, now: datetime
) -> schemas.ConsentRead:
    """Record up to which amount the family agrees to pay for a visit; the last consent counts.

    Raises:
        problems.NotFound: the visit or the quote is not the principal's.
        patients.errors.RightMissing: a proxy without the right `pay`.
        errors.EvidenceNeeded: the crew shows no signature, paper form or recording of the visit.
        errors.NobodyAgreed: the visit ended without a service.
        errors.AskTheInstitution: the crew helps a neighbour institution out there.
    """
    visit = await visits.read_visit(session, region_id=principal.region_id, visit_id=visit_id)
    if visit.state in FINAL:
        raise errors.NobodyAgreed
    if principal.role in ACTED_FOR:
        await patients.require_right(session, principal=principal, person_id=visit.person_id, right=Right.pay, now=now)
        given_by = "elder" if principal.role == Role.elder else "proxy"
    else:
        visit, given_by = await _of_crew(session, principal, visit_id), "crew"
        if asked.evidence_file_id is None:
            raise errors.EvidenceNeeded
    shown_by = _shown_by(visit, asked.evidence_file_id)
    await _refuse_other_quote(session, principal, visit, asked.quote_id)
    row = VisitConsent(
        region_id=principal.region_id,
        institution_id=visit.institution_id,
        visit_id=visit_id,
        person_id=visit.person_id,
        amount_fen=money.whole_fen(asked.amount),
        quote_id=asked.quote_id,
        given_by=given_by,
        account_id=principal.account_id,
        evidence_file_id=asked.evidence_file_id,
        shown_by=shown_by,
        given_at=now,
    )
    session.add(row)
    await session.flush()
    return schemas.ConsentRead.model_validate(row, from_attributes=True)


async def record_consent(
    session: AsyncSession, *, principal: Principal, asked: schemas.FamilyConsentCreate, now: datetime
) -> None:
    """Record for a family what it has agreed to pay, where a bill is settled anew; the last consent counts.

    Raises:
        problems.NotFound: there is no such visit at the principal's institutions.
        errors.ConsentAhead: it would lie ahead.
        errors.EvidenceNeeded: no signature, paper form or recording of the visit shows it.
    """
    visit = await visits.read_visit(session, region_id=principal.region_id, visit_id=asked.visit_id)
    if visit.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="上门记录")
    if asked.given_at > now:
        raise errors.ConsentAhead(given_at=asked.given_at)
    session.add(
        VisitConsent(
            region_id=principal.region_id,
            institution_id=visit.institution_id,
            visit_id=asked.visit_id,
            person_id=visit.person_id,
            amount_fen=money.whole_fen(asked.amount),
            given_by="finance",
            account_id=principal.account_id,
            evidence_file_id=asked.evidence_file_id,
            agreed_by=asked.agreed_by,
            shown_by=_shown_by(visit, asked.evidence_file_id),
            given_at=asked.given_at,
        )
    )
    await session.flush()


async def list_consents(
    session: AsyncSession, *, principal: Principal, visit_id: UUID, now: datetime
) -> schemas.Consents:
    """Return what a family agreed to for a visit, to its institution and to whoever may view or pay for the person.

    Raises:
        problems.NotFound: there is no such visit, or it is not the principal's to see.
    """
    visit = await visits.read_visit(session, region_id=principal.region_id, visit_id=visit_id)
    if visit.institution_id not in principal.institution_ids:
        rights = await patients.rights_over(session, principal=principal, person_id=visit.person_id, now=now)
        if principal.institution_ids or not _SEES & rights:
            raise problems.NotFound(what="上门记录")
    found = await consents.list_consents(session, region_id=principal.region_id, visit_id=visit_id)
    return schemas.Consents(items=[schemas.ConsentRead.model_validate(each, from_attributes=True) for each in found])


async def _of_crew(session: AsyncSession, principal: Principal, visit_id: UUID) -> VisitRead:
    """Return a visit in whose crew the principal is."""
    visit = await visits.read_visit(session, region_id=principal.region_id, visit_id=visit_id)
    me = await practitioners.find_of_account(session, region_id=principal.region_id, account_id=principal.account_id)
    if me is None or me.id not in {each.practitioner_id for each in visit.crew}:
        raise problems.NotFound(what="上门记录")
    # behind his fence there is no coverage, contract or balance of the person: the quote would be wrong
    if visit.institution_id not in principal.institution_ids:
        raise errors.AskTheInstitution
    return visit


def _shown_by(visit: VisitRead, file_id: UUID | None) -> EvidenceKind | None:
    """Return what a file of the visit's evidence is that shows a consent; None without a file."""
    if file_id is None:
        return None
    for each in visit.evidence:
        if each.file_id == file_id and each.kind in _SHOWS:
            return each.kind
    raise errors.EvidenceNeeded


async def _refuse_other_quote(
    session: AsyncSession, principal: Principal, visit: VisitRead, quote_id: UUID | None
) -> None:
    if quote_id is None:
        return
    quote = await repository.find_quote(session, region_id=principal.region_id, quote_id=quote_id)
    if quote is None or (quote.institution_id, quote.person_id) != (visit.institution_id, visit.person_id):
        raise problems.NotFound(what="报价")
