"""HTTP of dispatch areas."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http, paging
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.routing import errors, schemas, usecases
from service.routing.usecases import areas

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("institutions:read"))]
Governs = Annotated[Principal, Depends(http.Requires("region:write"))]


@router.post(
    "/dispatch-areas",
    status_code=201,
    response_model=schemas.DispatchAreaRead,
    responses=http.refuses(errors.AreaCodeTaken, errors.AreaInstitutionsInvalid, keyed=True),
)
async def add_dispatch_area(
    principal: Governs, session: http.Session, once: http.OnlyOnce, body: schemas.DispatchAreaCreate
) -> Response | schemas.DispatchAreaRead:
    """新建调度区域：列出一起排班的机构。"""
    answer = await once.run(body, lambda: usecases.add_area(session, principal=principal, asked=body))
    return answer if isinstance(answer, Response) else schemas.DispatchAreaRead.model_validate(answer)


@router.get("/dispatch-areas", responses=http.refuses(CursorInvalid))
async def list_dispatch_areas(
    principal: Reads, session: http.Session, pages: http.Pages
) -> paging.Page[schemas.DispatchAreaRead]:
    """列出本统筹区的调度区域。"""
    return await usecases.list_areas(session, principal=principal, page=pages.of(areas.LISTING), cursors=pages.cursors)


@router.get("/dispatch-areas/{area_id}", responses=http.refuses(NotFound))
async def read_dispatch_area(principal: Reads, session: http.Session, area_id: UUID) -> schemas.DispatchAreaRead:
    """查看一个调度区域。"""
    return await usecases.read_area(session, principal=principal, area_id=area_id)


@router.patch("/dispatch-areas/{area_id}", responses=http.refuses(NotFound, errors.AreaInstitutionsInvalid))
async def change_dispatch_area(
    principal: Governs, session: http.Session, area_id: UUID, body: schemas.DispatchAreaUpdate
) -> schemas.DispatchAreaRead:
    """修改调度区域的名称或机构；已有的计划不变。"""
    return await usecases.change_area(session, principal=principal, area_id=area_id, asked=body)
