"""“保持相对稳定”: a change of the visit fee is proposed with its costs, published, and approved by two others."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from service.accounts.rules import Role
from service.catalog import errors, proposals
from service.catalog.proposals import Notice, ProposalState
from service.institutions.models import SettingRow
from tests.world import NOW, World

FEE = {
    "unit": "visit",
    "tiers": [{"up_to_km": "5", "price": "50"}],
    "distance_base": "institution",
    "distance_method": "great_circle",
}
COSTS = {
    "radius_km": "5",
    "labour_cost": "62.00",
    "transport_cost": "12.50",
    "supply_and_demand": "本季度预约 310 次，可上门 260 次",
}
CHANGE = FEE | {
    "tiers": [{"up_to_km": "5", "price": "60"}],
    "valid_from": "2026-07-01",
    "costs": COSTS,
    "reason": "油价与人工成本上涨",
}


class Office:
    """An institution whose tariff began with the year: who proposes, and two who approve."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.path = f"/institutions/{world.institution_id}/tariff-proposals"
        self.tariffs = f"/institutions/{world.institution_id}/visit-fee-tariffs"
        self.chief, self.finance, self.deputy = (AsyncClient() for _ in range(3))

    @classmethod
    async def open(cls, world: World) -> "Office":
        office = cls(world)
        office.chief = await world.as_role(Role.institution_admin)
        office.finance = await world.as_role(Role.finance)
        office.deputy = await world.as_role(Role.institution_admin)
        made = await office.chief.post(office.tariffs, json=FEE | {"valid_from": "2026-01-01"})
        assert made.status_code == 201, made.text
        return office

    async def propose(self, **more: Any) -> dict[str, Any]:
        answer = await self.chief.post(self.path, json=CHANGE | more)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def approve(self, client: AsyncClient, proposal: dict[str, Any]) -> Response:
        return await client.post(f"{self.path}/{proposal['id']}/approvals")

    def wait(self, days: int) -> None:
        self.world.clock.shows = NOW + timedelta(days=days)

    async def fee_on(self, on: str) -> list[str]:
        answer = await self.chief.get(self.tariffs, params={"on": on})
        return [tier["price"] for each in answer.json()["items"] for tier in each["tiers"]]


