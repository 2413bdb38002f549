"""What crosses HTTP about notices."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from service.core.text import Code, refuse_unstorable
from service.institutions.schemas import Day
from service.notices.rules import Channel, NoticeKind, NoticeState, Suppressed

Wording = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(refuse_unstorable)
]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=32)]
Short = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class TemplateCreate(BaseModel):
    """A text for a kind of notice, as the provider approved it."""

    model_config = ConfigDict(extra="forbid")

    kind: NoticeKind
    provider_code: Code = Field(description="服务商审核通过的模板编号", examples=["SMS_123456789"])
    text: Wording = Field(
        description="模板内容，变量写作 ${变量名}",
        examples=["${name}您好，${institution}将于${day}${from}至${to}上门，人员：${staff}。"],
    )
    valid_from: Day
    valid_to: Day | None = None


class TemplateUpdate(BaseModel):
    """The last day of a template; null takes it away."""

    model_config = ConfigDict(extra="forbid")

    valid_to: Day | None = Field(examples=["2026-12-31"])


class TemplateRead(BaseModel):
    """A template."""

    id: UUID
    kind: NoticeKind
    provider_code: str
    text: str
    valid_from: date
    valid_to: date | None


class TemplatePreview(BaseModel):
    """How a message would read, with the signature before it, as it is counted."""

    text: str
    characters: int
    segments: int = Field(description="计费条数：70 字以内一条，超出后每 67 字一条")
    parameters: dict[str, str] = Field(description="这种通知可用的变量及示例")


class ContactPut(BaseModel):
    """The phone at which one wants to be told about the people one acts for; null = not to be told."""

    model_config = ConfigDict(extra="forbid")

    phone: Phone | None = Field(examples=["13800000001"])


class ContactRead(BaseModel):
    """One's own contact."""

    phone_masked: str | None
    set_at: AwareDatetime | None


class NoticeRead(BaseModel):
    """A notice in the sending log."""

    id: UUID
    institution_id: UUID
    person_id: UUID
    account_id: UUID | None = Field(description="代办人的账号；为空即发给本人")
    kind: NoticeKind
    channel: Channel
    state: NoticeState
    suppressed: Suppressed | None = Field(description="未发送的原因")
    phone_masked: str | None
    text: str | None = Field(description="所发内容；没有模板时为空")
    created_at: AwareDatetime
    due_at: AwareDatetime
    attempts: int
    sent_at: AwareDatetime | None
    reported_at: AwareDatetime | None
    provider_code: str | None = Field(description="服务商或运营商的状态码")


class SmsReport(BaseModel):
    """One delivery report of the provider; what else it says is not needed."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"examples": [
        {"out_id": "0195a7c000007000", "biz_id": "900619746936498440^0", "success": True, "err_code": "DELIVERED"}
    ]})  # fmt: skip

    out_id: Short = ""
    biz_id: Short = Field(min_length=1)
    success: StrictBool
    err_code: Short = ""


class SmsReportAnswer(BaseModel):
    """What the provider expects to hear; anything else and it reports again."""

    code: int = 0
    msg: str = "接收成功"
