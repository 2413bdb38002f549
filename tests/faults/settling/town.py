"""People with payers and the proven visits of their days, put in by the thousand; and what their bills must come to.

What is due is plain arithmetic on the figures below, per person and whatever the order in which his visits are settled.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import SQLModel

from service.accounts.rules import Role
from service.catalog.ltci_models import LtciRuleRow
from service.catalog.models import InsuranceRule
from service.contracts.models import ProgrammeEnrolment
from service.core.db import fences
from service.core.http import ACCESS_AUDIENCE, claims_of
from service.core.ids import new_id
from service.institutions.rules import LTCI_PLAN
from service.patients.ltci_models import LtciAssessment
from service.patients.models import Coverage
from tests.billing.day import MORNING, YEAR, Day
from tests.world import World

PLAN = "RESIDENT"
FEE_FEN = 7800
VISITS_EACH = 4
"""Visits of one person, on days one after the other."""
_DONE = (("BP", 1), ("GLUCOSE", 1), ("BATH", 1), ("WOUND", 1))
_GROSS_FEN = 1000 + 2000 + 4000 + 3000 + FEE_FEN
_CONTRACT_UNITS, _PROGRAMME_UNITS, _LTCI_CAP_FEN, _DEDUCTIBLE_FEN = 2, 1, 5000, 5000
_FUND_FEN = 3500
"""Half of what four times 30 yuan are above the deductible."""
_PAID_FEN = {
    "contract": _CONTRACT_UNITS * 1000,
    "public_program": _PROGRAMME_UNITS * 2000,
    "ltci": _LTCI_CAP_FEN,
    "medical_insurance": _FUND_FEN,
}
_USED = {
    "contract": _CONTRACT_UNITS,
    "public_program": _PROGRAMME_UNITS,
    "ltci": _LTCI_CAP_FEN,
    "insurance_deductible": _DEDUCTIBLE_FEN,
    "insurance_fund": _FUND_FEN,
}


@dataclass
class Crowded(World):
    """A world that gathers its rows and puts them in by the table: thousands of visits are there in seconds."""

    waiting: list[SQLModel] = field(default_factory=list)

    async def add(self, *rows: SQLModel) -> None:
        """Gather rows; `pour` puts them in."""
        self.waiting += rows

    async def pour(self) -> None:
        """Put in what was gathered, as the owner, table by table in the order of their keys."""
        async with self.owner.begin() as connection:
            for table in SQLModel.metadata.sorted_tables:
                # not `model_dump`: it takes ranges apart
                rows = [
                    {column.key: getattr(row, column.key) for column in table.columns}
                    for row in self.waiting
                    if fences.table_of(type(row)) is table
                ]
                if rows:
                    await connection.execute(insert(table), rows)
        self.waiting.clear()


@dataclass
class Town:
    """A crowded world in which visits can be billed, and the clerks who settle them."""

    day: Day
    programme_id: UUID = field(default_factory=new_id)
    tokens: list[str] = field(default_factory=list)
    people: int = 0

    @classmethod
    async def found(cls, world: Crowded, *, clerks: int = 3) -> "Town":
        """Return a town with prices, a tariff, insurances and a programme, in a region of its own."""
        await world.start()
        town = cls(Day(world, nurse=await world.add_practitioner(), doctor=await world.add_practitioner(role="doctor")))
        await town._sell()
        await town._insure()
        await world.pour()
        for _ in range(clerks):
            town.tokens.append(await town._log_in(world))
        return town

    @property
    def world(self) -> Crowded:
        """The world that it stands in."""
        assert isinstance(self.day.world, Crowded)
        return self.day.world

    async def person(self, contract: dict[str, int] | None = None, *, home_id: UUID | None = None) -> tuple[UUID, UUID]:
        """Gather a person cared for by the institution, with a contract if one is given; return him and his home."""
        self.people += 1
        home_id = home_id or await self.world.add_home()
        person_id = await self.world.add_patient(
            home_id=home_id, born_on=date(1930, 1, 1) + timedelta(days=self.people)
        )
        if contract is not None:
            await self.day.contract(person_id, contract)
        return person_id, home_id

    async def insured(self) -> list[UUID]:
        """Gather a person whom everybody pays for, up to a point; return his visits, each a trip of its own."""
        person_id, home_id = await self.person({"BP": _CONTRACT_UNITS})
        of: dict[str, Any] = {"region_id": self.world.region_id, "person_id": person_id}
        await self.world.add(
            Coverage(**of, plan_code=PLAN, valid_from=YEAR),
            LtciAssessment(**of, district_id=self.world.district_id, grade=3, valid_from=YEAR),
        )
        await self.enrol(person_id)
        return [
            await self.visit(person_id, home_id, *_DONE, start=MORNING + timedelta(days=number))
            for number in range(VISITS_EACH)
        ]

    async def enrol(self, person_id: UUID) -> None:
        """Gather a person's enrolment in the programme: one GLUCOSE a year."""
        of: dict[str, Any] = {"region_id": self.world.region_id, "person_id": person_id}
        await self.world.add(ProgrammeEnrolment(**of, programme_id=self.programme_id, valid_from=YEAR))

    async def visit(
        self,
        person_id: UUID,
        home_id: UUID,
        *items: tuple[str, int],
        start: datetime = MORNING,
        trip_id: UUID | None = None,
    ) -> UUID:
        """Gather a proven visit: a trip of its own, or one of `trip_id`."""
        trip_id = trip_id or await self.day.trip(home_id)
        return await self.day.visit(person_id, *items, home_id=home_id, trip_id=trip_id, start=start)

    async def _sell(self) -> None:
        for code, yuan, insured in (
            ("BP", "10", "C"),
            ("GLUCOSE", "20", "C"),
            ("BATH", "40", "C"),
            ("WOUND", "30", "A"),
        ):
            await self.day.price(code, yuan, insurance_class=insured)
        await self.day.tariff()
        self.programme_id = await self.day.programme(new_id(), {"GLUCOSE": _PROGRAMME_UNITS})
        # whose the programme is is said person by person
        self.world.waiting = [row for row in self.world.waiting if not isinstance(row, ProgrammeEnrolment)]

    async def _insure(self) -> None:
        region_id = self.world.region_id
        await self.world.add(
            InsuranceRule(
                region_id=region_id, plan_code=PLAN, name="居民医保", deductible_fen=_DEDUCTIBLE_FEN,
                pay_ratio=Decimal("0.5"), yearly_cap_fen=1_200_000, valid_from=YEAR,
            ),
            LtciRuleRow(
                region_id=region_id, name="长期护理保险", codes=["BATH"], pay_ratio=Decimal(1),
                monthly_caps={"3": _LTCI_CAP_FEN}, valid_from=YEAR,
            ),
        )  # fmt: skip
        for plan in (PLAN, LTCI_PLAN):
            await self.day.designate(plan)

    async def _log_in(self, world: Crowded) -> str:
        """Return the token of one more clerk; it outlasts the longest storm."""
        account_id = await world.add_account(Role.finance, world.institution_id)
        await world.pour()
        principal = replace(world.principal(Role.finance, account_id), session_id=new_id())
        await world.open_session(principal)
        now = datetime.now(UTC)
        return world.house.signer.sign(claims_of(principal), audience=ACCESS_AUDIENCE, now=now, seconds=86_400)


def paid_fen(people: int) -> dict[str, int]:
    """Return what each payer pays for all visits of so many insured people, the families last (fen)."""
    paid = {source: each * people for source, each in _PAID_FEN.items()}
    return paid | {"self_pay": gross_fen(people) - sum(paid.values())}


def gross_fen(people: int) -> int:
    """Return what all visits of so many insured people cost (fen)."""
    return people * VISITS_EACH * _GROSS_FEN


def used(people: int) -> Counter[str]:
    """Return what all visits of so many insured people use of their entitlements: units, or fen."""
    return Counter({source: each * people for source, each in _USED.items()})
