"""The figures of the machine's region: prices, payers, packages; the service is given them, the model computes by them.

Written for what they meet: caps that are soon reached, a fee that two cannot share evenly, an upgrade of a package.
"""

from dataclasses import dataclass, field
from datetime import date

PRICES_FEN = {"BP": 1050, "GLUCOSE": 2000, "BATH": 4000, "WOUND": 3333}
INSURED_CODE, LTCI_CODE, PROGRAMME_CODE = "WOUND", "BATH", "GLUCOSE"
FEE_FEN = 7801
PLAN = "RESIDENT"
DEDUCTIBLE_FEN, FUND_CAP_FEN = 3000, 5000
FUND_TENTHS, LTCI_TENTHS = 5, 7
"""What the fund and long-term care insurance pay of what is left to them, in tenths."""
LTCI_CAPS_FEN = {3: 6000, 4: 9000}
PER_YEAR = 3
"""Units of the programme's code per calendar year."""
FIRST_DAY = date(2026, 3, 2)
LAST_DAY = date(2030, 2, 14)
"""No story goes on longer: what is booked furthest ahead then is still within everybody's licences (`tests.world`)."""
MOST_OF_ONE = 3
"""Units of one service in a visit, at most."""


@dataclass(frozen=True)
class Package:
    """What a contract grants: code → (units, whether one unit pays a whole line); whether it pays the visit fee."""

    items: dict[str, tuple[int, bool]]
    covers_fee: bool = False


@dataclass
class Signed:
    """A contract as the model knows it; on `ended_on` it is no more."""

    id: str
    person: str
    package: Package
    signed_on: date
    last_on: date
    ended_on: date | None = None

    @property
    def until(self) -> date:
        """The first day without it."""
        after = date.fromordinal(self.last_on.toordinal() + 1)
        return min(after, self.ended_on) if self.ended_on else after

    def covers(self, on: date) -> bool:
        """Whether it pays on a day."""
        return self.signed_on <= on < self.until


BASIC = Package({"BP": (3, False), "GLUCOSE": (2, True)})
UPGRADED = Package({"BP": (6, False), "WOUND": (1, True)}, covers_fee=True)
PACKAGES = (BASIC, UPGRADED)


@dataclass
class Enrolled:
    """An enrolment in the programme, both days included."""

    person: str
    first_on: date
    last_on: date | None = None

    def covers(self, on: date) -> bool:
        """Whether it is in force on a day."""
        return self.first_on <= on and (self.last_on is None or on <= self.last_on)


@dataclass
class Graded:
    """A person's long-term care grades: from which day on which one."""

    person: str
    steps: list[tuple[date, int]] = field(default_factory=list)

    def on(self, day: date) -> int | None:
        """Return the grade of a day."""
        known = [grade for first, grade in self.steps if first <= day]
        return known[-1] if known else None
