"""HTTP of the platform: which regions there are, and founding a further one."""

from typing import Annotated

from fastapi import Depends, Response

from service.accounts import errors, schemas, usecases
from service.core import http
from service.core.principal import Principal
from service.core.router import Router
from service.institutions.errors import RegionCodeTaken

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("platform:read"))]
Founds = Annotated[Principal, Depends(http.Requires("platform:write"))]


@router.get("/regions", responses=http.refuses())
async def list_regions(principal: Reads, session: http.Session) -> schemas.RegionList:
    """列出本平台的统筹区。"""
    return schemas.RegionList(items=await usecases.list_regions(session))


@router.post(
    "/regions",
    status_code=201,
    response_model=schemas.RegionRead,
    responses=http.refuses(RegionCodeTaken, errors.PasswordTooWeak, keyed=True),
)
async def found_region(
    principal: Founds, session: http.Session, once: http.OnlyOnce, body: schemas.RegionFounding
) -> Response | schemas.RegionRead:
    """新设一个统筹区及其第一个管理员；管理员首次登录须改密码并绑定动态码。"""
    return await once.run(body, lambda: usecases.found_region(session, draft=body))
