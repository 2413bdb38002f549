"""What crosses HTTP about changes of the visit fee: the proposal, its notice, its approvals."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from service.catalog import rules
from service.catalog.proposals import ProposalState
from service.catalog.schemas import Day, Decimal4, Night, Ratio, Tier, Yuan
from service.core.text import Text


def _positive(number: Decimal) -> Decimal:
    if not number:
        raise ValueError("须大于 0")
    return number


class CostFactors(BaseModel, extra="forbid"):
    """成本因素: the radius served, what a visit costs in labour and transport, and supply and demand."""

    radius_km: Annotated[Decimal4, AfterValidator(_positive)] = Field(description="服务半径（千米）", examples=["5"])
    labour_cost: Yuan = Field(description="每次上门的人力成本（元）", examples=["62.00"])
    transport_cost: Yuan = Field(description="每次上门的交通成本（元）", examples=["12.50"])
    supply_and_demand: Text = Field(description="供求情况", examples=["本季度预约 310 次，可上门 260 次，供不应求"])


class _ProposedTariff(BaseModel, extra="forbid"):
    valid_from: Day = Field(description="执行日", examples=["2026-09-01"])
    unit: rules.FeeUnit
    tiers: list[Tier] = Field(min_length=1, max_length=20)
    night: Night | None = None
    insurance_class: rules.InsuranceClass = rules.InsuranceClass.C
    self_ratio: Ratio = Field(default=Decimal(0), examples=["0.10"])
    income_class: rules.IncomeClass = rules.IncomeClass.unified
    distance_base: rules.DistanceBase
    distance_method: rules.DistanceMethod
    costs: CostFactors
    reason: Text = Field(description="调整理由", examples=["油价与人工成本上涨，原标准不足以覆盖成本"])


class TariffProposalCreate(_ProposedTariff):
    """A tariff to follow the present one, with what makes it necessary; it is published at once."""

    @model_validator(mode="after")
    def _fits(self) -> "TariffProposalCreate":
        if not rules.tiers_ascend([tier.up_to_km for tier in self.tiers]):
            raise ValueError("距离档须从小到大，只有最后一档可以不封顶")
        if self.self_ratio and self.insurance_class is not rules.InsuranceClass.B:
            raise ValueError("只有乙类（B）才有先行自付比例")
        reach = self.tiers[-1].up_to_km
        if reach is not None and reach > self.costs.radius_km:
            raise ValueError("最远一档不能超出服务半径")
        return self


class TariffWithdrawal(BaseModel, extra="forbid"):
    """Why a proposal is withdrawn."""

    because: Text = Field(examples=["公示期间居民反映集中，重新测算"])


class TariffNotice(_ProposedTariff):
    """A proposal as everybody may read it."""

    id: UUID
    institution_id: UUID
    state: ProposalState
    published_on: date
    notice_days: int
    notice_ends_on: date = Field(description="公示的最后一天")


class PublishedTariffNotice(TariffNotice):
    """A proposal as published, with the name of its institution."""

    institution_name: str


class TariffApprovalRead(BaseModel):
    """Who approved, and when."""

    account_id: UUID
    approved_at: AwareDatetime


class TariffProposalRead(TariffNotice):
    """A proposal as its institution sees it; `tariff_id` is the tariff that it became."""

    interval_days: int
    proposed_by_account_id: UUID
    proposed_at: AwareDatetime
    withdrawn_because: str | None
    approvals: list[TariffApprovalRead]
    tariff_id: UUID | None
