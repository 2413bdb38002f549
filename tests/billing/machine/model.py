"""The service in plain Python: what is reserved, used and left, which bills stand, what they say and who pays them.

Written from docs/billing-case.md and docs/money.md; nothing of the service is imported. Where a command is refused the
model raises `No` with the refusal's code and stays as it was.
"""

import copy
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from tests.billing.machine import figures
from tests.billing.machine.figures import Enrolled, Graded, Package, Signed

Key: TypeAlias = tuple[str, str, str, str, str]
"""An entitlement: person, source, ref, code, period."""
Paid: TypeAlias = list[tuple[str, int | None, int]]
"""Who pays a line: source, units, fen."""


class No(Exception):
    """A refusal; `code` is its name."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Balance:
    """Where an entitlement stands; from `closed_on` on it pays no more. `held`: order → (units, for which day)."""

    cap: int
    used: int = 0
    held: dict[str, tuple[int, date]] = field(default_factory=dict)
    closed_on: date | None = None
    opening: tuple[int, date] | None = None

    @property
    def reserved(self) -> int:
        """What orders hold."""
        return sum(units for units, _ in self.held.values())

    def left(self, order: str | None = None) -> int:
        """What is neither used nor held by others than an order."""
        return max(0, self.cap - self.used - self.reserved + (self.held[order][0] if order in self.held else 0))


@dataclass
class Bill:
    """A bill: its lines as (code, status, gross, payers), and what it used. `live` until it is taken back.

    `contract`: which one could pay the fee on the day.
    """

    id: str
    visit: str
    lines: list[tuple[str, str, int, Paid]]
    taken: dict[Key, int]
    contract: str
    live: bool = True

    @property
    def gross_fen(self) -> int:
        """What it comes to."""
        return sum(gross for _, _, gross, _ in self.lines)

    def paid(self) -> Counter[str]:
        """Return what each payer pays."""
        paid: Counter[str] = Counter()
        for _, _, _, parts in self.lines:
            for source, _, fen in parts:
                paid[source] += fen
        return paid


@dataclass
class Visit:
    """A proven visit: whose, when, of which trip, for which order; `rounds` of the trip's fee that it had a bill in."""

    id: str
    person: str
    on: date
    items: list[tuple[str, int]]
    trip: str
    order: str
    rounds: list[int] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)

    @property
    def live(self) -> Bill | None:
        """The bill that stands."""
        return self.bills[-1] if self.bills and self.bills[-1].live else None


