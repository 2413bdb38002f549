"""What crosses HTTP about consents, and about quotes given at the door."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from service.billing.schemas import Moment, QuoteItem
from service.catalog.schemas import Yuan


class VisitQuoteCreate(BaseModel, extra="forbid"):
    """What the visit would cost with these services; nothing is booked."""

    items: Annotated[list[QuoteItem], Field(min_length=1, max_length=20, description="这次上门全部要做的项目")]

    @model_validator(mode="after")
    def _codes_once(self) -> Self:
        codes = [item.code for item in self.items]
        if len(set(codes)) != len(codes):
            raise ValueError("同一项目只能出现一次，请改数量")
        return self


class ConsentCreate(BaseModel, extra="forbid"):
    """Up to which amount the family agrees to pay for the whole visit."""

    amount: Annotated[Yuan, Field(description="同意为整次上门支付的最高金额（元）", examples=["128.00"])]
    quote_id: UUID | None = Field(default=None, description="所同意的报价；不填则只同意金额")
    evidence_file_id: UUID | None = Field(
        default=None, description="由上门人员登记时必填：这次上门的证据（签名、纸质单或录音）"
    )


class FamilyConsentCreate(BaseModel, extra="forbid"):
    """What a family has agreed to, as finance records it: who, when, up to which amount, and what shows it."""

    visit_id: UUID = Field(description="哪一次上门：所重新结算的账单之一")
    amount: Annotated[Yuan, Field(description="同意为整次上门支付的最高金额（元）", examples=["128.00"])]
    agreed_by: Literal["elder", "proxy"] = Field(description="谁同意的：elder 本人，proxy 代办家属")
    given_at: Moment = Field(description="同意的时间")
    evidence_file_id: UUID = Field(description="怎样同意的：这次上门的证据（签名、纸质单或录音）")


class ConsentRead(BaseModel):
    """What a family agreed to."""

    id: UUID
    visit_id: UUID
    amount_fen: int = Field(description="同意支付的最高金额（分）")
    quote_id: UUID | None
    given_by: Literal["elder", "proxy", "crew", "finance"] = Field(
        description="由谁登记：本人、代办人、上门人员；重新结算时为财务人员（finance）"
    )
    account_id: UUID
    evidence_file_id: UUID | None
    agreed_by: Literal["elder", "proxy"] | None = Field(default=None, description="财务人员登记时：谁同意的")
    shown_by: Literal["signature", "paper_form", "recording"] | None = Field(
        default=None, description="所附证据的种类：签名、纸质单或录音"
    )
    given_at: AwareDatetime


class Consents(BaseModel):
    """Everything that a family agreed to for a visit, the oldest first; the last one counts."""

    items: list[ConsentRead]
