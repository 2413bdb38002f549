"""What people do with beds, and what other rooms ask of them: the only door."""

from service.beds.usecases.answers import asked_on, open_on, stay
from service.beds.usecases.episodes import LISTING, close_bed, list_beds, open_bed, read_bed
from service.beds.usecases.pausing import pause_bed, resume_bed

__all__ = [
    "LISTING",
    "asked_on",
    "close_bed",
    "list_beds",
    "open_bed",
    "open_on",
    "pause_bed",
    "read_bed",
    "resume_bed",
    "stay",
]
