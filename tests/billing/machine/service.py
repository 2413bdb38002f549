"""The same commands to the service: over HTTP where there is a route, else by the use case; and what then is there."""

from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from httpx import AsyncClient, Response
from sqlalchemy import text

from service.accounts.rules import Role
from service.billing import quoting
from service.catalog.ltci_models import LtciRuleRow
from service.catalog.models import InsuranceRule, Programme, ProgrammeItem
from service.contracts import closing_repository
from service.contracts import usecases as contracts
from service.contracts.models import Package, PackageItem
from service.core.clock import at_local
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.institutions.rules import LTCI_PLAN
from service.patients.models import Coverage
from tests.billing.day import YEAR, Day
from tests.billing.machine import figures
from tests.world import World

Items: TypeAlias = list[tuple[str, int]]
_NINE = time(9)
_BALANCES = text(
    """
select e.person_id::text, e.source, e.ref_id::text, e.code, e.period, e.cap,
       coalesce(last.used_after, 0) as used, coalesce(last.reserved_after, 0) as reserved, sums.closed_on,
       coalesce(sums.used, 0) as sum_used, coalesce(sums.reserved, 0) as sum_reserved
from entitlements e
left join lateral (select x.used_after, x.reserved_after from entitlement_entries x
                   where x.region_id = e.region_id and x.entitlement_id = e.id order by seq desc limit 1) last on true
left join lateral (
    select sum(case when x.kind in ('consume', 'opening') then x.units when x.kind = 'reverse' then -x.units
                    else 0 end) as used,
           sum(case x.kind when 'reserve' then x.units when 'release' then -x.units else 0 end) as reserved,
           max(x.service_on) filter (where x.kind = 'expire') as closed_on
    from entitlement_entries x where x.region_id = e.region_id and x.entitlement_id = e.id) sums on true
where e.region_id = :region
"""
)
_LIVE = text(
    """
select s.visit_id::text, s.gross_fen, s.patient_fen,
       (select coalesce(jsonb_object_agg(p.source, p.fen), '{}')
        from (select f.source, sum(f.amount_fen) as fen from bill_fundings f
              where f.region_id = s.region_id and f.settlement_id = s.id group by f.source) p) as paid
from settlements s
where s.region_id = :region and not exists (
    select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id)
"""
)
_FEES = text("select trip_id::text, count(*), max(round), min(fee_fen), max(fee_fen) from visit_fees"
             " where region_id = :region group by trip_id")  # fmt: skip
_JOURNAL = text("select account, (sum(debit_fen) - sum(credit_fen))::bigint from journal_lines"
                " where region_id = :region group by account")  # fmt: skip
_INVOICES = text("select count(*), coalesce(max(number), 0), coalesce(sum(gross_fen), 0)::bigint from invoices"
                 " where region_id = :region")  # fmt: skip


@dataclass
class Seen:
    """What lies in the database of the region."""

    balances: dict[tuple[str, ...], tuple[int, int, int, date | None]]
    chains_add_up: bool
    live: dict[str, tuple[int, int, dict[str, int]]]
    fees: dict[str, tuple[int, int, int, int]]
    journal: dict[str, int]
    invoices: tuple[int, int, int]


