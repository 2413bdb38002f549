"""What people do at the door and about it; the only door of the room."""

from service.visits.usecases.closing import (
    call_back,
    cancel_visit,
    close_days,
    give_back_missed,
    report_no_show,
)
from service.visits.usecases.deciding import decide_exception
from service.visits.usecases.evidencing import add_evidence
from service.visits.usecases.preparing import prepare_order
from service.visits.usecases.reading import asked_trip, departure, list_visits, proof, read_visit, trip_of
from service.visits.usecases.reporting import perform_item, report_event
from service.visits.usecases.teaching import teach_place

__all__ = [
    "add_evidence",
    "asked_trip",
    "call_back",
    "cancel_visit",
    "close_days",
    "decide_exception",
    "departure",
    "give_back_missed",
    "list_visits",
    "perform_item",
    "prepare_order",
    "proof",
    "read_visit",
    "report_event",
    "report_no_show",
    "teach_place",
    "trip_of",
]
