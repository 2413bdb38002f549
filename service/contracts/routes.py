"""HTTP of contracts: packages, signing and ending, enrolments in programmes, a person's entitlements."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.catalog.errors import EndingInvalid, ItemUnknown
from service.contracts import errors, schemas, use_routes, usecases
from service.core import http, problems
from service.core.paging import Page, page_of
from service.core.principal import Principal
from service.core.router import Router
from service.patients.errors import PersonDeceased, RightMissing

router = Router(tags=["签约"])
router.include_router(use_routes.router)

CatalogReader = Annotated[Principal, Depends(http.Requires("catalog:read"))]
CatalogKeeper = Annotated[Principal, Depends(http.Requires("catalog:write"))]
Reader = Annotated[Principal, Depends(http.Requires("contracts:read"))]
Signer = Annotated[Principal, Depends(http.Requires("contracts:write"))]
On = Annotated[schemas.Day | None, Query(description="只看这一天有效的")]


@router.post(
    "/institutions/{institution_id}/packages",
    status_code=201,
    response_model=schemas.PackageRead,
    responses=http.refuses(problems.NotFound, ItemUnknown, errors.PackagesOverlap, keyed=True),
)
async def add_package(
    institution_id: UUID,
    body: schemas.PackageCreate,
    principal: CatalogKeeper,
    session: http.Session,
    once: http.OnlyOnce,
) -> schemas.PackageRead | Response:
    """登记签约服务包的一个版本；开放的旧版本于前一天停止签约，已签的合同不变。"""
    return await once.run(
        body, lambda: usecases.add_package(session, principal=principal, institution_id=institution_id, asked=body)
    )


@router.get(
    "/institutions/{institution_id}/packages", responses=http.refuses(problems.NotFound, problems.CursorInvalid)
)
async def list_packages(
    institution_id: UUID, principal: CatalogReader, session: http.Session, pages: http.Pages, on: On = None
) -> Page[schemas.PackageRead]:
    """查看机构的签约服务包：历次版本，或某一天可签的版本。"""
    page = pages.of("packages")
    found = await usecases.list_packages(session, principal=principal, institution_id=institution_id, on=on, page=page)
    return page_of(
        found, request=page, read=_same_package, last=lambda row: row.id, cursors=pages.cursors, listing="packages"
    )


@router.get("/institutions/{institution_id}/packages/{package_id}", responses=http.refuses(problems.NotFound))
async def read_package(
    institution_id: UUID, package_id: UUID, principal: CatalogReader, session: http.Session
) -> schemas.PackageRead:
    """查看签约服务包的一个版本。"""
    return await usecases.read_package(
        session, principal=principal, institution_id=institution_id, package_id=package_id
    )


@router.patch(
    "/institutions/{institution_id}/packages/{package_id}", responses=http.refuses(problems.NotFound, EndingInvalid)
)
async def end_package(
    institution_id: UUID,
    package_id: UUID,
    body: schemas.ContractEnding,
    principal: CatalogKeeper,
    session: http.Session,
) -> schemas.PackageRead:
    """停止签约服务包的一个版本（当天仍可签），已签的合同不变。"""
    return await usecases.end_package(
        session, principal=principal, institution_id=institution_id, package_id=package_id, asked=body
    )


@router.post(
    "/contracts",
    status_code=201,
    response_model=schemas.ContractRead,
    responses=http.refuses(
        problems.NotFound,
        PersonDeceased,
        errors.SigningDayInvalid,
        errors.PackageNotOffered,
        errors.DoctorNotQualified,
        errors.TermTooShort,
        errors.FamilyDoctorTaken,
        keyed=True,
    ),
)
async def sign_contract(
    body: schemas.ContractCreate, principal: Signer, session: http.Session, now: http.Now, once: http.OnlyOnce
) -> schemas.ContractRead | Response:
    """家庭医生签约：一位居民同一时间只有一位家庭医生。"""
    return await once.run(body, lambda: usecases.sign_contract(session, principal=principal, asked=body, now=now))


@router.get("/contracts", responses=http.refuses(problems.CursorInvalid))
async def list_contracts(
    *,
    principal: Reader,
    session: http.Session,
    now: http.Now,
    pages: http.Pages,
    person_id: Annotated[UUID | None, Query(description="只看这位居民的")] = None,
    on: On = None,
) -> Page[schemas.ContractRead]:
    """查看签约及余次：医护看本机构的，居民和家属看本人的。"""
    page = pages.of("contracts")
    found = await usecases.list_contracts(session, principal=principal, person_id=person_id, on=on, page=page, now=now)
    return page_of(
        found, request=page, read=_same_contract, last=lambda row: row.id, cursors=pages.cursors, listing="contracts"
    )


@router.get(
    "/contracts/{contract_id}",
    response_model=schemas.ContractRead,
    responses=http.refuses(problems.NotFound, RightMissing, etag=True),
)
async def read_contract(
    request: Request, contract_id: UUID, principal: Reader, session: http.Session, now: http.Now
) -> Response:
    """查看一份签约及余次。"""
    answer = await usecases.read_contract(session, principal=principal, contract_id=contract_id, now=now)
    return http.with_etag(request, answer)


@router.post(
    "/contracts/{contract_id}/termination",
    responses=http.refuses(
        problems.NotFound,
        errors.ContractTerminated,
        errors.TerminationDayInvalid,
        errors.TerminationReasonWrong,
    ),
)
async def terminate_contract(
    contract_id: UUID, body: schemas.Termination, principal: Signer, session: http.Session
) -> schemas.ContractRead:
    """解约：从这一天起签约不再支付任何项目。"""
    return await usecases.terminate_contract(session, principal=principal, contract_id=contract_id, asked=body)


@router.post(
    "/programme-enrolments",
    status_code=201,
    response_model=schemas.EnrolmentRead,
    responses=http.refuses(
        problems.NotFound,
        PersonDeceased,
        RightMissing,
        errors.EnrolmentOutsideProgramme,
        errors.AlreadyEnrolled,
        keyed=True,
    ),
)
async def enrol_in_programme(
    body: schemas.EnrolmentCreate, principal: Signer, session: http.Session, now: http.Now, once: http.OnlyOnce
) -> schemas.EnrolmentRead | Response:
    """为居民登记公共项目（基本公卫等）。"""
    return await once.run(body, lambda: usecases.enrol(session, principal=principal, asked=body, now=now))


@router.get("/programme-enrolments", responses=http.refuses(problems.NotFound, RightMissing, problems.CursorInvalid))
async def list_programme_enrolments(
    person_id: Annotated[UUID, Query()], principal: Reader, session: http.Session, now: http.Now, pages: http.Pages
) -> Page[schemas.EnrolmentRead]:
    """查看居民登记的公共项目。"""
    page = pages.of("programme-enrolments")
    found = await usecases.list_enrolments(session, principal=principal, person_id=person_id, page=page, now=now)
    return page_of(
        found,
        request=page,
        read=_same_enrolment,
        last=lambda row: row.id,
        cursors=pages.cursors,
        listing="programme-enrolments",
    )


@router.patch(
    "/programme-enrolments/{enrolment_id}", responses=http.refuses(problems.NotFound, RightMissing, EndingInvalid)
)
async def end_programme_enrolment(
    enrolment_id: UUID, body: schemas.ContractEnding, principal: Signer, session: http.Session, now: http.Now
) -> schemas.EnrolmentRead:
    """结束居民的公共项目登记（当天仍有效）。"""
    return await usecases.end_enrolment(session, principal=principal, enrolment_id=enrolment_id, asked=body, now=now)


@router.get(
    "/patients/{person_id}/entitlements",
    response_model=schemas.EntitlementsRead,
    responses=http.refuses(problems.NotFound, RightMissing, etag=True),
)
async def list_entitlements(
    request: Request, person_id: UUID, principal: Reader, session: http.Session, now: http.Now
) -> Response:
    """查看居民今天还可用的签约、公共项目和医保额度。"""
    answer = await usecases.list_entitlements(session, principal=principal, person_id=person_id, now=now)
    return http.with_etag(request, answer)


def _same_package(row: schemas.PackageRead) -> schemas.PackageRead:
    return row


def _same_contract(row: schemas.ContractRead) -> schemas.ContractRead:
    return row


def _same_enrolment(row: schemas.EnrolmentRead) -> schemas.EnrolmentRead:
    return row
