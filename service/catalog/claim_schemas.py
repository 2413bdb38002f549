"""What crosses HTTP about the codes that an insurer asks for on a claim."""

from collections.abc import Mapping

from pydantic import BaseModel, Field, model_validator

from service.catalog.claim_rules import ClaimKind
from service.core.text import Code


class MedType(BaseModel, extra="forbid"):
    """What an insurer calls a kind of bill (医疗类别)."""

    kind: ClaimKind = Field(
        description="visit 上门服务、home_bed_round 家庭病床巡诊、institution_round 养老机构巡诊、"
        "home_bed_days 家庭病床床日、hospice_days 住院安宁疗护床日、rehabilitation_days 医疗康复床日"
    )
    code: Code = Field(examples=["11"])


class ClaimCodes(BaseModel):
    """The codes of an insurance on its claims; those that are left out are the list's own."""

    insutype: Code | None = Field(default=None, description="申报明细中的险种编码（insutype）", examples=["390"])
    med_types: list[MedType] = Field(
        default_factory=list, max_length=len(ClaimKind), description="申报明细中的医疗类别编码（med_type）"
    )

    @model_validator(mode="after")
    def _each_kind_once(self) -> "ClaimCodes":
        if len({each.kind for each in self.med_types}) != len(self.med_types):
            raise ValueError("同一种账单只能写一个医疗类别编码")
        return self

    def kept(self) -> dict[str, str]:
        """Return the codes as a rule keeps them: kind → code."""
        return {str(each.kind): each.code for each in sorted(self.med_types, key=lambda each: each.kind)}


def shown(kept: Mapping[str, str]) -> list[MedType]:
    """Return the codes that a rule keeps as they cross HTTP."""
    return [MedType(kind=ClaimKind(kind), code=code) for kind, code in kept.items()]
