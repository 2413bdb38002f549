"""HTTP of the proof of a bill."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from service.billing import errors
from service.billing.proof import schemas, usecases
from service.core import http, problems
from service.core.principal import Principal
from service.core.router import Router

router = Router(tags=["收费"])

_Reads = Annotated[Principal, Depends(http.Requires("bills:read"))]


@router.get("/settlements/{settlement_id}/proof", responses=http.refuses(problems.NotFound, errors.NoCase))
async def read_settlement_proof(settlement_id: UUID, principal: _Reads, session: http.Session) -> schemas.ProofRead:
    """账单（含取消费）的证明：限次、核算、减免、价格、距离、资质、额度、上门记录；可用 `xunzhen bill --proof` 复算。"""
    return await usecases.read_proof(session, principal=principal, settlement_id=settlement_id)
