"""The machine: any story of signing, booking, settling, taking back and lapsing, told to the service and to the model.

After each step everything that lies in the database is what the model says.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, TypeVar

from httpx import Response
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.billing.machine import bills, figures
from tests.billing.machine.figures import Enrolled, Graded
from tests.billing.machine.model import Bill, Key, Model, No
from tests.billing.machine.model import Visit as ModelVisit
from tests.billing.machine.service import Items, Service, told
from tests.world import World

T = TypeVar("T")

PATIENCE_SECONDS = 120
_ACCOUNTS = {
    "self_pay": "1212.01",
    "medical_insurance": "1212.02",
    "ltci": "1212.03",
    "public_program": "1212.04",
    "contract": "1212.05",
}
"""Who pays → the account that owes it, as the statements show them."""
_SERVICES, _FEES = "4101.01", "4101.04"

WHO = st.integers(0, 1)
WHICH = st.integers(0, 7)
BACK = st.sampled_from((0, 1, 3, 12))
"""Days gone by."""
ITEMS = st.lists(
    st.tuples(st.sampled_from(sorted(figures.PRICES_FEN)), st.integers(1, figures.MOST_OF_ONE)),
    min_size=1, max_size=3, unique_by=lambda item: item[0],
)  # fmt: skip


@dataclass(frozen=True)
class Stage:
    """Where the service runs: the loop of the test's own thread, and how to make a world."""

    loop: asyncio.AbstractEventLoop
    owner: Any
    house: Any
    clock: Any
    app: Any

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        """Let the service act and wait for it."""
        return asyncio.run_coroutine_threadsafe(act, self.loop).result(PATIENCE_SECONDS)


