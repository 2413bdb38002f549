"""HTTP of practitioners: who they are and what they are certified for here, their shifts beside it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.core import http, paging
from service.core.paging import Page
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.practitioners import absence_routes, errors, rules, schemas, shift_routes, usecases, vehicle_routes

router = Router(tags=["医护"])
router.include_router(shift_routes.router)
router.include_router(absence_routes.router)
router.include_router(vehicle_routes.router)

Reads = Annotated[Principal, Depends(http.Requires("practitioners:read"))]
Writes = Annotated[Principal, Depends(http.Requires("practitioners:write"))]


@router.post(
    "/practitioners",
    status_code=201,
    response_model=schemas.PractitionerRead,
    responses=http.refuses(NotFound, errors.StaffNoTaken, errors.AccountTaken, keyed=True),
)
async def register_practitioner(
    principal: Writes, session: http.Session, once: http.OnlyOnce, body: schemas.PractitionerCreate
) -> Response | schemas.PractitionerRead:
    """登记本机构的一名医护人员。"""

    async def act() -> schemas.PractitionerRead:
        return schemas.PractitionerRead.of(
            await usecases.register_practitioner(session, principal=principal, draft=body), private=True
        )

    return await once.run(body, act)


@router.get("/practitioners", responses=http.refuses(NotFound, CursorInvalid))
async def list_practitioners(
    *,
    principal: Reads,
    session: http.Session,
    pages: http.Pages,
    institution_id: Annotated[UUID | None, Query(description="只看这一机构")] = None,
    role: Annotated[rules.PractitionerRole | None, Query(description="只看这一类人员")] = None,
    active: Annotated[bool | None, Query(description="只看在岗（true）或停用（false）人员")] = None,
) -> Page[schemas.PractitionerRead]:
    """列出本机构的医护人员。"""
    request = pages.of("practitioners")
    found = await usecases.list_practitioners(
        session, principal=principal, institution_id=institution_id, role=role, active=active, page=request
    )
    return paging.page_of(
        found,
        request=request,
        read=schemas.PractitionerRead.of,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing="practitioners",
    )


@router.get(
    "/practitioners/{practitioner_id}",
    response_model=schemas.PractitionerRead,
    responses=http.refuses(NotFound, etag=True),
)
async def read_practitioner(
    request: Request, principal: Reads, session: http.Session, practitioner_id: UUID
) -> Response:
    """查看一名医护人员；本人的起止地点只有可修改者和本人看得到。"""
    found = await usecases.read_practitioner(session, principal=principal, practitioner_id=practitioner_id)
    private = principal.may("practitioners:write") or found.account_id == principal.account_id
    return http.with_etag(request, schemas.PractitionerRead.of(found, private=private))


@router.patch("/practitioners/{practitioner_id}", responses=http.refuses(NotFound, errors.AccountTaken))
async def change_practitioner(
    principal: Writes, session: http.Session, practitioner_id: UUID, body: schemas.PractitionerUpdate
) -> schemas.PractitionerRead:
    """修改一名医护人员；停用后不再参与排班。"""
    changed = await usecases.change_practitioner(
        session, principal=principal, practitioner_id=practitioner_id, change=body
    )
    return schemas.PractitionerRead.of(changed, private=True)


@router.post(
    "/practitioners/{practitioner_id}/qualifications",
    status_code=201,
    response_model=schemas.QualificationRead,
    responses=http.refuses(
        NotFound,
        errors.QualificationImpossible,
        errors.QualificationOverlaps,
        errors.CertificateTaken,
        keyed=True,
    ),
)
async def add_qualification(
    principal: Writes,
    session: http.Session,
    once: http.OnlyOnce,
    practitioner_id: UUID,
    body: schemas.QualificationCreate,
) -> Response | schemas.QualificationRead:
    """登记一项执业证或技能及其有效期。"""

    async def act() -> schemas.QualificationRead:
        added = await usecases.add_qualification(
            session, principal=principal, practitioner_id=practitioner_id, draft=body
        )
        return schemas.QualificationRead.of(added)

    return await once.run(body, act)


@router.get("/practitioners/{practitioner_id}/qualifications", responses=http.refuses(NotFound))
async def list_qualifications(principal: Reads, session: http.Session, practitioner_id: UUID) -> schemas.Qualifications:
    """列出一名医护人员的全部执业证和技能。"""
    found = await usecases.list_qualifications(session, principal=principal, practitioner_id=practitioner_id)
    return schemas.Qualifications(items=[schemas.QualificationRead.of(each) for each in found])


@router.patch(
    "/practitioners/{practitioner_id}/qualifications/{qualification_id}",
    responses=http.refuses(
        NotFound, errors.QualificationImpossible, errors.QualificationOverlaps, errors.CertificateTaken
    ),
)
async def end_qualification(
    principal: Writes,
    session: http.Session,
    practitioner_id: UUID,
    qualification_id: UUID,
    body: schemas.QualificationUpdate,
) -> schemas.QualificationRead:
    """设定一项执业证或技能的截止日期。"""
    ended = await usecases.end_qualification(
        session,
        principal=principal,
        practitioner_id=practitioner_id,
        qualification_id=qualification_id,
        change=body,
    )
    return schemas.QualificationRead.of(ended)
