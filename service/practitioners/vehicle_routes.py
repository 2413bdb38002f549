"""HTTP of shared vehicles (共用车辆)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http, paging
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.practitioners import errors, usecases
from service.practitioners import vehicle_schemas as schemas

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("practitioners:read"))]
Writes = Annotated[Principal, Depends(http.Requires("practitioners:write"))]
LISTING = "vehicles"


@router.post(
    "/vehicles",
    status_code=201,
    response_model=schemas.VehicleRead,
    responses=http.refuses(
        NotFound, errors.VehicleHoursImpossible, errors.VehicleOutageImpossible, errors.PlateTaken, keyed=True
    ),
)
async def add_vehicle(
    principal: Writes, session: http.Session, once: http.OnlyOnce, body: schemas.VehicleCreate
) -> Response | schemas.VehicleRead:
    """登记本机构的一辆共用车辆：出行方式为“共用车辆”的人员同乘，车有司机。"""
    return await once.run(body, lambda: usecases.add_vehicle(session, principal=principal, draft=body))


@router.get("/vehicles", responses=http.refuses(CursorInvalid))
async def list_vehicles(principal: Reads, session: http.Session, pages: http.Pages) -> paging.Page[schemas.VehicleRead]:
    """列出本机构的共用车辆。"""
    request = pages.of(LISTING)
    found = await usecases.list_vehicles(session, principal=principal, page=request)
    return paging.page_of(
        found,
        request=request,
        read=lambda each: each,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing=LISTING,
    )


@router.get("/vehicles/{vehicle_id}", responses=http.refuses(NotFound))
async def read_vehicle(principal: Reads, session: http.Session, vehicle_id: UUID) -> schemas.VehicleRead:
    """查看一辆共用车辆。"""
    return await usecases.read_vehicle(session, principal=principal, vehicle_id=vehicle_id)


@router.patch(
    "/vehicles/{vehicle_id}",
    responses=http.refuses(NotFound, errors.VehicleHoursImpossible, errors.VehicleOutageImpossible),
)
async def change_vehicle(
    principal: Writes, session: http.Session, vehicle_id: UUID, body: schemas.VehicleUpdate
) -> schemas.VehicleRead:
    """修改共用车辆的站点、座位数、可用时间或停用日期；已发布的计划不变。"""
    return await usecases.change_vehicle(session, principal=principal, vehicle_id=vehicle_id, change=body)
