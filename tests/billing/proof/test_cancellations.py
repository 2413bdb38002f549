"""The proof of a charge for a crew that went in vain: its fee, its share and what was quoted, redone from its bytes."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from typer.testing import CliRunner

from service.accounts.rules import Role
from service.billing import case, proof
from service.cli import bill as command
from tests.billing.day import Day
from tests.billing.documents import place
from tests.billing.proof.proofs import as_result, prove
from tests.billing.test_cancelling import missed, work
from tests.billing.test_quotes import accept, quote
from tests.visits.conftest import Doors
from tests.world import World

Json = dict[str, Any]


@pytest.fixture
async def doors(world: World) -> Doors:
    made, day = Doors(world), Day(world)
    await made.prepare()
    night = {"starts_at": "06:00", "ends_at": "12:00", "multiplier": "1.5"}
    await day.tariff(("3", "78.00"), ("5", "98.00"), unit="visit_staff", night=night)
    await day.setting("fee.cancellation_ratio", "0.3333")
    return made


@pytest.fixture
async def finance(world: World) -> AsyncClient:
    return await world.as_role(Role.finance)


async def charged(doors: Doors, *, quoted: bool = False) -> Json:
    """Return the bill of two nurses whom nobody opened to."""
    door = await doors.open([await doors.member(), await doors.member()])
    assert (await door.say("depart", member=1)).status_code == 201
    if quoted:
        day = Day(doors.world)
        await day.price("BP", "10")
        made = await quote(day, door.person_id, door.home_id)
        await accept(day, made.quote_id, door.order_id)
    told = await work(doors, await missed(door))
    assert told["status"] == "settled", told
    return dict(told["settlement"])


class TestEqual:
    @pytest.mark.parametrize(("quoted", "fen"), [(False, 7799), (True, 7799)])
    async def test_it_is_redone_from_tariff_crew_and_distance(
        self, doors: Doors, finance: AsyncClient, tmp_path: Path, quoted: bool, fen: int
    ) -> None:
        bill = await charged(doors, quoted=quoted)
        told = await prove(finance, bill)
        # 78 yuan × 2 × 1.5 at night, 33.33 % of it
        assert (told["cancellation"]["own_fee_fen"], told["result"]["patient_fen"]) == (23400, fen)
        assert (told["cancellation"]["quoted_fee_fen"] is None) != quoted
        path = tmp_path / "proof.json"
        path.write_text(json.dumps(told))
        said = CliRunner().invoke(command.app, ["--proof", str(path)])
        assert (said.exit_code, said.stdout) == (0, "一致\n")

    async def test_it_shows_what_the_charge_rests_on(self, doors: Doors, finance: AsyncClient) -> None:
        told = (await prove(finance, await charged(doors)))["evidence"]
        assert told["tariff"]["tiers"][0] == {"up_to_km": "3", "price": "78"}
        assert (len(told["crew"]), told["price_rows"], told["entitlements"]) == (2, [], [])
        assert {event["kind"] for event in told["visit"]["events"]} == {"depart", "arrive"}

    async def test_one_that_kept_its_figures_alone_is_proven_as_well(
        self, doors: Doors, finance: AsyncClient, world: World
    ) -> None:
        bill = await charged(doors)
        step = (await prove(finance, bill))["cancellation"]
        figures = {
            "format": "xunzhen.cancellation/1",
            "visit": bill["visit_id"],
            "patient": bill["person_id"],
            "service_on": bill["service_on"],
            "departed_at": step["departed_at"],
            "own_fee_fen": step["own_fee_fen"],
            "tariff_from": "2026-01-01",
            "ratio": step["ratio"],
            "quoted_fee_fen": None,
            "amount_fen": bill["gross_fen"],
        }
        async with world.owner.begin() as connection:
            await connection.exec_driver_sql(
                "update settlements set facts = $1::text::jsonb where id = $2",
                (json.dumps(figures), UUID(bill["id"])),
            )
        told = await prove(finance, bill)
        assert (told["cancellation"], told["result"]) == (step, as_result(bill))


class TestDifferent:
    async def test_the_first_place_is_named(self, doors: Doors, finance: AsyncClient) -> None:
        whole = await prove(finance, await charged(doors, quoted=True))
        for path, value, said in [
            ("rules", "xunzhen.billing-rules/0", "$.rules"),
            ("case~visit_fee_tariff~0~tiers~0~price", "79.00", "$.cancellation.own_fee_fen"),
            ("case~visits~0~distance_km", "3.1", "$.cancellation.own_fee_fen"),
            ("case~visits~0~distance_km", "5.1", "$.cancellation.own_fee_fen"),
            ("case~visits~0~staff~1", whole["case"]["visits"][0]["staff"][0], "$.cancellation.own_fee_fen"),
            ("case~visits~0~started_at", "2026-03-02T12:00:00+08:00", "$.cancellation.own_fee_fen"),
            ("cancellation~own_fee_fen", 23401, "$.cancellation.own_fee_fen"),
            ("cancellation~ratio", "0.3334", "$.result.gross_fen"),
            ("cancellation~quoted_fee_fen", 7000, "$.result.gross_fen"),
            ("cancellation~deceased_on", "2026-03-02", "$.result.gross_fen"),
            ("cancellation~in_hospital", True, "$.result.gross_fen"),
            ("reductions~groups", ["low_income"], "$.reductions.groups[0]"),
            ("result~lines~0~fundings~0~amount_fen", 7800, "$.result.lines[0].fundings[0].amount_fen"),
        ]:
            told = json.loads(json.dumps(whole))
            container, key = place(told, path)
            container[key] = value
            found = proof.check(json.dumps(told).encode())
            assert (path, found.path if found else None) == (path, said)

    async def test_what_is_malformed_names_the_place(self, doors: Doors, finance: AsyncClient) -> None:
        whole = await prove(finance, await charged(doors))
        for path, value, said in [
            ("case~events", [{"settle": whole["case"]["visits"][0]["id"]}], "$.case"),
            ("cancellation~departed_at", "2026-03-02T09:00:00", "$.cancellation.departed_at"),
            ("cancellation~departed_at", "today", "$.cancellation.departed_at"),
            ("cancellation~ratio", "1.5", "$.cancellation.ratio"),
            ("ceiling", {}, "$.ceiling"),
        ]:
            told = json.loads(json.dumps(whole))
            container, key = place(told, path)
            container[key] = value
            with pytest.raises(case.Malformed) as wrong:
                proof.check(json.dumps(told).encode())
            assert wrong.value.path == said