@dataclass
class Model:
    """Everything that the commands have made of the region."""

    insured: str
    """The person whom medical insurance covers."""
    programme: str
    balances: dict[Key, Balance] = field(default_factory=dict)
    contracts: dict[str, Signed] = field(default_factory=dict)
    enrolments: list[Enrolled] = field(default_factory=list)
    grades: dict[str, Graded] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    rounds: Counter[str] = field(default_factory=Counter)
    """Trip → rounds of its fee."""
    uses: dict[str, tuple[Key, int, bool]] = field(default_factory=dict)
    """Number → what was used from outside, how much of it, whether it stands."""

    # --- what a person has by right ---

    def grant(self, person: str, on: date, *, asked: str = "") -> None:
        """Let the ledger know what a person has by right in the year and month of a day.

        `asked`: the one source that somebody outside a visit asks for; the insurances are not asked about others'.
        """
        year, month = f"{on.year}", f"{on:%Y-%m}"
        if self.enrolled(person, on):
            self._grant((person, "public_program", self.programme, figures.PROGRAMME_CODE, year), figures.PER_YEAR)
        if person == self.insured and not asked:
            self._grant((person, "insurance_fund", person, figures.PLAN, year), figures.FUND_CAP_FEN)
            self._grant((person, "insurance_deductible", person, figures.PLAN, year), figures.DEDUCTIBLE_FEN)
        if asked in {"", "ltci"} and (grade := self.grade(person, on)) is not None:
            self._grant((person, "ltci", person, "", month), figures.LTCI_CAPS_FEN[grade])

    def enrolled(self, person: str, on: date) -> bool:
        """Whether the programme pays for a person on a day."""
        return any(each.person == person and each.covers(on) for each in self.enrolments)

    def grade(self, person: str, on: date) -> int | None:
        """Return a person's grade on a day."""
        return self.grades[person].on(on) if person in self.grades else None

    def covering(self, person: str, on: date) -> Signed | None:
        """Return the contract that pays for a person on a day: he has one family doctor."""
        found = [each for each in self.contracts.values() if each.person == person and each.covers(on)]
        assert len(found) <= 1
        return found[0] if found else None

    def _grant(self, key: Key, cap: int) -> None:
        balance = self.balances.setdefault(key, Balance(cap))
        balance.cap = max(balance.cap, cap)

    # --- the ledger ---

    def take(self, key: Key, units: int, on: date) -> None:
        """Use units of an entitlement for a service of a day."""
        balance = self._open(key, on)
        if balance.used + balance.reserved + units > balance.cap:
            raise No("entitlement-exhausted")
        if balance.closed_on is not None and balance.closed_on <= on:
            raise No("entitlement-expired")
        balance.used += units

    def book(self, order: str, claims: dict[Key, int], on: date) -> None:
        """Hold units for an order."""
        for key, units in claims.items():
            balance = self._open(key, on)
            assert units <= balance.left(), "a quote claims what is not there"
            balance.held[order] = (units, on)

    def release(self, order: str) -> None:
        """Give back what an order holds."""
        for balance in self.balances.values():
            balance.held.pop(order, None)

    def close(self, key: Key, on: date) -> None:
        """Let an entitlement end: once; what is held for later days is given back."""
        balance = self.balances[key]
        if balance.closed_on is None:
            balance.closed_on = on
            balance.held = {order: held for order, held in balance.held.items() if held[1] < on}

    def _open(self, key: Key, on: date) -> Balance:
        if key not in self.balances:
            raise No("entitlement-unknown")
        return self.balances[key]

    # --- contracts ---

    def sign(self, contract: str, person: str, package: Package, signed_on: date, last_on: date) -> None:
        """Sign a contract, also for days gone by."""
        new = Signed(contract, person, package, signed_on, last_on)
        for each in self.contracts.values():
            own = each.person == person and each.signed_on < each.until
            if own and each.signed_on < new.until and new.signed_on < each.until:
                raise No("family-doctor-taken")
        self.contracts[contract] = new
        for code, (units, _) in package.items.items():
            self.balances[person, "contract", contract, code, "contract"] = Balance(units)

    def end(self, contract: str, on: date) -> None:
        """End a contract, also on a day gone by; what it has paid since stays until it is settled anew."""
        signed = self.contracts[contract]
        if signed.ended_on is not None:
            if signed.ended_on != on:
                raise No("contract-terminated")
            return
        if not signed.signed_on <= on <= signed.last_on:
            raise No("termination-day-invalid")
        signed.ended_on = on
        for key in [key for key in self.balances if key[2] == contract]:
            self.close(key, signed.until)

    def lapse(self, today: date) -> None:
        """Close what has ended by a day."""
        for key in self.balances:
            ends_on = self.contracts[key[2]].until if key[1] == "contract" else _after(key[4])
            if ends_on <= today:
                self.close(key, ends_on)

    # --- from outside ---

    def use(self, number: str, key: Key, units: int, on: date) -> None:
        """Use an entitlement outside a visit, under a number."""
        if number in self.uses:
            return
        if key[1] == "contract" and not self.contracts[key[2]].covers(on):
            raise No("not-valid-here")
        before = copy.deepcopy(self.balances)
        self.grant(key[0], on, asked=key[1])
        try:
            self.take(key, units, on)
        except No:
            self.balances = before
            raise
        self.uses[number] = key, units, True

    def unuse(self, number: str) -> None:
        """Take such a use back."""
        key, units, stands = self.uses[number]
        if not stands:
            raise No("use-reversed")
        self.balances[key].used -= units
        self.uses[number] = key, units, False

    def open(self, key: Key, units: int, on: date) -> None:
        """Put down what was used before the go-live; it may lie above the cap."""
        before = copy.deepcopy(self.balances)
        self.grant(key[0], on, asked=key[1])
        if key not in self.balances:
            self.balances = before
            raise No("entitlement-unknown")
        balance = self.balances[key]
        if balance.opening is not None:
            if balance.opening != (units, on):
                self.balances = before
                raise No("opened-already")
            return
        balance.opening = (units, on)
        balance.used += units


def _after(period: str) -> date:
    """Return the first day after a calendar year or month."""
    if len(period) == 4:
        return date(int(period) + 1, 1, 1)
    year, month = int(period[:4]), int(period[5:])
    return date(year + month // 12, month % 12 + 1, 1)
