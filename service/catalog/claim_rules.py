"""The codes with which an insurer is told what kind of bill a claim is (医疗类别, 险种), by payer and day."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class ClaimKind(StrEnum):
    """The kinds of bill that an insurer tells apart."""

    visit = "visit"
    """上门服务（居家医疗）"""
    home_bed_round = "home_bed_round"
    """家庭病床巡诊"""
    institution_round = "institution_round"
    """养老机构巡诊"""
    home_bed_days = "home_bed_days"
    """家庭病床按床日"""
    hospice_days = "hospice_days"
    """住院安宁疗护按床日"""
    rehabilitation_days = "rehabilitation_days"
    """医疗康复按床日"""


MED_TYPES: Final[Mapping[ClaimKind, str]] = {
    ClaimKind.visit: "11",
    ClaimKind.home_bed_round: "5",
    ClaimKind.institution_round: "11",
    ClaimKind.home_bed_days: "5",
    ClaimKind.hospice_days: "21",
    ClaimKind.rehabilitation_days: "21",
}
"""What medical insurance calls a kind of bill where its rule of the day names no code.

Ordinary outpatient 11 and inpatient 21 are the national list's; 5 (家庭病床) is one insurer's, others have 23, 24 or 44
for a home bed: the region's insurance rule says which.
"""
LTCI_INSUTYPE: Final = "410"
"""The national code of long-term care insurance (长期照护保险) where the region's rule names no other."""