@dataclass
class Service:
    """A region of its own, with two who live in one home; ids as text, as they cross HTTP."""

    world: World
    day: Day
    desk: AsyncClient
    finance: AsyncClient
    home_id: UUID = field(default_factory=new_id)
    people: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    programme_id: str = ""
    today: date = figures.FIRST_DAY

    @classmethod
    async def open(cls, world: World) -> "Service":
        """Return a region with the figures put in."""
        await world.start()
        day = await Day(world).start()
        found = cls(world, day, await world.as_role(Role.institution_admin), day.http)
        found.pass_to(figures.FIRST_DAY)
        found.home_id = await world.add_home()
        found.people = sorted([str(await world.add_patient(home_id=found.home_id)) for _ in range(2)])
        await found._sell()
        await found._insure()
        return found

    def pass_to(self, today: date) -> None:
        """Let the days pass."""
        self.today = today
        self.world.clock.shows = at_local(today, _NINE)

    async def sign(self, person: str, package: int, signed_on: date, last_on: date) -> Response:
        """Sign a contract."""
        body = {"person_id": person, "package_id": self.packages[package], "doctor_id": str(self.day.doctor)}
        days = {"signed_on": signed_on, "valid_from": signed_on, "valid_to": last_on}
        return await self.desk.post("/contracts", json=body | {name: f"{day}" for name, day in days.items()})

    async def end(self, contract: str, on: date) -> Response:
        """End a contract."""
        return await self.desk.post(f"/contracts/{contract}/termination", json={"on": f"{on}", "reason": "moved_away"})

    async def enrol(self, person: str, first_on: date) -> Response:
        """Enrol a person in the programme."""
        body = {"person_id": person, "programme_id": self.programme_id, "valid_from": f"{first_on}"}
        return await self.desk.post("/programme-enrolments", json=body)

    async def grade(self, person: str, grade: int, first_on: date) -> Response:
        """Assess a person's grade from a day on."""
        body = {"grade": grade, "district_id": str(self.world.district_id), "valid_from": f"{first_on}"}
        return await self.desk.post(f"/patients/{person}/ltci-assessments", json=body)

    async def book(
        self, person: str, items: Items, on: date
    ) -> tuple[str, int, dict[tuple[str, str, str, str, str], int]]:
        """Quote a visit and reserve what it would use; return the order, what the family would pay, and the units."""
        start = at_local(on, _NINE)
        order_id = await self.day.order(UUID(person), items, home_id=self.home_id, start=start)
        region_id, person_id = self.world.region_id, UUID(person)
        async with self._transaction() as session:
            quote = await quoting.quote(
                session, region_id=region_id, institution_id=self.world.institution_id, person_id=person_id,
                home_id=self.home_id, kind="home_visit", service_on=on, start_at=start, items=items, staff_count=1,
                now=self.world.clock.now(), keep=False,
            )  # fmt: skip
            await contracts.reserve(
                session, region_id=region_id, order_id=order_id, person_id=person_id, on=on, claims=quote.claims
            )
        claims = {
            (person, str(each.source), str(each.ref_id), each.code, each.period): each.units for each in quote.claims
        }
        return str(order_id), quote.patient_fen, claims

    async def cancel(self, order: str, on: date) -> None:
        """Give back what an order holds."""
        async with self._transaction() as session:
            await contracts.release_order(session, region_id=self.world.region_id, order_id=UUID(order), on=on)

    async def lapse(self) -> None:
        """Close what has ended by today."""
        async with self._transaction(everywhere=True) as session:
            last: UUID | None = None
            while True:
                last = await closing_repository.close_due(session, today=self.today, after=last, limit=500)
                if last is None:
                    return

    async def trip(self) -> str:
        """Let a crew go to the home once more."""
        return str(await self.day.trip(self.home_id))

    async def visit(self, person: str, items: Items, on: date, trip: str, order: str | None) -> tuple[str, str]:
        """Put in a proven visit, of an order or of its own; return it and the order."""
        start = at_local(on, _NINE)
        order_id = UUID(order) if order else await self.day.order(
            UUID(person), items, home_id=self.home_id, start=start
        )  # fmt: skip
        visit_id = await self.day.visit(
            UUID(person), *items, home_id=self.home_id, trip_id=UUID(trip), start=start, order_id=order_id
        )
        return str(visit_id), str(order_id)

    async def settle(self, visit: str) -> Response:
        """Settle a visit."""
        return await self.finance.post(f"/visits/{visit}/settlement")

    async def take_back(self, bill: str) -> Response:
        """Take a bill back."""
        return await self.finance.post(f"/settlements/{bill}/reversal", json={"reason": "更正"})

    async def settle_anew(self, bill: str) -> Response:
        """Settle a bill's visit anew."""
        return await self.finance.post(f"/settlements/{bill}/resettlement", json={"reason": "更正"})

    async def use(self, number: str, share: dict[str, Any], on: date) -> Response:
        """Use an entitlement outside a visit."""
        body = {"institution_id": str(self.world.institution_id), "external_no": number, "service_on": f"{on}"}
        return await self.desk.post("/entitlement-uses", json=body | share)

    async def unuse(self, use: str) -> Response:
        """Take such a use back."""
        return await self.desk.post(f"/entitlement-uses/{use}/reversal", json={"reason": "退费"})

    async def open_balance(self, share: dict[str, Any], on: date) -> Response:
        """Put down what was used before the go-live."""
        return await self.desk.post("/entitlement-openings", json={"on": f"{on}", "because": "结转"} | share)

    async def look(self) -> Seen:
        """Read everything that lies there."""
        async with self.world.owner.connect() as connection:

            async def rows(query: Any) -> list[Any]:
                return list(await connection.execute(query, {"region": self.world.region_id}))

            balances = await rows(_BALANCES)
            return Seen(
                balances={tuple(row[:5]): (row.cap, row.used, row.reserved, row.closed_on) for row in balances},
                chains_add_up=all((row.used, row.reserved) == (row.sum_used, row.sum_reserved) for row in balances),
                live={row.visit_id: (row.gross_fen, row.patient_fen, row.paid) for row in await rows(_LIVE)},
                fees={row[0]: tuple(row[1:]) for row in await rows(_FEES)},
                journal={row[0]: row[1] for row in await rows(_JOURNAL) if row[1]},
                invoices=tuple((await rows(_INVOICES))[0]),
            )

    def _transaction(self, *, everywhere: bool = False) -> Any:
        region_id = self.world.region_id
        fence = Fence(region_id) if everywhere else Fence(region_id, (self.world.institution_id,))
        return transaction(self.world.house.sessions, fence, self.world.clock.now())

    async def _sell(self) -> None:
        await self.day.list_services(*figures.PRICES_FEN)
        for code, fen in figures.PRICES_FEN.items():
            insured = "A" if code == figures.INSURED_CODE else "C"
            await self.day.price(code, str(Decimal(fen) / 100), insurance_class=insured)
        await self.day.tariff(("5", str(Decimal(figures.FEE_FEN) / 100)))
        for key, value in (("bill.usual_multiple", "0"), ("bill.daily_limit", 1000)):
            await self.day.setting(key, value)
        own = self.day.own
        for package in figures.PACKAGES:
            row = Package(
                **own, code=f"PK{self.world.number()}", name="服务包", valid_from=YEAR,
                covers_visit_fee=package.covers_fee,
            )  # fmt: skip
            items = [
                PackageItem(
                    **own, package_id=row.id, code=code, quantity=units, counting="visit" if whole else "quantity"
                )
                for code, (units, whole) in package.items.items()
            ]
            await self.world.add(row, *items)
            self.packages.append(str(row.id))

    async def _insure(self) -> None:
        region_id = self.world.region_id
        programme = Programme(region_id=region_id, code="PH", name="公共卫生", payer="财政", valid_from=YEAR)
        self.programme_id = str(programme.id)
        await self.world.add(
            programme,
            ProgrammeItem(
                region_id=region_id, programme_id=programme.id, code=figures.PROGRAMME_CODE, per_year=figures.PER_YEAR
            ),
            InsuranceRule(
                region_id=region_id, plan_code=figures.PLAN, name="居民医保", deductible_fen=figures.DEDUCTIBLE_FEN,
                pay_ratio=Decimal(figures.FUND_TENTHS) / 10, yearly_cap_fen=figures.FUND_CAP_FEN, valid_from=YEAR,
            ),
            LtciRuleRow(
                region_id=region_id, name="长期护理保险", codes=[figures.LTCI_CODE],
                pay_ratio=Decimal(figures.LTCI_TENTHS) / 10,
                monthly_caps={str(grade): cap for grade, cap in figures.LTCI_CAPS_FEN.items()}, valid_from=YEAR,
            ),
            Coverage(region_id=region_id, person_id=UUID(self.people[0]), plan_code=figures.PLAN, valid_from=YEAR),
        )  # fmt: skip
        for plan in (figures.PLAN, LTCI_PLAN):
            await self.day.designate(plan)


def told(bill: dict[str, Any]) -> list[tuple[str, str, int, list[tuple[str, int | None, int]]]]:
    """Return a bill over HTTP as the model writes one."""
    return [
        (
            line["code"],
            line["status"],
            line["gross_fen"],
            [(part["source"], part["units"], part["amount_fen"]) for part in line["fundings"]],
        )
        for line in bill["lines"]
    ]