def refused(answer: Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    return dict(answer.json())


class TestRules:
    PUBLISHED = date(2026, 3, 2)

    def notice(self, *, withdrawn: bool = False, carried_out: bool = False) -> Notice:
        return Notice(self.PUBLISHED, 7, date(2026, 3, 20), withdrawn, carried_out)

    @pytest.mark.parametrize(
        ("today", "state"),
        [
            (date(2026, 3, 2), ProposalState.on_notice),
            (date(2026, 3, 8), ProposalState.on_notice),
            (date(2026, 3, 9), ProposalState.awaiting_approval),
            (date(2026, 3, 19), ProposalState.awaiting_approval),
            (date(2026, 3, 20), ProposalState.lapsed),
        ],
    )
    def test_seven_days_of_notice_are_seven_days(self, today: date, state: ProposalState) -> None:
        assert self.notice().state_on(today) is state
        assert self.notice(withdrawn=True).state_on(today) is ProposalState.withdrawn
        assert self.notice(carried_out=True).state_on(today) is ProposalState.approved

    def test_a_day_is_left_for_the_approval_after_the_notice(self) -> None:
        proposals.refuse_hasty(date(2026, 3, 10), published_on=self.PUBLISHED, notice_days=7)
        with pytest.raises(errors.TariffNoticeTooShort) as refusal:
            proposals.refuse_hasty(date(2026, 3, 9), published_on=self.PUBLISHED, notice_days=7)
        assert refusal.value.facts["earliest"] == date(2026, 3, 10)

    def test_the_interval_counts_from_the_first_day_of_the_tariff_before(self) -> None:
        proposals.refuse_unsteady(date(2026, 6, 30), latest=date(2026, 1, 1), interval_days=180)
        proposals.refuse_unsteady(date(2026, 1, 1), latest=None, interval_days=180)
        with pytest.raises(errors.TariffTooSoon):
            proposals.refuse_unsteady(date(2026, 6, 29), latest=date(2026, 1, 1), interval_days=180)
        with pytest.raises(errors.TariffTooSoon):
            proposals.refuse_unsteady(date(2026, 1, 1), latest=date(2026, 1, 1), interval_days=0)


@pytest.mark.requirement("R051")
class TestChange:
    @pytest.mark.requirement("R230")
    async def test_after_notice_and_two_approvals_it_is_the_tariff_from_its_day(self, world: World) -> None:
        office = await Office.open(world)
        proposal = await office.propose()
        assert (proposal["state"], proposal["published_on"], proposal["notice_ends_on"]) == (
            "on_notice",
            "2026-03-02",
            "2026-03-08",
        )
        refused(await office.approve(office.finance, proposal), 409, "tariff-not-open")
        office.wait(7)
        one = (await office.approve(office.finance, proposal)).json()
        assert (one["state"], len(one["approvals"]), one["tariff_id"]) == ("awaiting_approval", 1, None)
        assert (await office.approve(office.finance, proposal)).json() == one
        two = (await office.approve(office.deputy, proposal)).json()
        assert (two["state"], len(two["approvals"])) == ("approved", 2)
        assert [await office.fee_on(on) for on in ("2026-06-30", "2026-07-01")] == [["50"], ["60"]]
        [old, new] = (await office.chief.get(office.tariffs)).json()["items"]
        assert (old["valid_to"], new["id"], new["valid_to"]) == ("2026-06-30", two["tariff_id"], None)
        third = await world.as_role(Role.finance)
        refused(await office.approve(third, proposal), 409, "tariff-not-open")

    async def test_a_second_tariff_is_not_entered_directly_even_when_the_first_has_ended(self, world: World) -> None:
        office = await Office.open(world)
        body = FEE | {"valid_from": "2026-09-01"}
        refused(await office.chief.post(office.tariffs, json=body), 409, "tariff-needs-proposal")
        [first] = (await office.chief.get(office.tariffs)).json()["items"]
        await office.chief.patch(f"{office.tariffs}/{first['id']}", json={"valid_to": "2026-05-31"})
        refused(await office.chief.post(office.tariffs, json=body), 409, "tariff-needs-proposal")

    async def test_who_proposed_does_not_approve(self, world: World) -> None:
        office = await Office.open(world)
        proposal = await office.propose()
        office.wait(7)
        refused(await office.approve(office.chief, proposal), 409, "tariff-own-proposal")

    async def test_what_was_not_approved_in_time_has_lapsed(self, world: World) -> None:
        office = await Office.open(world)
        proposal = await office.propose()
        office.wait(7)
        await office.approve(office.finance, proposal)
        world.clock.shows = NOW.replace(month=7, day=1)
        refused(await office.approve(office.deputy, proposal), 409, "tariff-not-open")
        assert await office.fee_on("2026-07-02") == ["50"]

    async def test_days_of_notice_and_interval_are_kept(self, world: World) -> None:
        office = await Office.open(world)
        hasty = await office.chief.post(office.path, json=CHANGE | {"valid_from": "2026-03-09"})
        assert refused(hasty, 409, "tariff-notice-too-short")["earliest"] == "2026-03-10"
        early = await office.chief.post(office.path, json=CHANGE | {"valid_from": "2026-06-29"})
        assert refused(early, 409, "tariff-too-soon")["earliest"] == "2026-06-30"

    @pytest.mark.parametrize(("own", "earliest"), [(30, "2026-04-02"), (3, "2026-03-13")])
    async def test_an_institution_may_bind_itself_to_more_than_the_region_asks_not_to_less(
        self, world: World, own: int, earliest: str
    ) -> None:
        office = await Office.open(world)
        rows = [("price.notice_days", 10, None), ("price.minimum_interval_days", 1, None)]
        rows.append(("price.notice_days", own, world.institution_id))
        for key, value, institution_id in rows:
            said = {"valid_from": date(2026, 1, 1), "set_by_account_id": uuid4(), "set_at": NOW}
            await world.add(
                SettingRow(region_id=world.region_id, institution_id=institution_id, key=key, value=value, **said)
            )
        hasty = await office.chief.post(office.path, json=CHANGE | {"valid_from": "2026-03-03"})
        assert refused(hasty, 409, "tariff-notice-too-short")["earliest"] == earliest

    async def test_of_two_proposals_the_second_keeps_the_interval_to_the_first(self, world: World) -> None:
        office = await Office.open(world)
        first, second = await office.propose(), await office.propose(valid_from="2026-08-01")
        office.wait(7)
        for proposal in (first, second):
            await office.approve(office.finance, proposal)
        assert (await office.approve(office.deputy, first)).status_code == 200
        refused(await office.approve(office.deputy, second), 409, "tariff-too-soon")
        assert await office.fee_on("2026-08-01") == ["60"]

    async def test_a_proposal_is_withdrawn_until_it_is_approved_and_then_never(self, world: World) -> None:
        office = await Office.open(world)
        proposal, stands = await office.propose(), await office.propose()
        because = {"because": "居民意见较多，重新测算"}
        told = await office.finance.post(f"{office.path}/{proposal['id']}/withdrawal", json=because)
        assert (told.json()["state"], told.json()["withdrawn_because"]) == ("withdrawn", because["because"])
        office.wait(7)
        refused(await office.approve(office.finance, proposal), 409, "tariff-not-open")
        for client in (office.finance, office.deputy):
            await office.approve(client, stands)
        again = await office.chief.post(f"{office.path}/{stands['id']}/withdrawal", json=because)
        refused(again, 409, "tariff-not-open")

    async def test_another_institution_sees_and_approves_nothing(self, world: World) -> None:
        office = await Office.open(world)
        proposal = await office.propose()
        stranger = await world.as_role(Role.institution_admin, await world.add_institution())
        office.wait(7)
        refused(await office.approve(stranger, proposal), 404, "not-found")
        refused(await stranger.get(office.path), 404, "not-found")
        refused(await stranger.post(office.path, json=CHANGE), 404, "not-found")
        nurse = await world.as_role(Role.nurse)
        refused(await nurse.get(office.path), 403, "forbidden")
        refused(await office.approve(office.finance, {"id": uuid4()}), 404, "not-found")
        assert [each["id"] for each in (await office.finance.get(office.path)).json()["items"]] == [proposal["id"]]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"costs": {}},
            {"costs": COSTS | {"radius_km": "0"}},
            {"costs": COSTS | {"labour_cost": None}},
            {"costs": COSTS | {"supply_and_demand": ""}},
            {"costs": COSTS | {"radius_km": "4"}},
            {"reason": ""},
            {"tiers": []},
            {"self_ratio": "0.1"},
            {"valid_to": "2027-01-01"},
        ],
    )
    async def test_a_proposal_without_its_costs_is_refused(self, world: World, wrong: dict[str, Any]) -> None:
        chief = await world.as_role(Role.institution_admin)
        path = f"/institutions/{world.institution_id}/tariff-proposals"
        refused(await chief.post(path, json=CHANGE | wrong), 422, "malformed")


