"""Reading bills over HTTP: whose they are, how they are listed, and that the sums agree."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.billing.day import MORNING, Day

TOTALS = "/reports/settlement-totals"


async def account_of(day: Day, person_id: UUID, role: Role, **relation: Any) -> AsyncClient:
    account_id = await day.world.add_account(role)
    await day.world.add_relation(person_id, account_id, **relation)
    return day.world.client(day.world.principal(role, account_id))


class TestReading:
    async def test_an_elder_reads_his_own_bill_with_its_reasons(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        visit_id = await day.visit(person_id)
        bill = await day.bill(visit_id)
        elder = await account_of(day, person_id, Role.elder)
        assert (await elder.get(f"/settlements/{bill['id']}")).json() == bill
        assert (await elder.get(f"/visits/{visit_id}/settlement")).json()["settlement"] == bill
        assert [each["id"] for each in (await elder.get("/settlements")).json()["items"]] == [bill["id"]]
        assert bill["lines"][0]["fundings"][0]["reason"] == "BP没有可用的经费来源，您自付10.00元"

    async def test_the_evidence_is_for_the_institution_for_it_tells_of_the_neighbours(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        bill = await day.bill(await day.visit(person_id))
        elder = await account_of(day, person_id, Role.elder)
        assert (await elder.get(f"/settlements/{bill['id']}/case")).status_code == 404

    @pytest.mark.parametrize(("rights", "status"), [(["view"], 200), (["pay"], 200), (["book"], 404)])
    async def test_a_proxy_sees_it_with_the_right_to_view_or_pay(
        self, day: Day, rights: list[str], status: int
    ) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        visit_id = await day.visit(person_id)
        bill = await day.bill(visit_id)
        proxy = await account_of(day, person_id, Role.family_proxy, kind="proxy", rights=rights)
        assert (await proxy.get(f"/settlements/{bill['id']}")).status_code == status
        assert (await proxy.get(f"/visits/{visit_id}/settlement")).status_code == status
        assert len((await proxy.get("/settlements")).json()["items"]) == (status == 200)

    async def test_another_elder_sees_nothing(self, day: Day) -> None:
        await day.price("BP", "10")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        stranger = await account_of(day, await day.world.add_patient(), Role.elder)
        assert (await stranger.get(f"/settlements/{bill['id']}")).status_code == 404
        assert (await stranger.get("/settlements")).json()["items"] == []

    async def test_a_bill_read_again_is_not_sent_again(self, day: Day) -> None:
        await day.price("BP", "10")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        first = await day.http.get(f"/settlements/{bill['id']}")
        again = await day.http.get(f"/settlements/{bill['id']}", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        await day.reverse(bill)
        changed = await day.http.get(f"/settlements/{bill['id']}", headers={"If-None-Match": first.headers["etag"]})
        assert (changed.status_code, changed.json()["reversed"]) == (200, True)

    async def test_the_list_is_narrowed_and_paged(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id, other = [await day.world.add_patient() for _ in range(2)]
        days = [MORNING, MORNING + timedelta(days=1), MORNING + timedelta(days=1)]
        bills = [
            await day.bill(await day.visit(who, start=at))
            for who, at in zip((person_id, person_id, other), days, strict=True)
        ]
        ids = [bill["id"] for bill in bills]
        assert await self._ids(day, {}) == ids
        assert await self._ids(day, {"person_id": str(person_id)}) == ids[:2]
        assert await self._ids(day, {"service_on": "2026-03-03"}) == ids[1:]
        first = (await day.http.get("/settlements", params={"limit": 2})).json()
        rest = (await day.http.get("/settlements", params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [each["id"] for each in first["items"] + rest["items"]] == ids
        assert rest["next_cursor"] is None

    async def test_settling_by_hand_with_a_key_is_answered_twice_and_done_once(self, day: Day) -> None:
        await day.price("BP", "10")
        visit_id = await day.visit(await day.world.add_patient())
        key = {"Idempotency-Key": "settle-1"}
        first, second = [await day.http.post(f"/visits/{visit_id}/settlement", headers=key) for _ in range(2)]
        assert (first.status_code, second.status_code, second.json()) == (201, 201, first.json())
        assert second.headers["Idempotency-Replayed"] == "true"

    async def test_what_is_unknown_is_not_found(self, day: Day) -> None:
        for path in ("/settlements/{}", "/settlements/{}/case", "/visits/{}/settlement"):
            assert (await day.http.get(path.format(new_id()))).status_code == 404
        assert (await day.http.post(f"/visits/{new_id()}/settlement")).status_code == 404
        unknown = await day.http.post(f"/settlements/{new_id()}/reversal", json={"reason": "更正"})
        assert unknown.status_code == 404
        empty = await day.http.post(f"/settlements/{new_id()}/reversal", json={"reason": " "})
        assert empty.status_code == 422

    async def _ids(self, day: Day, asked: dict[str, str]) -> list[str]:
        return [each["id"] for each in (await day.http.get("/settlements", params=asked)).json()["items"]]


class TestTotals:
    async def test_lines_equal_payers_and_reversed_bills_are_out(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.price("DRESSING", "100", insurance_class="A")
        await day.tariff()
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 2})
        await day.insure(person_id)
        asked = [[("BP", 3), ("DRESSING", 1)], [("BP", 1)], [("DRESSING", 2)]]
        bills = [await day.bill(await day.visit(person_id, *items)) for items in asked]
        await day.reverse(bills[2])
        told = (await day.http.get(TOTALS, params={"from": "2026-03-01", "to": "2026-03-31"})).json()
        assert told["bills"] == 2
        assert told["gross_fen"] == told["lines_fen"] == told["paid_fen"] == sum(b["gross_fen"] for b in bills[:2])
        assert told["services_fen"] + told["visit_fee_fen"] == told["gross_fen"]
        by_source = {each["source"]: (each["parts"], each["amount_fen"]) for each in told["by_source"]}
        assert by_source["contract"] == (1, 2000)
        assert by_source["medical_insurance"] == (1, 8000)
        assert by_source["self_pay"][1] == told["patient_fen"] == sum(b["patient_fen"] for b in bills[:2])
        assert (told["prevented_parts"], told["prevented_fen"]) == (1, 2000)

    async def test_other_days_and_other_institutions_are_not_in_it(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.bill(await day.visit(await day.world.add_patient()))
        april = (await day.http.get(TOTALS, params={"from": "2026-04-01", "to": "2026-04-30"})).json()
        stranger = await day.world.as_role(Role.finance, await day.world.add_institution())
        march = (await stranger.get(TOTALS, params={"from": "2026-03-01", "to": "2026-03-31"})).json()
        assert (april["bills"], march["bills"], march["gross_fen"]) == (0, 0, 0)

    async def test_an_elder_has_no_report(self, day: Day) -> None:
        elder = await account_of(day, await day.world.add_patient(), Role.elder)
        assert (await elder.get(TOTALS, params={"from": "2026-03-01", "to": "2026-03-31"})).status_code == 404

    @pytest.mark.parametrize(
        ("first", "last", "status"),
        [("2026-03-02", "2026-03-01", 422), ("2026-01-01", "2027-01-02", 422), ("2026-01-01", "2026-12-31", 200),
         ("0001-01-01", "9999-12-31", 422), ("x", "2026-03-01", 422)],
    )  # fmt: skip
    async def test_a_report_covers_at_most_a_year(self, day: Day, first: str, last: str, status: int) -> None:
        assert (await day.http.get(TOTALS, params={"from": first, "to": last})).status_code == status
