"""What crosses HTTP when an order is placed, changed or cancelled."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator

from service.billing.schemas import Moment, QuoteRead
from service.core.text import Code, Text, distinct
from service.orders import window_rules
from service.orders.rules import OrderKind
from service.orders.schemas import OrderRead
from service.patients.rules import MOST_EXCLUDED, Sex


class ItemAsked(BaseModel):
    """A service and how many units of it."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(examples=["BLOOD_DRAW"])
    quantity: int = Field(default=1, ge=1, le=99)


class WindowAsked(BaseModel):
    """Another window of the day that suits as well."""

    model_config = ConfigDict(extra="forbid")

    start: Moment = Field(examples=["2026-03-03T14:00:00+08:00"])
    end: Moment = Field(examples=["2026-03-03T16:00:00+08:00"], description="服务应在此之前结束；分次服务指第1次")


Alternatives = Annotated[list[WindowAsked], Field(max_length=window_rules.MOST)]
Excluded = Annotated[list[UUID], Field(max_length=MOST_EXCLUDED), AfterValidator(distinct)]


class OrderPlacement(BaseModel):
    """An order: which services, for whom, from which institution, when."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "institution_id": "0195a7c0-0000-7000-8000-000000000001",
                    "person_id": "0195a7c0-0000-7000-8000-000000000002",
                    "kind": "home_visit",
                    "wished_start": "2026-03-03T08:00:00+08:00",
                    "wished_end": "2026-03-03T10:00:00+08:00",
                    "items": [{"code": "BLOOD_DRAW", "quantity": 1}],
                    "mobility_reason": "偏瘫，无法自行下楼",
                }
            ]
        },
    )

    institution_id: UUID
    person_id: UUID = Field(description="为哪位居民预约")
    kind: OrderKind
    wished_start: Moment = Field(description="期望上门时间段的开始")
    wished_end: Moment = Field(description="服务应在此之前结束，与开始同一天；分次服务指第1次")
    also_wished: Alternatives = Field(
        default_factory=list,
        description="当天其他也可以上门的时间段，互不重叠；排班可用其中任一；报价取其中最高的（夜间加价），结算按实际上门时刻",
    )
    items: Annotated[list[ItemAsked], Field(min_length=1, max_length=20)]
    mobility_reason: Annotated[Text, Field(description="行动不便或确有困难的原因", examples=["偏瘫，无法自行下楼"])]
    preferred_practitioner_id: UUID | None = Field(default=None, description="希望由谁上门，尽量满足")
    staff_sex: Sex | None = Field(default=None, description="由这一性别的人员上门；不填不限")
    staff_sex_required: StrictBool = Field(
        default=True, description="true 排班时必须满足所填性别；false 只是愿望，排不开时由他人上门；未填性别时不起作用"
    )
    preferred_only: StrictBool = Field(default=False, description="只由所希望的人上门；未指定人员时不起作用")
    excluded_practitioner_ids: Excluded = Field(default_factory=list, description="不要由这些人上门")
    same_staff: StrictBool = Field(default=False, description="居民当天各次（一人的）上门由同一人")
    quote_id: UUID | None = Field(
        default=None, description="用哪份有效的报价预约：机构、居民、项目相同，报价时刻在时间段内；不填则直接报价"
    )
    quote_token: Annotated[str | None, Field(max_length=2000, description="该报价的签名（token），可不填")] = None
    draft: StrictBool = Field(default=False, description="true 只保存草稿，不报价、不占用额度")

    @model_validator(mode="after")
    def _codes_once(self) -> Self:
        codes = [item.code for item in self.items]
        if len(set(codes)) != len(codes):
            raise ValueError("同一项目只能出现一次，请改数量")
        return self

    @model_validator(mode="after")
    def _quote_whole(self) -> Self:
        if self.quote_token is not None and self.quote_id is None:
            raise ValueError("填写报价签名时须同时填写报价编号")
        if self.quote_id is not None and self.draft:
            raise ValueError("草稿不用报价；提交草稿时直接报价")
        return self


class OrderChange(BaseModel):
    """Another window, or another wish; what is left out stays. A submitted order is quoted and reserved anew."""

    model_config = ConfigDict(extra="forbid")

    wished_start: Moment | None = Field(default=None, examples=["2026-03-03T14:00:00+08:00"])
    wished_end: Moment | None = Field(default=None, examples=["2026-03-03T16:00:00+08:00"])
    also_wished: Alternatives | None = Field(default=None, description="整体替换；[] 只留期望上门时间段")
    preferred_practitioner_id: UUID | None = Field(default=None, description="null 取消指定")
    staff_sex: Sex | None = Field(default=None, description="null 不限性别")
    staff_sex_required: StrictBool | None = None
    preferred_only: StrictBool | None = None
    excluded_practitioner_ids: Excluded | None = None
    same_staff: StrictBool | None = None

    @model_validator(mode="after")
    def _something_whole(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("没有要修改的内容")
        if (self.wished_start is None) != (self.wished_end is None):
            raise ValueError("期望时间段的开始与结束须一起修改")
        return self


class ExclusionsPut(BaseModel):
    """Who is not to come to a person any more, whatever the order; in place of those before."""

    model_config = ConfigDict(extra="forbid")

    practitioner_ids: Excluded = Field(
        description="长期不要由这些人上门；空列表即取消", examples=[["0195a7c0-0000-7000-8000-000000000003"]]
    )


class ExclusionsRead(BaseModel):
    """Who is not to come to a person any more."""

    person_id: UUID
    practitioner_ids: list[UUID]


class OrderCancellation(BaseModel):
    """Why an order is cancelled."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Text, Field(description="取消原因", examples=["老人临时住院"])]
    by_family: StrictBool = Field(
        default=False,
        description="医护出发后由机构取消时：true 因居民一方的原因，按规定可收取消费；false 因机构的原因，不收",
    )


class BookingRead(BaseModel):
    """An order and its quote; a draft has none."""

    order: OrderRead
    quote: QuoteRead | None = Field(description="报价：每行费用、由谁支付和原因；草稿为 null")
