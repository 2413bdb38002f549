"""The table of designations: at which institutions a medical insurance, or long-term care insurance, pays (定点)."""

from datetime import date

from service.core.db import fences, rows, turns


class InstitutionDesignation(rows.InstitutionRow, table=True):
    """An institution's agreement with an insurance, dated, both days included; None = open. Set by the region."""

    __tablename__ = "institution_designations"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        # also finds whether an institution is designated on a day
        rows.one_at_a_time(
            "institution_designations_once", "region_id", "institution_id", "plan_code", period=rows.DATED
        ),
    )

    plan_code: str
    valid_from: date
    valid_to: date | None = None


# where an insurance pays is published; only the region's administration says so
fences.fence(
    InstitutionDesignation, fences.Fence.region, adds=fences.Fence.region_owned, changes=fences.Fence.region_owned
)
turns.take_turns(InstitutionDesignation, "region_id", "institution_id", "plan_code")
