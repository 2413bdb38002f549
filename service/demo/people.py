"""The words of the district's people: staff, homes, elders, and what is booked for them."""

from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True, slots=True)
class Worker:
    """A member of staff: role, skills, how he travels, his shift and lunch (from, to, minutes)."""

    no: str
    institution: str
    role: str
    sex: str
    title: str
    skills: tuple[str, ...]
    travel_mode: str
    start: time
    end: time
    lunch: tuple[time, time, int]

    @property
    def name(self) -> str:
        """What colleagues read: a role and a number."""
        return {"nurse": "演示护士", "doctor": "演示医生", "therapist": "演示治疗师"}[self.role] + f" {self.no}"


@dataclass(frozen=True, slots=True)
class House:
    """A home, WGS-84; `in_care` where it is the care institution's."""

    no: int
    institution: str
    lon: float
    lat: float
    floor: int
    has_lift: bool
    in_care: bool = False


@dataclass(frozen=True, slots=True)
class Elder:
    """An elder: where he lives, what groups he is in, what pays for him, and who books for him."""

    no: int
    id_number: str
    born_on: date
    sex: str
    institution: str
    home: int
    groups: tuple[str, ...]
    package: str | None
    insurance: str | None
    bed: bool
    programme: bool
    books: str
    """`self`, `child` (a proxy), or `phone` (the dispatcher does it)."""

    @property
    def name(self) -> str:
        """A number, no person's name."""
        return f"演示老人 {self.no:03}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is booked for an elder: services, when, which kind of order; `story` names its part in the day."""

    elder: int
    kind: str
    items: tuple[tuple[str, int], ...]
    earliest: time
    latest: time
    story: str = ""


@dataclass(frozen=True, slots=True)
class District:
    """Everything the player puts in."""

    staff: tuple[Worker, ...]
    homes: tuple[House, ...]
    elders: tuple[Elder, ...]
    wishes: tuple[Wish, ...]
