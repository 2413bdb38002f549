"""The words of a proof: which kinds there are."""

from enum import StrEnum


class Format(StrEnum):
    """What a proof is of, and how it is written."""

    visit = "xunzhen.proof/1"
    bed_days = "xunzhen.bed-days-proof/1"
    cancellation = "xunzhen.cancellation-proof/1"
