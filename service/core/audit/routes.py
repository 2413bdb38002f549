"""HTTP of the audit trail: whether each region's chains were found whole, for those who look after the platform."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.core import http
from service.core.audit import platform
from service.core.principal import Principal
from service.core.router import Router

router = Router(tags=["审计"])

Reads = Annotated[Principal, Depends(http.Requires("platform:read"))]


class AuditCheckRead(BaseModel):
    """The last check of a region's audit trail; null where there was none."""

    model_config = ConfigDict(from_attributes=True)

    region_id: UUID | None = Field(description="为空：不属于任何统筹区的操作（建库等）")
    code: str | None = Field(examples=["640200"])
    name: str | None = Field(examples=["示例统筹区"])
    sealed_at: AwareDatetime | None = Field(description="最近一次封存（签名链头）的时间；后台每小时封存一次")
    checked_at: AwareDatetime | None = Field(description="最近一次 xunzhen audit verify 的时间")
    since: AwareDatetime | None = Field(description="那次从哪一刻之前的封签查起；为空：从头查起")
    entries: int | None = Field(description="那次核对的记录条数", examples=[120345])
    wrong: int | None = Field(description="那次发现的问题数", examples=[0])
    sound: bool | None = Field(description="那次是否完好")


class AuditCheckList(BaseModel):
    """Every region, by its code; what belongs to none comes first."""

    items: list[AuditCheckRead]


@router.get("/platform/audit-checks", responses=http.refuses())
async def list_audit_checks(principal: Reads, session: http.Session) -> AuditCheckList:
    """列出各统筹区审计记录最近一次封存与核对的结果；只有结论，没有任何记录的内容。"""
    found = await platform.list_standings(session)
    return AuditCheckList(items=[AuditCheckRead.model_validate(each) for each in found])