class Machine(RuleBasedStateMachine):
    """One story of two who live in one home; a subclass says on which `stage`."""

    stage: ClassVar[Stage]
    heard: ClassVar[Counter[str]]
    """What happened in all stories: commands, and how those ended that did not do what was asked."""

    def __init__(self) -> None:
        super().__init__()
        stage = self.stage
        self.service = stage.run(Service.open(World(stage.owner, stage.house, stage.clock, stage.app)))
        self.people = self.service.people
        self.model = Model(self.people[0], self.service.programme_id)
        self.orders: dict[str, tuple[str, date, Items]] = {}
        self.numbers: list[tuple[str, str]] = []
        self.heard["stories"] += 1

    # --- payers ---

    @initialize(package=st.integers(0, 1), first=ITEMS, second=ITEMS, back=st.integers(0, 1))
    def begin_with_payers_and_a_trip(self, package: int, first: Items, second: Items, back: int) -> None:
        self.sign(0, package, 1)
        self.grade(1, min(figures.LTCI_CAPS_FEN), 1)
        self.visit_both(first, sorted(dict([*second, (figures.LTCI_CODE, 1)]).items()), back, at_once=True)

    @rule(who=WHO, package=st.integers(0, 1), back=BACK)
    def sign(self, who: int, package: int, back: int) -> None:
        """Sign, also late: for days on which visits were."""
        person, first_on = self.people[who], self._back(back)
        last_on = first_on + timedelta(days=366)  # a year, whichever day it begins on
        answer = self._run(self.service.sign(person, package, first_on, last_on))
        name = answer.json()["id"] if answer.status_code == 201 else ""
        with self._agreed("sign", answer):
            self.model.sign(name, person, figures.PACKAGES[package], first_on, last_on)

    @precondition(lambda self: self.model.contracts)
    @rule(which=WHICH, back=BACK)
    def end_contract(self, which: int, back: int) -> None:
        """End a contract, also late."""
        self._end(self._pick(self.model.contracts, which), self._back(back))

    @precondition(lambda self: self.model.contracts)
    @rule(which=WHICH, back=BACK)
    def upgrade(self, which: int, back: int) -> None:
        """End a contract late, and sign the better package from that day on."""
        contract = self._pick(self.model.contracts, which)
        self.end_contract(which, back)
        self.sign(self.people.index(self.model.contracts[contract].person), 1, back)

    @precondition(lambda self: self._held())
    @rule(which=WHICH, after=st.integers(0, 1))
    def end_around_a_booking(self, which: int, after: int) -> None:
        """End a contract on the day for which it holds a unit, or on the next."""
        contract, on = self._pick(self._held(), which)
        self._end(contract, on + timedelta(days=after))

    @rule(who=WHO, back=BACK)
    def enrol(self, who: int, back: int) -> None:
        person, first_on = self.people[who], self._back(back)
        answer = self._run(self.service.enrol(person, first_on))
        with self._agreed("enrol", answer):
            if any(each.person == person for each in self.model.enrolments):
                raise No("already-enrolled")
            self.model.enrolments.append(Enrolled(person, first_on))

    @rule(who=WHO, grade=st.sampled_from(sorted(figures.LTCI_CAPS_FEN)), back=BACK)
    def grade(self, who: int, grade: int, back: int) -> None:
        person, first_on = self.people[who], self._back(back)
        known = self.model.grades.setdefault(person, Graded(person))
        # an assessment that would begin before the one in force is another story
        if not known.steps or known.steps[-1][0] < first_on:
            assert self._run(self.service.grade(person, grade, first_on)).status_code == 201
            known.steps.append((first_on, grade))
            self.heard["grade"] += 1

    # --- booking and visiting ---

    @rule(who=WHO, items=ITEMS, ahead=st.sampled_from((0, 1, 5, 40, 320)))
    def book(self, who: int, items: Items, ahead: int) -> None:
        person, on = self.people[who], self.service.today + timedelta(days=ahead)
        order, patient_fen, claims = self._run(self.service.book(person, items, on))
        lines, taken = bills.make(self.model, person, on, items, order=None, share_fen=figures.FEE_FEN)
        assert patient_fen == sum(fen for *_, paid in lines for source, _, fen in paid if source == "self_pay")
        units: dict[Key, int] = {key: each for key, each in taken.items() if key[1] in {"contract", "public_program"}}
        assert claims == units
        self.model.book(order, units, on)
        self.orders[order] = person, on, items
        self.heard["book"] += bool(units)

    @precondition(lambda self: self.orders)
    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        order = self._pick(self.orders, which)
        self._run(self.service.cancel(order, self.orders.pop(order)[1]))
        self.model.release(order)
        self.heard["cancel"] += 1

    @precondition(lambda self: any(on <= self.service.today for _, on, _ in self.orders.values()))
    @rule(which=WHICH, more=ITEMS, added=st.booleans())
    def visit_as_booked(self, which: int, more: Items, added: bool) -> None:
        """Visit on an order, now and then with something added at the door, and settle at once."""
        order = self._pick([name for name, (_, on, _) in self.orders.items() if on <= self.service.today], which)
        person, on, items = self.orders.pop(order)
        done = [*items, *(each for each in more if added and each[0] not in dict(items))]
        self._settle(self._visited(person, done, on, self._run(self.service.trip()), order))

    @rule(who=WHO, items=ITEMS, back=BACK, at_once=st.booleans())
    def visit(self, who: int, items: Items, back: int, at_once: bool) -> None:
        visit = self._visited(self.people[who], items, self._back(back), self._run(self.service.trip()), None)
        if at_once:
            self._settle(visit)

    @rule(first=ITEMS, second=ITEMS, back=BACK, at_once=st.booleans())
    def visit_both(self, first: Items, second: Items, back: int, at_once: bool) -> None:
        """One trip to both: they share a fee that does not divide evenly."""
        trip, on = self._run(self.service.trip()), self._back(back)
        both = [
            self._visited(person, items, on, trip, None)
            for person, items in zip(self.people, (first, second), strict=True)
        ]
        for visit in both if at_once else ():
            self._settle(visit)

    # --- bills ---

    @precondition(lambda self: self.model.visits)
    @rule(which=st.integers(0, 40))
    def settle(self, which: int) -> None:
        self._settle(self.model.visits[self._pick(self.model.visits, which)])

    @precondition(lambda self: any(each.bills for each in self.model.visits.values()))
    @rule(which=st.integers(0, 40))
    def take_back(self, which: int) -> None:
        bill = self._pick([bill for each in self.model.visits.values() for bill in each.bills], which)
        with self._agreed("take back", self._run(self.service.take_back(bill.id))):
            bills.take_back(self.model, bill)

    @precondition(lambda self: any(each.bills for each in self.model.visits.values()))
    @rule(which=st.integers(0, 40))
    def settle_anew(self, which: int) -> None:
        """Settle anew, on what is signed and assessed by now."""
        self._settle_anew(self._pick([bill for each in self.model.visits.values() for bill in each.bills], which))

    @precondition(lambda self: any(each.live for each in self.model.visits.values()))
    @rule(which=st.integers(0, 40), how=st.sampled_from(("upgrade", "end", "sign")))
    def correct_late(self, which: int, how: str) -> None:
        """Learn late what was signed, or had ended, on the day of a visit that is settled; settle it anew."""
        live = [each.live for each in self.model.visits.values() if each.live is not None]
        bill = self._pick(live, which)
        visit = self.model.visits[bill.visit]
        back, signed = (self.service.today - visit.on).days, self.model.covering(visit.person, visit.on)
        if signed is not None and how != "sign":
            self._end(signed.id, visit.on)
        if how != "end":
            self.sign(self.people.index(visit.person), int(how == "upgrade"), back)
        self._settle_anew(bill)

    # --- uses from outside, balances at the go-live, the end of a period ---

    @rule(who=WHO, source=st.sampled_from(("contract", "public_program", "ltci")), units=st.integers(1, 3),
          which=WHICH, back=BACK)  # fmt: skip
    def use(self, who: int, source: str, units: int, which: int, back: int) -> None:
        found = self._share(who, source, units, which, self._back(back))
        if found is not None:
            key, share, taken = found
            number = f"HIS-{len(self.numbers)}"
            answer = self._run(self.service.use(number, share, self._back(back)))
            with self._agreed(f"use {source}", answer):
                self.model.use(number, key, taken, self._back(back))
                self.numbers.append((number, answer.json()["id"]))

    @precondition(lambda self: self.numbers)
    @rule(which=WHICH)
    def unuse(self, which: int) -> None:
        number, use = self._pick(self.numbers, which)
        with self._agreed("unuse", self._run(self.service.unuse(use))):
            self.model.unuse(number)

    @rule(who=WHO, source=st.sampled_from(("contract", "public_program", "ltci")), units=st.integers(1, 5),
          which=WHICH, back=BACK)  # fmt: skip
    def open_balance(self, who: int, source: str, units: int, which: int, back: int) -> None:
        """Put down what was used before the go-live; it may be more than there is."""
        found = self._share(who, source, units, which, self._back(back))
        if found is not None:
            key, share, taken = found
            answer = self._run(self.service.open_balance(share, self._back(back)))
            with self._agreed(f"open {source}", answer):
                self.model.open(key, taken, self._back(back))

    @rule(days=st.sampled_from((1, 1, 9, 35, 310)))
    def let_days_pass(self, days: int) -> None:
        """Let days pass; every night what has ended lapses."""
        self.service.pass_to(min(self.service.today + timedelta(days=days), figures.LAST_DAY))
        self._run(self.service.lapse())
        before = self._closed()
        self.model.lapse(self.service.today)
        self.heard["lapse"] += self._closed() > before

    # --- what lies there is what the model says ---

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        self.heard["steps"] += 1
        seen = self._run(self.service.look())
        assert seen.chains_add_up
        expected = {
            key: (each.cap, each.used, each.reserved, each.closed_on) for key, each in self.model.balances.items()
        }
        assert seen.balances == expected
        live = [each.live for each in self.model.visits.values() if each.live is not None]
        paid = {bill.visit: dict(bill.paid()) for bill in live}
        assert seen.live == {
            bill.visit: (bill.gross_fen, paid[bill.visit].get("self_pay", 0), paid[bill.visit]) for bill in live
        }
        assert all(gross == sum(parts.values()) for gross, _, parts in seen.live.values())
        fee = figures.FEE_FEN
        assert seen.fees == {trip: (last, last, fee, fee) for trip, last in self.model.rounds.items()}
        self._books(seen.journal, seen.invoices)

    def _books(self, journal: dict[str, int], invoices: tuple[int, int, int]) -> None:
        owed: Counter[str] = Counter()
        every = [bill for each in self.model.visits.values() for bill in each.bills if bill.gross_fen]
        for bill in every:
            for code, _, gross, paid in bill.lines:
                owed[_FEES if code == bills.FEE else _SERVICES] -= gross * bill.live
                for source, _, fen in paid:
                    owed[_ACCOUNTS[source]] += fen * bill.live
        assert journal == {account: fen for account, fen in owed.items() if fen}
        assert sum(journal.values()) == 0
        written = len(every) + sum(not bill.live for bill in every)
        # the numbers of each year begin anew: the last one alone is compared where there is one year
        assert (invoices[0], invoices[2]) == (written, sum(bill.gross_fen for bill in every if bill.live))

    # --- telling both ---

    def _end(self, contract: str, on: date) -> None:
        answer = self._run(self.service.end(contract, on))
        with self._agreed("end", answer):
            self.model.end(contract, on)

    def _settle_anew(self, bill: Bill) -> None:
        answer = self._run(self.service.settle_anew(bill.id))
        with self._agreed("settle anew", answer):
            visits = bills.settle_anew(self.model, bill)
            if answer.is_success:
                for visit, after in zip(visits, answer.json()["after"], strict=True):
                    visit.bills[-1].id = after["id"]
                    self._same_bill(visit, after)

    def _visited(self, person: str, items: Items, on: date, trip: str, order: str | None) -> ModelVisit:
        visit_id, order_id = self._run(self.service.visit(person, items, on, trip, order))
        visit = ModelVisit(visit_id, person, on, items, trip, order_id)
        self.model.visits[visit_id] = visit
        return visit

    def _settle(self, visit: ModelVisit) -> None:
        answer = self._run(self.service.settle(visit.id))
        stood = visit.live is not None
        with self._agreed("settle", answer):
            bill = bills.settle(self.model, visit)
            if answer.is_success:
                assert answer.status_code == (200 if stood else 201)
                assert bill.id in {"", answer.json()["id"]}
                bill.id = answer.json()["id"]
                self._same_bill(visit, answer.json())

    def _same_bill(self, visit: ModelVisit, bill: dict[str, Any]) -> None:
        assert bill["visit_id"] == visit.id
        # services performed at one moment have no order
        assert sorted(told(bill)) == sorted(visit.bills[-1].lines)

    def _share(self, who: int, source: str, units: int, which: int, on: date) -> tuple[Key, dict[str, Any], int] | None:
        """Return an entitlement of somebody as the ledger and as HTTP name it, and how much of it; None without one."""
        person = self.people[who]
        said: dict[str, Any] = {"person_id": person, "source": source}
        if source == "ltci":
            yuan = units * 20
            return (person, "ltci", person, "", f"{on:%Y-%m}"), said | {"amount": f"{yuan}.00"}, yuan * 100
        if source == "public_program":
            programme, code = self.model.programme, figures.PROGRAMME_CODE
            said |= {"programme_id": programme, "code": code, "units": units}
            return (person, source, programme, code, f"{on.year}"), said, units
        granted = [key for key in self.model.balances if key[:2] == (person, "contract")]
        if not granted:
            return None
        key = self._pick(granted, which)
        return key, said | {"contract_id": key[2], "code": key[3], "units": units}, units

    def _agreed(self, command: str, answer: Response) -> "_Agreed":
        return _Agreed(self, command, answer)

    def _run(self, act: Coroutine[Any, Any, T]) -> T:
        return self.stage.run(act)

    def _back(self, days: int) -> date:
        return self.service.today - timedelta(days=days)

    def _closed(self) -> int:
        return sum(each.closed_on is not None for each in self.model.balances.values())

    def _held(self) -> list[tuple[str, date]]:
        """Return what contracts hold for orders: the contract, and for which day."""
        contracts = ((key[2], each) for key, each in self.model.balances.items() if key[1] == "contract")
        return [(contract, on) for contract, each in contracts for _, on in each.held.values()]

    def _pick(self, among: Any, which: int) -> Any:
        listed = list(among)
        return listed[which % len(listed)]


@dataclass
class _Agreed:
    """The model says no where the service does, with the same word; and yes where it does."""

    machine: Machine
    command: str
    answer: Response

    def __enter__(self) -> None:
        assert self.answer.status_code in {200, 201, 409, 422}, self.answer.text

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        said = "" if self.answer.is_success else self.answer.json()["code"]
        if kind is None or isinstance(error, No):
            code = error.code if isinstance(error, No) else ""
            assert said == code, f"{self.command}: the service says {said or 'yes'}, the model {code or 'yes'}"
            self.machine.heard[f"{self.command} {code}".strip()] += 1
            return True
        return False
