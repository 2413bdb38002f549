"""What the player knows of the town as the demo goes on: ids, people logged in, orders placed; and whom it tells."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from service.demo.client import Api, Json, Line
from service.demo.people import District, Elder, House, Wish, Worker


class Tell(Protocol):
    """Whoever watches: the terminal, or nobody."""

    def begin(self, what: str, total: int | None = None) -> Callable[[], None]:
        """Begin a part of the demo with so many steps (None = unknown); return what to call after each."""
        ...


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A member of staff in the system."""

    worker: Worker
    id: str
    api: Api


@dataclass(frozen=True, slots=True)
class Resident:
    """An elder in the system; who books for him (`None` = nobody is logged in for him)."""

    elder: Elder
    person_id: str
    booker: Api | None


@dataclass(frozen=True, slots=True)
class Placed:
    """An order placed; `by` is self, child or phone; `booking` what the server answered."""

    wish: Wish
    by: str
    booking: Json

    @property
    def order_id(self) -> str:
        """The order's id."""
        return str(self.booking["order"]["id"])

    @property
    def order_no(self) -> str:
        """The number that people read."""
        return str(self.booking["order"]["order_no"])


@dataclass
class Town:
    """Everything known so far; each part of the demo adds its own."""

    district: District
    region_admin: Api
    tell: Tell
    institutions: dict[str, str] = field(default_factory=dict)
    stations: dict[str, str] = field(default_factory=dict)
    admins: dict[str, Api] = field(default_factory=dict)
    packages: dict[tuple[str, str], str] = field(default_factory=dict)
    programme_id: str = ""
    area_id: str = ""
    dispatcher: Api = field(init=False)
    finance: Api = field(init=False)
    client: Json = field(default_factory=dict)
    staff: dict[str, Practitioner] = field(default_factory=dict)
    homes: dict[int, str] = field(default_factory=dict)
    residents: dict[int, Resident] = field(default_factory=dict)
    placed: list[Placed] = field(default_factory=list)
    plan: Json = field(default_factory=dict)
    told: Json = field(default_factory=dict)
    """What the report tells of single events: refusals met on purpose, the replay, the cancellation."""

    def __post_init__(self) -> None:
        """Until they have accounts of their own, the administrator stands for them."""
        self.dispatcher = self.finance = self.region_admin

    def move_to(self, line: Line) -> None:
        """Let everybody who is needed on the day go on over another line: the server has been started anew."""
        self.region_admin = Api(line, self.region_admin.token)
        self.dispatcher, self.finance = Api(line, self.dispatcher.token), Api(line, self.finance.token)
        self.staff = {no: replace(each, api=Api(line, each.api.token)) for no, each in self.staff.items()}
        self.residents = {
            no: replace(each, booker=each.booker and Api(line, each.booker.token))
            for no, each in self.residents.items()
        }

    def doctor_of(self, institution: str) -> Practitioner:
        """Return a doctor of an institution."""
        return next(each for each in self.staff.values() if _is(each.worker, institution, "doctor"))

    def nurse_of(self, institution: str) -> Practitioner:
        """Return a nurse of an institution."""
        return next(each for each in self.staff.values() if _is(each.worker, institution, "nurse"))

    def of_story(self, story: str) -> list[Placed]:
        """Return the orders that play a part."""
        return [each for each in self.placed if each.wish.story == story]

    def elder_of(self, wish: Wish) -> Elder:
        """Return the elder of a wish."""
        return self.district.elders[wish.elder]

    def house_of(self, elder: Elder) -> House:
        """Return where an elder lives."""
        return self.district.homes[elder.home]


def _is(worker: Worker, institution: str, role: str) -> bool:
    return worker.institution == institution and worker.role == role