class TestNotice:
    @pytest.mark.requirement("R049")
    async def test_everybody_reads_without_logging_in_what_is_proposed_and_why(self, world: World) -> None:
        office = await Office.open(world)
        proposal, gone = await office.propose(), await office.propose()
        await office.chief.post(f"{office.path}/{gone['id']}/withdrawal", json={"because": "重复"})
        path = f"/public/regions/{world.region_code}/tariff-notices"
        [told] = (await world.client().get(path)).json()["items"]
        assert (told["id"], told["state"], told["institution_name"]) == (
            proposal["id"],
            "on_notice",
            "第1社区卫生服务中心",
        )
        assert told["costs"] == COSTS | {"labour_cost": "62", "transport_cost": "12.5"}
        assert (told["tiers"], told["valid_from"], told["reason"]) == (
            CHANGE["tiers"],
            CHANGE["valid_from"],
            CHANGE["reason"],
        )
        assert not {"approvals", "proposed_by_account_id", "withdrawn_because"} & told.keys()
        other = await world.add_institution()
        code = (await office.chief.get(f"/institutions/{other}")).json()["code"]
        assert (await world.client().get(path, params={"institution": code})).json()["items"] == []
        refused(await world.client().get(path, params={"institution": "I9"}), 404, "not-found")
        refused(await world.client().get("/public/regions/nowhere/tariff-notices"), 404, "not-found")
