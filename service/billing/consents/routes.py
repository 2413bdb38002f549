"""HTTP of quotes given at the door, and of consents."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.billing import errors as billing_errors
from service.billing import schemas as bills
from service.billing.consents import errors, schemas, usecases
from service.core import http, problems
from service.core.principal import Principal
from service.core.router import Router
from service.patients import errors as patient_errors

router = Router()

_Performs = Annotated[Principal, Depends(http.Requires("visits:perform"))]
_Agrees = Annotated[Principal, Depends(http.Requires("visits:consent"))]
_Reads = Annotated[Principal, Depends(http.Requires("visits:read"))]


@router.post(
    "/visits/{visit_id}/quotes",
    status_code=201,
    response_model=bills.QuoteRead,
    responses=http.refuses(
        problems.NotFound,
        errors.AskTheInstitution,
        patient_errors.HomeNotPlaced,
        billing_errors.ProviderNotQualified,
        billing_errors.TooFewStaff,
        billing_errors.PriceMissing,
        billing_errors.OutsideServiceArea,
        keyed=True,
    ),
)
async def quote_visit(
    visit_id: UUID,
    body: schemas.VisitQuoteCreate,
    principal: _Performs,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
) -> bills.QuoteRead | Response:
    """上门时重新报价：按全部要做的项目计算，供老人或家属决定是否同意增加。"""
    return await once.run(
        body, lambda: usecases.quote_visit(session, principal=principal, visit_id=visit_id, asked=body, now=now)
    )


@router.post(
    "/visits/{visit_id}/consents",
    status_code=201,
    response_model=schemas.ConsentRead,
    responses=http.refuses(
        problems.NotFound,
        patient_errors.RightMissing,
        errors.EvidenceNeeded,
        errors.NobodyAgreed,
        errors.AskTheInstitution,
        keyed=True,
    ),
)
async def give_visit_consent(
    visit_id: UUID,
    body: schemas.ConsentCreate,
    principal: _Agrees,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
) -> schemas.ConsentRead | Response:
    """同意为一次上门支付的最高金额：本人或代办人用自己的账号，或由上门人员凭签名等证据登记；高于报价且未经同意的部分不收取。"""
    return await once.run(
        body, lambda: usecases.give_consent(session, principal=principal, visit_id=visit_id, asked=body, now=now)
    )


@router.get("/visits/{visit_id}/consents", responses=http.refuses(problems.NotFound))
async def list_visit_consents(
    visit_id: UUID, principal: _Reads, session: http.Session, now: http.Now
) -> schemas.Consents:
    """列出一次上门的费用同意记录，以最后一次为准。"""
    return await usecases.list_consents(session, principal=principal, visit_id=visit_id, now=now)
