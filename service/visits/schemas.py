"""What crosses HTTP about visits."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, model_validator

from service.catalog.crew_rules import CrewSync
from service.core.dates import WRITTEN
from service.core.geo import Datum
from service.core.text import Code, LongText, Text
from service.visits import part_rules
from service.visits.rules import Decision, EventKind, EvidenceKind, ExceptionKind, ReasonCode, VisitState


class EventCreate(BaseModel):
    """One step as the phone saw it; without a position it is taken, and a human decides."""

    model_config = ConfigDict(extra="forbid")

    order_id: UUID
    kind: EventKind
    happened_at: Annotated[AwareDatetime, WRITTEN] = Field(
        description="手机时钟的时刻", examples=["2026-03-02T09:02:00+08:00"]
    )
    lon: Annotated[float, Field(strict=True, ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(strict=True, ge=-90, le=90)] | None = None
    datum: Datum = Datum.gcj02
    accuracy_metres: Annotated[int, Field(ge=0, le=100_000)] | None = None
    part: Annotated[int, Field(strict=True, ge=1, le=4)] | None = Field(
        default=None,
        description="分次服务：暂离（step_out）填刚做完的第几次，返回（come_back）填要做的第几次；其他不填",
    )

    @model_validator(mode="after")
    def _part_of_what_has_one(self) -> "EventCreate":
        if (self.part is None) == (self.kind in part_rules.OUT_AND_BACK):
            raise ValueError("暂离（step_out）、返回（come_back）须填第几次（part），其他步骤不填")
        return self

    @model_validator(mode="after")
    def _whole_position(self) -> "EventCreate":
        if (self.lon is None) != (self.lat is None):
            raise ValueError("经度和纬度须同时提供")
        return self


class ItemCreate(BaseModel):
    """A service performed at the door, or a drug or consumable used there, with its lot."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "BP", "quantity": 1}]})

    code: Code
    quantity: int = Field(ge=1, le=99)
    lot_no: Text | None = Field(default=None, description="药品、耗材的批号", examples=["20260115A"])
    added: StrictBool = Field(
        default=False, description="true 上门后增加的、未预约的项目或数量：家属同意新的报价后才向其收费"
    )


class EvidenceCreate(BaseModel):
    """A file that shows something of the visit; upload it with POST /v1/files first."""

    model_config = ConfigDict(extra="forbid")

    file_id: UUID
    kind: EvidenceKind = Field(examples=["arrival_photo"])


class DecisionCreate(BaseModel):
    """A named person's decision about an exception."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [
        {"decision": "approved", "reason_code": "position_drift", "note": "与家属电话核实，服务已完成"}
    ]})  # fmt: skip

    decision: Decision
    reason_code: ReasonCode
    note: LongText = ""
    ended_at: Annotated[AwareDatetime | None, WRITTEN] = None


class EventRead(BaseModel):
    """A step as recorded."""

    kind: EventKind
    practitioner_id: UUID
    happened_at: AwareDatetime
    received_at: AwareDatetime
    home_distance_metres: int | None
    part: int = Field(description="分次服务：暂离、返回的是第几次；其他步骤为 1")


class VisitPartRead(BaseModel):
    """A further part of a visit in parts: planned, allowed, and what became of it."""

    number: int = Field(description="第几次，从 2 起")
    planned_start_at: AwareDatetime
    planned_end_at: AwareDatetime
    after_min_minutes: int | None = Field(description="距上一次结束至少几分钟；空为目录已不再规定")
    after_max_minutes: int | None = Field(description="距上一次结束至多几分钟；超过须由负责人核定")
    left_at: AwareDatetime | None = Field(description="上一次做完离开的时刻")
    back_at: AwareDatetime | None = Field(description="返回的时刻")


class ItemRead(BaseModel):
    """A service as recorded."""

    code: str
    quantity: int
    lot_no: str | None
    added: bool = Field(description="上门后增加的、未预约的项目或数量")
    performed_at: AwareDatetime


class EvidenceRead(BaseModel):
    """A file that shows something of the visit."""

    file_id: UUID
    kind: EvidenceKind
    added_by_id: UUID
    added_at: AwareDatetime


class ExceptionRead(BaseModel):
    """What keeps the visit from verifying itself, and the decision."""

    id: UUID
    kind: ExceptionKind
    text: str
    facts: dict[str, Any]
    decision: Decision | None
    reason_code: ReasonCode | None
    note: str | None
    decided_by_account_id: UUID | None
    decided_by_name: str | None = Field(description="决定人；本机构人员可见")
    decided_at: AwareDatetime | None


class CrewRead(BaseModel):
    """A member of the crew."""

    practitioner_id: UUID
    name: str


class VisitSummary(BaseModel):
    """A visit in a list."""

    id: UUID
    order_id: UUID
    institution_id: UUID
    person_id: UUID
    service_on: date
    state: VisitState
    verified: bool
    planned_start_at: AwareDatetime
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    trip_id: UUID | None


class VisitRead(VisitSummary):
    """A visit with what happened at the door."""

    planned_end_at: AwareDatetime
    crew: list[CrewRead]
    crew_sync: CrewSync = Field(description="人员怎样上门：同时、先后、各自")
    items: list[ItemRead]
    events: list[EventRead]
    parts: list[VisitPartRead] = Field(description="分次服务的后续各次；不分次为空")
    evidence: list[EvidenceRead]
    exceptions: list[ExceptionRead]
