"""The words of a visit."""

from enum import StrEnum
from typing import Final

VISIT_FINAL: Final = "visit.final"
"""News: a visit is verified, refused, missed or cancelled: it and those of its trip may be settled (subject: the visit)."""


class VisitState(StrEnum):
    """How far a visit has come. `missed`, `refused` and `cancelled` are final without a bill."""

    prepared = "prepared"
    departed = "departed"
    arrived = "arrived"
    in_service = "in_service"
    completed = "completed"
    missed = "missed"
    refused = "refused"
    cancelled = "cancelled"


class EventKind(StrEnum):
    """The steps that a phone reports, in their order."""

    depart = "depart"
    arrive = "arrive"
    start = "start"
    complete = "complete"
    leave = "leave"


class ExceptionKind(StrEnum):
    """What keeps a visit from verifying itself."""

    out_of_fence = "out_of_fence"
    place_unknown = "place_unknown"
    crew_incomplete = "crew_incomplete"
    end_missing = "end_missing"
    too_short = "too_short"
