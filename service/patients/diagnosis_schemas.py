"""What crosses HTTP about diagnoses."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from service.core.text import Text
from service.patients import diagnosis_rules
from service.patients.schemas import Body, Day

IcdCode = Annotated[str, StringConstraints(pattern=diagnosis_rules.CODE, max_length=20)]
"""A code of the national list (医保版 ICD-10)."""


class DiagnosisCreate(Body):
    """What a person has since a day, as one's institution found or read it; both days included."""

    institution_id: UUID = Field(description="登记机构，须为本机构")
    code: IcdCode = Field(examples=["E11.900"], description="国家医保版 ICD-10 诊断代码")
    name: Text = Field(examples=["2型糖尿病"])
    source: diagnosis_rules.DiagnosisSource = Field(
        default=diagnosis_rules.DiagnosisSource.own,
        description="来源：本机构诊断 own、外院病历 outside_record、体检筛查 check_up、慢病档案 chronic_registry",
    )
    valid_from: Day = Field(description="确诊日，不能晚于今天")
    valid_to: Day | None = Field(default=None, description="截止日期（当天仍有效）；null 为长期")


class DiagnosisWithdrawal(Body):
    """Why a diagnosis was recorded by mistake."""

    because: Text = Field(examples=["登记到了另一位居民名下"])


class DiagnosisRead(BaseModel):
    """A diagnosis of a person; both days included. One that was withdrawn counts on no day."""

    id: UUID
    code: str
    name: str
    source: diagnosis_rules.DiagnosisSource
    valid_from: date
    valid_to: date | None
    recorded_by_institution_id: UUID
    recorded_by_account_id: UUID
    recorded_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by_account_id: UUID | None
    withdrawn_because: str | None

    @classmethod
    def of(cls, facts: diagnosis_rules.DiagnosisFacts) -> "DiagnosisRead":
        """Return what is shown of a diagnosis."""
        return cls.model_validate(facts, from_attributes=True)


class Diagnoses(BaseModel):
    """Every diagnosis that is known of a person, ended and withdrawn ones included, the oldest first."""

    items: list[DiagnosisRead]
