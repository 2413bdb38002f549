"""One home, one trip, one fee: those whose crew went in vain share it, and who is served leaves nothing of it."""

import json
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from typer.testing import CliRunner

from service.accounts.rules import Role
from service.billing import proof as proofs
from service.billing import rules as kernel
from service.billing.cancelling import rules
from service.cli import bill as command
from service.core import money
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.jobs.queue import Job
from service.core.principal import Fence
from service.visits import preparing
from service.visits import usecases as visits
from service.visits.rules import VISIT_FINAL, VISIT_FRUITLESS
from service.worker import handlers
from tests.billing.cancelling.charges import status
from tests.billing.day import Day
from tests.billing.proof.proofs import prove
from tests.billing.test_cancelling import TARIFF, missed
from tests.visits.conftest import Door, Doors
from tests.world import World

Json = dict[str, Any]

TERMS = kernel.Terms(
    policy=kernel.Policy(),
    service_modes=(),
    licences={},
    prices={},
    tariffs=(replace(TARIFF, unit=kernel.FeeUnit.visit_staff),),
)


def visit(name: str, *, crew: int = 1, verified: bool = False, home: str | None = "H1") -> kernel.Visit:
    """Return a visit whose own fee is 78 yuan for each of its crew."""
    return kernel.Visit(
        id=name,
        patient=f"P{name}",
        mode="home_visit",
        service_on=date(2026, 3, 2),
        starts_at=time(9),
        verified=verified,
        staff=tuple(f"D{at}" for at in range(crew)),
        distance_km=Decimal(2),
        items=(),
        home=home,
        trip="T1",
    )


def charges(*of_trip: kernel.Visit, ratio: str = "1") -> dict[str, int]:
    """Return what each visit in vain of a trip is charged."""
    found = {}
    for each in of_trip:
        if not each.verified:
            trip = rules.trip_of(each, [other for other in of_trip if other is not each], TERMS)
            own = kernel.find_own_fee(each, TERMS)
            assert own is not None
            alone = money.ratio_fen(own.amount_fen, Decimal(ratio))
            found[each.id] = trip.share_fen(Decimal(ratio)) if trip else alone
    return found


class TestShare:
    @pytest.mark.parametrize(
        ("of_trip", "ratio", "fen"),
        [
            ((visit("A"),), "1", {"A": 7800}),
            ((visit("A"), visit("B")), "1", {"A": 3900, "B": 3900}),
            ((visit("A"), visit("B"), visit("C")), "0.3333", {"A": 867, "B": 867, "C": 866}),
            # the fee of the home is the highest, shared in proportion
            ((visit("A"), visit("B", crew=2)), "1", {"A": 5200, "B": 10400}),
            ((visit("A"), visit("B", verified=True)), "1", {"A": 0}),
            # the larger crew that came in vain: what the served one leaves of its fee
            ((visit("A", crew=2), visit("B", verified=True)), "0.5", {"A": 3900}),
            ((visit("A"), visit("B", home="H2")), "1", {"A": 7800, "B": 7800}),
        ],
    )
    def test_is_what_falls_on_each_of_the_one_fee(
        self, of_trip: tuple[kernel.Visit, ...], ratio: str, fen: dict[str, int]
    ) -> None:
        assert charges(*of_trip, ratio=ratio) == fen

    def test_nobody_shares_where_each_patient_pays_his_own_fee(self) -> None:
        own = replace(TERMS, policy=replace(TERMS.policy, fee_sharing=kernel.FeeSharing.per_patient))
        assert rules.trip_of(visit("A"), [visit("B")], own) is None

    @given(
        crews=st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=5),
        ratio=st.decimals(0, 1, places=4),
    )
    def test_together_a_home_pays_no_more_than_the_one_fee(self, crews: list[tuple[int, bool]], ratio: Decimal) -> None:
        of_trip = [visit(f"V{at}", crew=crew, verified=served) for at, (crew, served) in enumerate(crews)]
        whole = max(crew for crew, _ in crews) * 7800
        fee = max((crew for crew, served in crews if served), default=0) * 7800
        together = sum(charges(*of_trip, ratio=str(ratio)).values())
        assert fee + together <= whole
        assert together <= money.ratio_fen(whole, ratio)
        assert together == (money.ratio_fen(whole - fee, ratio) if not all(served for _, served in crews) else 0)


