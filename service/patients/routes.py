"""HTTP of people here; their homes, dated rows and proxies beside it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.core import http, paging
from service.core.paging import Page
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.patients import (
    access_routes,
    acting_routes,
    dated_routes,
    diagnosis_routes,
    errors,
    home_routes,
    hospital_routes,
    ltci_routes,
    schemas,
    usecases,
)

router = Router(tags=["居民"])
router.include_router(home_routes.router)
router.include_router(access_routes.router)
# before `/patients/{person_id}`: the first route that fits answers
router.include_router(acting_routes.router)

Reads = Annotated[Principal, Depends(http.Requires("patients:read"))]
Writes = Annotated[Principal, Depends(http.Requires("patients:write"))]


@router.post(
    "/patients",
    status_code=201,
    response_model=schemas.PatientRead,
    responses=http.refuses(
        NotFound,
        errors.IdNumberInvalid,
        errors.IdNumberDisagrees,
        errors.PhoneInvalid,
        errors.PersonAlreadyRegistered,
        keyed=True,
    ),
)
async def register_patient(
    *,
    principal: Writes,
    session: http.Session,
    house: http.TheHouse,
    now: http.Now,
    once: http.OnlyOnce,
    body: schemas.PatientCreate,
) -> Response | schemas.PatientRead:
    """按身份证件登记一位居民，登记机构随即与其建立服务关系。"""
    return await once.run(
        body,
        lambda: usecases.register_patient(session, principal=principal, house=house, draft=body, now=now),
    )


@router.post(
    "/patients/admissions",
    status_code=201,
    response_model=schemas.PatientRead,
    responses=http.refuses(NotFound, errors.IdNumberInvalid, errors.AdmissionInFlight, keyed=True),
)
async def admit_patient(
    principal: Writes,
    session: http.Session,
    house: http.TheHouse,
    once: http.OnlyOnce,
    body: schemas.AdmissionCreate,
) -> Response | schemas.PatientRead:
    """接诊登记：为已在本统筹区登记的居民建立本机构的服务关系，须姓名与证件号码相符。"""
    return await once.run(body, lambda: usecases.admit_patient(session, principal=principal, house=house, draft=body))


@router.get("/patients", responses=http.refuses(errors.IdNumberInvalid, errors.PhoneInvalid, CursorInvalid))
async def list_patients(
    *,
    principal: Reads,
    session: http.Session,
    house: http.TheHouse,
    now: http.Now,
    pages: http.Pages,
    search: Annotated[schemas.PatientSearch, Query()],
) -> Page[schemas.PatientRead]:
    """列出本机构服务的（或本人可代办的）居民，可按姓名、证件号码、电话、重点人群查找。"""
    request = pages.of("patients")
    found = await usecases.list_patients(
        session, principal=principal, house=house, search=search, page=request, now=now
    )
    return paging.page_of(
        found,
        request=request,
        read=lambda each: each,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing="patients",
    )


@router.get(
    "/patients/{person_id}",
    response_model=schemas.PatientDetail,
    responses=http.refuses(NotFound, errors.RightMissing, etag=True),
)
async def read_patient(
    *,
    request: Request,
    principal: Reads,
    session: http.Session,
    house: http.TheHouse,
    now: http.Now,
    person_id: UUID,
) -> Response:
    """查看一位居民的现状：重点人群、可否预约上门、排班优先分、有无照护者。"""
    found = await usecases.read_patient(session, principal=principal, house=house, person_id=person_id, now=now)
    return http.with_etag(request, found)


@router.patch("/patients/{person_id}", responses=http.refuses(NotFound, errors.PhoneInvalid, errors.DeathImpossible))
async def change_patient(
    *,
    principal: Writes,
    session: http.Session,
    house: http.TheHouse,
    now: http.Now,
    person_id: UUID,
    body: schemas.PatientUpdate,
) -> schemas.PatientDetail:
    """修改一位居民的姓名、电话、住址，或登记去世日期。"""
    return await usecases.change_patient(
        session, principal=principal, house=house, person_id=person_id, change=body, now=now
    )


router.include_router(dated_routes.router)
router.include_router(ltci_routes.router)
router.include_router(hospital_routes.router)
router.include_router(diagnosis_routes.router)
