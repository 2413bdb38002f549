"""HTTP of notices: templates, one's own contact, the sending log, and the provider's reports."""

import hmac
from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends, Path, Response

from service.core import http, paging, problems
from service.core.db.session import transaction
from service.core.paging import Page
from service.core.principal import Fence, Principal
from service.core.router import Router
from service.notices import errors, rules, schemas, usecases
from service.patients.errors import PhoneInvalid

router = Router(tags=["通知"])

Keeper = Annotated[Principal, Depends(http.Requires("region:write"))]
Anyone = Annotated[Principal, Depends(http.Requires("accounts:own"))]
Staff = Annotated[Principal, Depends(http.Requires("notices:read"))]
Reads = Annotated[Principal, Depends(http.Requires("institutions:read"))]


@router.post(
    "/notice-templates",
    status_code=201,
    response_model=schemas.TemplateRead,
    responses=http.refuses(
        errors.TemplateOverlaps, errors.TemplateParameterUnknown, errors.TemplateEndsEarly, keyed=True
    ),
)
async def add_notice_template(
    body: schemas.TemplateCreate, principal: Keeper, session: http.Session, once: http.OnlyOnce
) -> schemas.TemplateRead | Response:
    """登记一种通知的短信模板（须与服务商审核通过的内容一致）。"""
    return await once.run(body, lambda: usecases.add_template(session, principal=principal, asked=body))


@router.get("/notice-templates", responses=http.refuses(problems.CursorInvalid))
async def list_notice_templates(
    principal: Reads, session: http.Session, pages: http.Pages
) -> Page[schemas.TemplateRead]:
    """列出本统筹区的通知模板，含已截止和尚未生效的。"""
    request = pages.of("notice-templates")
    found = await usecases.list_templates(session, region_id=principal.region_id, page=request)
    return paging.page_of(
        found,
        request=request,
        read=lambda each: each,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing="notice-templates",
    )


@router.patch(
    "/notice-templates/{template_id}",
    responses=http.refuses(problems.NotFound, errors.TemplateEndsEarly, errors.TemplateOverlaps),
)
async def end_notice_template(
    template_id: UUID, body: schemas.TemplateUpdate, principal: Keeper, session: http.Session, now: http.Now
) -> schemas.TemplateRead:
    """设定模板的截止日期，或取消截止日期。"""
    return await usecases.end_template(session, principal=principal, template_id=template_id, change=body, now=now)


@router.get("/notice-templates/{template_id}/preview", responses=http.refuses(problems.NotFound))
async def preview_notice_template(
    template_id: UUID, principal: Reads, session: http.Session, house: http.TheHouse
) -> schemas.TemplatePreview:
    """预览模板：以示例变量填充后的短信全文、字数和计费条数。"""
    return await usecases.preview_template(
        session, region_id=principal.region_id, template_id=template_id, sign_name=house.settings.sms_sign_name
    )


@router.get("/notice-contact", responses=http.refuses())
async def read_notice_contact(principal: Anyone, session: http.Session, house: http.TheHouse) -> schemas.ContactRead:
    """查看本账号接收通知的手机号（已遮盖）。"""
    return await usecases.read_contact(session, principal=principal, house=house)


@router.put("/notice-contact", responses=http.refuses(PhoneInvalid))
async def put_notice_contact(
    body: schemas.ContactPut, principal: Anyone, session: http.Session, house: http.TheHouse, now: http.Now
) -> schemas.ContactRead:
    """设定本账号接收所代办居民通知的手机号；填 null 即不再接收。"""
    return await usecases.put_contact(session, principal=principal, house=house, asked=body, now=now)


@router.get("/notices", responses=http.refuses(problems.CursorInvalid))
async def list_notices(
    *,
    principal: Staff,
    session: http.Session,
    house: http.TheHouse,
    pages: http.Pages,
    state: rules.NoticeState | None = None,
    kind: rules.NoticeKind | None = None,
    person_id: UUID | None = None,
) -> Page[schemas.NoticeRead]:
    """查看本机构的通知发送记录；号码已遮盖。"""
    request = pages.of("notices")
    found = await usecases.list_notices(
        session, principal=principal, house=house, page=request, state=state, kind=kind, person_id=person_id
    )
    return paging.page_of(
        found,
        request=request,
        read=lambda each: each,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing="notices",
    )


@router.post("/callbacks/sms/{token}", responses=http.refuses(problems.NotFound))
async def receive_sms_reports(
    token: Annotated[str, Path(max_length=200)],
    body: Annotated[list[schemas.SmsReport], Body(max_length=1000)],
    house: http.TheHouse,
    now: http.Now,
) -> schemas.SmsReportAnswer:
    """接收短信服务商的状态报告（SmsReport）；地址末段为约定的口令，重复或不认识的报告不产生影响。"""
    expected = house.settings.sms_callback_token.get_secret_value()
    if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
        raise problems.NotFound(what="接口")
    # whoever knows the token is the provider: no log-in is looked for, and none raises the fence
    async with transaction(house.sessions, Fence(), now) as session:
        await usecases.receive_reports(session, reports=body)
    return schemas.SmsReportAnswer()
