"""What crosses HTTP about quality."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from service.quality import rules

Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Share = Annotated[Decimal | None, Field(description="四位小数；人次过少时为空", examples=["0.9625"])]


class MonthRatiosRead(BaseModel):
    """Shares of the orders that fell due in a month, and of on-time visits among those made."""

    month: str = Field(examples=["2026-03"])
    planned_ratio: Share = Field(description="排入路线的占比")
    unassigned_ratio: Share = Field(description="未排上的占比")
    visited_ratio: Share = Field(description="已上门的占比")
    on_time_ratio: Share = Field(description="在预约时段内开始的占比（占已上门）")

    @classmethod
    def of(cls, facts: rules.MonthRatios) -> "MonthRatiosRead":
        """Return what is shown of a month."""
        return cls(
            month=f"{facts.month:%Y-%m}",
            planned_ratio=facts.planned,
            unassigned_ratio=facts.unassigned,
            visited_ratio=facts.visited,
            on_time_ratio=facts.on_time,
        )


class RatiosRead(BaseModel):
    """The months in which orders fell due; a ratio of fewer than `minimum_count` is not told."""

    minimum_count: int
    items: list[MonthRatiosRead]
