"""HTTP of a person's access log."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from service.core import http, paging
from service.core.audit.accesses import Access
from service.core.dates import WRITTEN
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router
from service.patients import errors, usecases

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("accesses:read"))]
_THIS_AGE = {"ge": datetime(2020, 1, 1, tzinfo=UTC), "lt": datetime(2200, 1, 1, tzinfo=UTC)}
Before = Annotated[
    AwareDatetime | None, Query(description="只列出此刻之前的，缺省为现在；取上一页末条的 at", **_THIS_AGE), WRITTEN
]


class AccessRead(BaseModel):
    """One time that somebody's request, or a job, touched the person's data."""

    at: datetime = Field(description="实际时间")
    account_id: UUID | None = Field(description="账号；系统作业且无人发起时为 null")
    role: str | None = Field(description="角色；系统作业为 null", examples=["nurse"])
    institution_ids: list[UUID] = Field(description="以哪些机构的身份")
    operation: str = Field(description="接口或作业的名称", examples=["read_patient"])
    purpose: str | None = Field(description="声明的目的（X-Purpose）", examples=["care"])
    changed: bool = Field(description="是否改动了数据；否则只是查阅")
    refused: str | None = Field(description="被拒绝时的原因代码", examples=["not-found"])


class AccessLog(BaseModel):
    """Accesses, the newest first."""

    items: list[AccessRead]


@router.get("/patients/{person_id}/accesses", responses=http.refuses(NotFound, errors.RightMissing))
async def list_accesses(
    *,
    principal: Reads,
    session: http.Session,
    now: http.Now,
    person_id: UUID,
    before: Before = None,
    limit: paging.Limit = 50,
) -> AccessLog:
    """列出谁查阅或改动过居民的数据，最近的在前；本人与服务机构的管理员可查。"""
    found = await usecases.list_accesses(
        session, principal=principal, person_id=person_id, now=now, before=before, most=limit
    )
    return AccessLog(items=[_shown(each) for each in found])


def _shown(access: Access) -> AccessRead:
    return AccessRead(
        at=access.at,
        account_id=access.account_id,
        role=access.role,
        institution_ids=list(access.institution_ids),
        operation=access.operation,
        purpose=access.purpose,
        changed=access.changed,
        refused=access.refused,
    )
