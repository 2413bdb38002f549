"""What crosses HTTP about settling anew."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from service.billing.consents.schemas import FamilyConsentCreate
from service.billing.parking.schemas import ReleaseCreate
from service.billing.resettling.rules import Owed, WhyBorne
from service.billing.schemas import Fen, SettlementRead
from service.billing.words import Payer
from service.core.text import Text


class ResettlementCreate(BaseModel, extra="forbid"):
    """Why bills are made anew, what the families have agreed to since, and who answers for a safety bound."""

    reason: Text = Field(examples=["补录签约"])
    consents: Annotated[
        list[FamilyConsentCreate],
        Field(max_length=20, description="家属对更高金额的同意；没有同意的，高于报价的部分由医疗机构承担"),
    ] = []
    release: ReleaseCreate | None = Field(
        default=None, description="触及安全界限（如住院、远高于平常）时的放行；须由未参加这次上门的财务人员办理"
    )

    @model_validator(mode="after")
    def _visits_once(self) -> Self:
        if len({each.visit_id for each in self.consents}) != len(self.consents):
            raise ValueError("同一次上门只能登记一次同意")
        return self


class DifferenceRead(BaseModel):
    """What one kind of payer pays more (positive) or less (negative)."""

    source: Payer
    label: str = Field(examples=["家庭医生签约"])
    amount_fen: int = Field(description="差额（分）：负数少付，正数多付")


class BorneRead(BaseModel):
    """A part of the new bill that the institution bears instead of the family."""

    why: WhyBorne
    amount_fen: Fen
    sentence: str = Field(
        examples=[
            "重新结算后，家庭自付将高于接受的报价（0.00元）；没有登记家属同意，高出的10.00元不向家庭收取，"
            "由医疗机构承担。家属同意的，可附同意记录再次重新结算。"
        ]
    )


class ResettledRead(BaseModel):
    """A bill that took the place of another: what changed for each payer, by whom, why."""

    id: UUID
    institution_id: UUID
    person_id: UUID
    visit_id: UUID
    service_on: date
    before_id: UUID = Field(description="原账单")
    after_id: UUID = Field(description="新账单")
    reversal_id: UUID = Field(description="原账单的冲销")
    gross_difference_fen: int = Field(description="合计的差额（分）")
    patient_difference_fen: int = Field(description="家庭自付的差额（分）：负数应退，正数应补")
    owed: Owed | None = Field(description="refund 应退家庭，claim 应向家庭补收，null 不退不补")
    differences: list[DifferenceRead]
    borne_fen: int = Field(description="新账单中高于家庭同意、由医疗机构承担的金额（分）")
    borne: list[BorneRead]
    reason: str
    resettled_by_account_id: UUID
    resettled_at: AwareDatetime


class ResettlementRead(BaseModel):
    """Bills taken back and made anew: of one visit, or of all that share its trip.

    `difference_fen` is what the families pay more (positive, to be claimed) or less (negative, to be refunded).
    """

    before: list[SettlementRead]
    after: list[SettlementRead]
    difference_fen: int = Field(examples=[-1000], description="家庭自付的差额（分）：负数应退，正数应补")
    borne_fen: int = Field(
        examples=[0], description="高于家庭同意、由医疗机构承担的金额（分）；理由见 changes 的 borne"
    )
    changes: list[ResettledRead]