async def work(doors: Doors) -> None:
    """Do what the worker does on the news of visits, each twice, until there are none."""
    query = (
        "delete from pgqueuer where entrypoint in (:fruitless, :final) and payload like :region"
        " returning entrypoint, payload"
    )
    asked = {
        "fruitless": VISIT_FRUITLESS, "final": VISIT_FINAL, "region": f"%{doors.world.region_id}%".encode(),
    }  # fmt: skip
    async with doors.world.owner.begin() as connection:
        jobs = [
            (row[0], Job.model_validate_json(bytes(row[1]))) for row in await connection.execute(text(query), asked)
        ]
    for news, job in jobs:
        for _ in range(2):
            await handlers(doors.world.house)[news](job)


async def housemates(doors: Doors, ratio: str = "1") -> tuple[Door, Door]:
    """Return the doors of two who live together and are visited in one trip of a published plan."""
    await Day(doors.world).setting("fee.cancellation_ratio", ratio)
    crew, home_id, key = [await doors.member()], await doors.world.add_home(), new_id()
    first = await doors.open(crew, home_id=home_id, trip_key=key)
    second = await doors.open(crew, home_id=home_id, trip_key=key, start=first.start + timedelta(minutes=40))
    fence = Fence(doors.world.region_id, (doors.world.institution_id,))
    async with transaction(doors.world.house.sessions, fence, doors.world.clock.now()) as session:
        for door in (first, second):
            await visits.prepare_order(session, region_id=doors.world.region_id, order_id=door.order_id)
    return first, second


@pytest.fixture
async def doors(world: World) -> Doors:
    """Doors of an institution whose fee is 78 yuan."""
    made, day = Doors(world), Day(world)
    await made.prepare()
    await day.tariff(("5", "78.00"))
    await day.price("BP", "10")
    return made


async def bills(doors: Doors, *visit_ids: UUID) -> list[Json | None]:
    return [(await status(doors, visit_id))["settlement"] for visit_id in visit_ids]


class TestTwoAtOneHome:
    async def test_both_not_at_home_share_one_fee_once_both_are_known(self, doors: Doors, tmp_path: Path) -> None:
        first, second = await housemates(doors)
        one = await missed(first)
        await work(doors)
        # the housemate may be at home: nobody knows yet what falls on whom
        assert await bills(doors, one) == [None]
        two = await missed(second)
        await work(doors)
        charged = [bill for bill in await bills(doors, one, two) if bill]
        assert [bill["patient_fen"] for bill in charged] == [3900, 3900]
        assert "同一次上门同住2人未遇，按一次上门服务费分摊" in charged[0]["lines"][0]["reason"]
        finance, paths = await doors.world.as_role(Role.finance), []
        for bill in charged:
            told = await prove(finance, bill)
            assert told["cancellation"]["trip"] == {"in_vain": {str(one): 7800, str(two): 7800}, "served_fen": 0}
            paths.append(tmp_path / f"{bill['id']}.json")
            paths[-1].write_text(json.dumps(told))
        said = CliRunner().invoke(command.app, ["--proof", *map(str, paths)])
        assert (said.exit_code, [line.split("：")[1] for line in said.stdout.splitlines()]) == (0, ["一致", "一致"])
        # a proof from which the housemate was taken away differs
        told["cancellation"].pop("trip")
        told["case"]["visits"] = told["case"]["visits"][:1]
        found = proofs.check(json.dumps(told).encode())
        assert (found and found.path) == "$.result.gross_fen"

    async def test_who_is_served_pays_the_fee_and_who_was_not_at_home_nothing_more(self, doors: Doors) -> None:
        first, second = await housemates(doors)
        one = await missed(first)
        await work(doors)
        two = UUID((await second.until("leave"))["id"])
        await work(doors)
        in_vain, served = await bills(doors, one, two)
        assert in_vain is None
        assert served is not None
        assert (served["visit_fee_fen"], served["patient_fen"]) == (7800, 8800)

    async def test_the_charge_comes_whoever_of_the_two_is_known_last(self, doors: Doors) -> None:
        first, _ = await housemates(doors, "0.5")
        one = await missed(first)
        # the day goes by without a word of the second: he is none of those in vain
        doors.world.clock.shows = doors.world.clock.shows.replace(day=3)
        await preparing.close_days(doors.world.house)
        await work(doors)
        (bill,) = await bills(doors, one)
        assert bill is not None
        assert bill["patient_fen"] == 3900
