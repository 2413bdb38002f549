"""Quotes: the price before the visit, its units, its right, and that the bill agrees with it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from service.accounts.rules import Role
from service.billing import errors, quoting
from service.contracts import usecases as contracts
from service.contracts.rules import Claim, Source
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from tests.billing.day import MORNING, ON, Day, as_entry, rerun
from tests.world import CENTRE


async def quote(day: Day, person_id: UUID, home_id: UUID, *items: tuple[str, int], **more: Any) -> quoting.QuoteFacts:
    fence = Fence(day.world.region_id, (day.world.institution_id,))
    asked = {"kind": "home_visit", "service_on": ON, "start_at": MORNING, "staff_count": 1, "now": MORNING, **more}
    async with transaction(day.world.house.sessions, fence, MORNING) as session:
        return await quoting.quote(
            session,
            region_id=day.world.region_id,
            institution_id=day.world.institution_id,
            person_id=person_id,
            home_id=home_id,
            items=list(items) or [("BP", 1)],
            **asked,
        )


async def accept(day: Day, quote_id: UUID, order_id: UUID) -> None:
    fence = Fence(day.world.region_id, (day.world.institution_id,))
    async with transaction(day.world.house.sessions, fence, MORNING) as session:
        await quoting.accept_quote(session, region_id=day.world.region_id, quote_id=quote_id, order_id=order_id)


def body(day: Day, person_id: UUID, **more: Any) -> dict[str, Any]:
    return {
        "institution_id": str(day.world.institution_id),
        "person_id": str(person_id),
        "kind": "home_visit",
        "start_at": "2026-03-03T09:00:00+08:00",
        "items": [{"code": "BP", "quantity": 1}],
        **more,
    }


class TestQuote:
    async def test_its_claims_are_exactly_the_programme_and_contract_units_of_the_bill(self, day: Day) -> None:
        await day.price("BP", "10", insurance_class="A")
        home_id = await day.world.add_home()
        person_id = await day.world.add_patient(home_id=home_id)
        programme_id = await day.programme(person_id, {"BP": 1})
        contract_id = await day.contract(person_id, {"BP": 2})
        await day.insure(person_id)
        quoted = await quote(day, person_id, home_id, ("BP", 4))
        assert quoted.claims == (
            Claim(Source.contract, contract_id, "BP", "contract", 2),
            Claim(Source.public_program, programme_id, "BP", "2026", 1),
        )
        assert [(part.source, part.units, part.amount_fen) for part in quoted.lines[0].fundings] == [
            ("public_program", 1, 1000),
            ("contract", 2, 2000),
            ("medical_insurance", None, 800),
            ("self_pay", None, 200),
        ]

    async def test_the_bill_is_the_quote_when_nothing_changed(self, day: Day) -> None:
        await day.price("BP", "10.55", insurance_class="A")
        await day.tariff(("3", "50"), ("8", "78"))
        home_id = await day.world.add_home(lon=CENTRE[0] + 0.04)
        person_id = await day.world.add_patient(home_id=home_id)
        await day.contract(person_id, {"BP": 1})
        await day.insure(person_id, deductible_fen=500)
        quoted = await quote(day, person_id, home_id, ("BP", 3))
        assert 3000 < quoted.distance_metres < 3600
        order_id = await day.order(person_id, [("BP", 3)], home_id=home_id, metres=quoted.distance_metres)
        await accept(day, quoted.quote_id, order_id)
        bill = await day.bill(await day.visit(person_id, ("BP", 3), home_id=home_id, order_id=order_id))
        shown = (await (await day.world.as_role(Role.dispatcher)).get(f"/quotes/{quoted.quote_id}")).json()
        assert (shown["lines"], shown["gross_fen"]) == (bill["lines"], bill["gross_fen"])
        assert (shown["order_id"], quoted.patient_fen) == (str(order_id), bill["patient_fen"])

    async def test_units_of_other_live_orders_are_gone(self, day: Day) -> None:
        await day.price("BP", "10")
        home_id = await day.world.add_home()
        person_id = await day.world.add_patient(home_id=home_id)
        await day.contract(person_id, {"BP": 1})
        first = await quote(day, person_id, home_id)
        order_id = await day.order(person_id, [("BP", 1)], home_id=home_id, state="accepted")
        fence = Fence(day.world.region_id, (day.world.institution_id,))
        async with transaction(day.world.house.sessions, fence, MORNING) as session:
            await contracts.reserve(
                session, region_id=day.world.region_id, order_id=order_id, person_id=person_id, on=ON,
                claims=first.claims,
            )  # fmt: skip
        second = await quote(day, person_id, home_id)
        assert (first.patient_fen, second.patient_fen, second.claims) == (0, 1000, ())

    async def test_the_price_is_that_of_the_service_date(self, day: Day) -> None:
        await day.price("BP", "10", valid_to=date(2026, 3, 9))
        await day.price("BP", "12", valid_from=date(2026, 3, 10))
        home_id = await day.world.add_home()
        person_id = await day.world.add_patient(home_id=home_id)
        week = timedelta(days=8)
        later = await quote(day, person_id, home_id, service_on=ON + week, start_at=MORNING + week)
        assert ((await quote(day, person_id, home_id)).gross_fen, later.gross_fen) == (1000, 1200)

    async def test_the_tariff_says_from_where_and_how_the_distance_is_counted(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff((None, "50"), distance_base="nearest_station", distance_method="road")
        await day.setting("travel.detour_factor", "2")
        home_id = await day.world.add_home(lon=CENTRE[0] + 0.01)
        person_id = await day.world.add_patient(home_id=home_id)
        by_road = await quote(day, person_id, home_id)
        assert 1720 < by_road.distance_metres < 1740  # twice 865 m

    async def test_its_evidence_gives_the_same_bill_offline(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        home_id = await day.world.add_home()
        person_id = await day.world.add_patient(home_id=home_id)
        quoted = await quote(day, person_id, home_id, staff_count=2)
        async with day.world.owner.connect() as connection:
            kept = await connection.exec_driver_sql("select bill from quotes where id = $1", (quoted.quote_id,))
            bill = kept.scalar_one()
        shown = (await (await day.world.as_role(Role.dispatcher)).get(f"/quotes/{quoted.quote_id}")).json()
        assert rerun(bill["proof"]["case"]) == as_entry(shown, quoted.quote_id)

    async def test_a_quote_serves_one_order(self, day: Day) -> None:
        await day.price("BP", "10")
        home_id = await day.world.add_home()
        quoted = await quote(day, await day.world.add_patient(home_id=home_id), home_id)
        order_id, other = [
            await day.order(await day.world.add_patient(), [("BP", 1)], home_id=home_id) for _ in range(2)
        ]
        await accept(day, quoted.quote_id, order_id)
        await accept(day, quoted.quote_id, order_id)
        with pytest.raises(errors.QuoteTaken):
            await accept(day, quoted.quote_id, other)


class TestPreview:
    async def test_asking_books_and_reserves_nothing(self, day: Day) -> None:
        client, person_id = await self._elder(day)
        await day.contract(person_id, {"BP": 1})
        answers = [(await client.post("/quotes", json=body(day, person_id))) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert [answer.json()["patient_fen"] for answer in answers] == [0, 0]
        kept = await client.get(f"/quotes/{answers[0].json()['id']}")
        assert kept.json() == answers[0].json()
        again = await client.get(kept.request.url.path[3:], headers={"If-None-Match": kept.headers["etag"]})
        assert again.status_code == 304

    async def test_the_same_key_answers_with_the_same_quote(self, day: Day) -> None:
        client, person_id = await self._elder(day)
        key = {"Idempotency-Key": "quote-1"}
        first = await client.post("/quotes", json=body(day, person_id), headers=key)
        second = await client.post("/quotes", json=body(day, person_id), headers=key)
        assert (second.json(), second.headers["Idempotency-Replayed"]) == (first.json(), "true")

    async def test_a_stranger_may_neither_ask_nor_look(self, day: Day) -> None:
        client, person_id = await self._elder(day)
        stranger = await day.world.as_role(Role.elder)
        assert (await stranger.post("/quotes", json=body(day, person_id))).status_code == 404
        made = (await client.post("/quotes", json=body(day, person_id))).json()
        assert (await stranger.get(f"/quotes/{made['id']}")).status_code == 404

    async def test_a_proxy_needs_the_right_to_book(self, day: Day) -> None:
        _, person_id = await self._elder(day)
        account_id = await day.world.add_account(Role.family_proxy)
        await day.world.add_relation(person_id, account_id, kind="proxy", rights=["view"])
        proxy = day.world.client(day.world.principal(Role.family_proxy, account_id))
        refused = await proxy.post("/quotes", json=body(day, person_id))
        assert (refused.status_code, refused.json()["code"]) == (403, "right-missing")

    async def test_staff_quote_for_their_own_institution_only(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id, other = await day.world.add_patient(), await day.world.add_institution()
        dispatcher = await day.world.as_role(Role.dispatcher)
        asked = body(day, person_id)
        assert (await dispatcher.post("/quotes", json=asked)).status_code == 201
        assert (await dispatcher.post("/quotes", json={**asked, "institution_id": str(other)})).status_code == 404

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"items": [{"code": "NONE", "quantity": 1}]}, "price-missing"),
            ({"kind": "home_bed_round"}, "provider-not-qualified"),
        ],
    )
    async def test_what_could_not_be_settled_is_not_quoted(self, day: Day, change: dict[str, Any], code: str) -> None:
        client, person_id = await self._elder(day)
        async with day.world.owner.begin() as connection:
            await connection.exec_driver_sql(
                "delete from service_modes where mode = 'home_bed' and institution_id = $1", (day.world.institution_id,)
            )
        refused = await client.post("/quotes", json=body(day, person_id, **change))
        assert (refused.status_code, refused.json()["code"]) == (409, code)
        assert refused.headers["content-type"] == "application/problem+json"

    async def test_a_service_for_two_is_quoted_for_two(self, day: Day) -> None:
        client, person_id = await self._elder(day)
        await day.tariff(("5", "78"), unit="visit_staff")
        await day.list_services("BP", staff_count=2)
        assert (await client.post("/quotes", json=body(day, person_id))).json()["visit_fee_fen"] == 15600

    async def test_the_start_decides_the_night(self, day: Day) -> None:
        client, person_id = await self._elder(day)
        await day.tariff(night={"starts_at": "18:00", "ends_at": "06:00", "multiplier": "2"})
        at_night = body(day, person_id, start_at="2026-03-03T18:00:00+08:00")
        fees = [
            (await client.post("/quotes", json=each)).json()["visit_fee_fen"]
            for each in (body(day, person_id), at_night)
        ]
        assert fees == [7800, 15600]

    @pytest.mark.parametrize(
        "change",
        [
            {"items": []},
            {"items": [{"code": "BP", "quantity": 0}]},
            {"items": [{"code": "BP"}, {"code": "BP"}]},
            {"start_at": "2026-03-03T09:00:00"},
            {"start_at": "9999-12-31T23:59:59+00:00"},
            {"kind": "picnic"},
            {"paid": True},
        ],
    )
    async def test_malformed_asks_are_422(self, day: Day, change: dict[str, Any]) -> None:
        client, person_id = await self._elder(day)
        refused = await client.post("/quotes", json=body(day, person_id, **change))
        assert (refused.status_code, refused.json()["code"]) == (422, "malformed")

    async def test_nobody_without_a_home_is_quoted(self, day: Day) -> None:
        client, person_id = await self._elder(day)
        async with day.world.owner.begin() as connection:
            await connection.exec_driver_sql("update patients set home_id = null where id = $1", (person_id,))
        assert (await client.post("/quotes", json=body(day, person_id))).json()["code"] == "home-unknown"

    async def test_an_unknown_quote_is_not_found(self, day: Day) -> None:
        client, _ = await self._elder(day)
        assert (await client.get(f"/quotes/{new_id()}")).status_code == 404

    async def _elder(self, day: Day) -> tuple[AsyncClient, UUID]:
        await day.price("BP", "10")
        person_id, account_id = await day.world.add_patient(), await day.world.add_account(Role.elder)
        await day.world.add_relation(person_id, account_id)
        return day.world.client(day.world.principal(Role.elder, account_id)), person_id
