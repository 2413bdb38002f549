"""Visit-fee tariffs: what the database refuses to plain SQL of the application's role, and to races."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.core.problems import Refusal
from tests.world import NOW, World

TIERS = '[{"up_to_km": "5", "price": "60"}]'
_TARIFF = text(
    "insert into visit_fee_tariffs (region_id, id, institution_id, valid_from, unit, tiers, insurance_class,"
    " self_ratio, distance_base, distance_method, proposal_id) values (:region, :id, :institution, :valid_from,"
    " 'visit', cast(:tiers as jsonb), 'C', 0, 'institution', 'great_circle', :proposal)"
)
_PROPOSAL = text(
    "insert into tariff_proposals (region_id, id, institution_id, valid_from, unit, tiers, insurance_class,"
    " self_ratio, distance_base, distance_method, radius_km, labour_cost, transport_cost, supply_and_demand, reason,"
    " published_on, notice_days, interval_days, proposed_by_account_id, proposed_at) values (:region, :id,"
    " :institution, :valid_from, 'visit', cast(:tiers as jsonb), 'C', 0, 'institution', 'great_circle', 5, 1, 1, 'x',"
    " 'x', :published, 7, 180, :account, :now)"
)
_APPROVAL = text(
    "insert into tariff_approvals (region_id, institution_id, proposal_id, account_id, approved_at)"
    " values (:region, :institution, :proposal, :account, :now)"
)
_MAKE_ROOM = text("update visit_fee_tariffs set valid_to = '2026-06-30' where true")
JULY = date(2026, 7, 1)


@dataclass
class Books:
    """An institution with a tariff since January, and the accounts of its people; everything by plain SQL."""

    world: World
    people: list[UUID]

    async def run(self, sql: Any, *, by: int = 0, **facts: Any) -> str:
        """Run a statement on a connection of its own as one of the people; return what came of it."""
        fence = Fence(self.world.region_id, (self.world.institution_id,), self.people[by])
        asked = {
            "region": self.world.region_id, "institution": self.world.institution_id, "id": new_id(), "tiers": TIERS,
            "account": self.people[by], "now": self.world.clock.now(), "proposal": None,
        } | facts  # fmt: skip
        try:
            async with transaction(self.world.house.sessions, fence, self.world.clock.now()) as session:
                await session.execute(sql, {name: asked[name] for name in sql.compile().params})
                await asyncio.sleep(0.02)
        except Refusal as refused:
            return refused.code()
        except DBAPIError as refused:
            return str(getattr(refused.orig, "sqlstate", ""))
        return "done"

    async def propose(self, valid_from: date = JULY) -> UUID:
        proposal = new_id()
        assert await self.run(_PROPOSAL, id=proposal, valid_from=valid_from, published=date(2026, 3, 2)) == "done"
        return proposal

    async def approve(self, proposal: UUID, *by: int) -> list[str]:
        return [await self.run(_APPROVAL, by=each, proposal=proposal) for each in by]

    async def enact(self, proposal: UUID | None, valid_from: date = JULY, **facts: Any) -> str:
        return await self.run(_TARIFF, proposal=proposal, valid_from=valid_from, **facts)

    async def make_room(self) -> None:
        """End the first tariff so that only the rule on proposals is in the way of another."""
        assert await self.run(_MAKE_ROOM) == "done"

    def wait(self, days: int) -> None:
        self.world.clock.shows = NOW + timedelta(days=days)


@pytest.fixture
async def books(world: World) -> Books:
    people = [await world.add_account(Role.institution_admin, world.institution_id) for _ in range(4)]
    found = Books(world, people)
    assert await found.enact(None, date(2026, 1, 1)) == "done"
    await found.make_room()
    return found


class TestProposalNeeded:
    async def test_of_first_tariffs_at_once_one_stands_though_their_days_do_not_meet(self, world: World) -> None:
        books = Books(world, [await world.add_account(Role.institution_admin, world.institution_id)])
        ended = text(
            _TARIFF.text.replace("proposal_id)", "proposal_id, valid_to)").replace(
                ":proposal)", ":proposal, :valid_from)"
            )
        )
        days = [date(2026, month, 1) for month in range(1, 7)]
        outcomes = await asyncio.gather(*[books.run(ended, valid_from=day) for day in days])
        assert sorted(outcomes) == ["done"] + ["tariff-needs-proposal"] * 5

    async def test_passing_over_turns_does_not_pass_over_the_rule(self, world: World) -> None:
        books = Books(world, [await world.add_account(Role.institution_admin, world.institution_id)])
        fence = Fence(world.region_id, (world.institution_id,), books.people[0])
        facts = {"region": world.region_id, "institution": world.institution_id, "tiers": TIERS, "proposal": None}
        with pytest.raises(Refusal, match="相对稳定"):
            async with transaction(world.house.sessions, fence, NOW) as session:
                await session.execute(text("select set_config('app.turns', 'off', true)"))
                await session.execute(_TARIFF, facts | {"id": new_id(), "valid_from": date(2026, 1, 1)})
                await session.execute(_MAKE_ROOM)
                await session.execute(_TARIFF, facts | {"id": new_id(), "valid_from": date(2026, 9, 1)})

    async def test_a_later_tariff_without_a_proposal_is_refused(self, books: Books) -> None:
        assert await books.enact(None) == "tariff-needs-proposal"

    async def test_two_approvals_of_others_are_needed(self, books: Books) -> None:
        proposal = await books.propose()
        books.wait(7)
        assert await books.enact(proposal) == "tariff-needs-proposal"
        assert await books.approve(proposal, 0) == ["tariff-own-proposal"]
        assert await books.approve(proposal, 1, 1) == ["done", "collision"]
        assert await books.enact(proposal) == "tariff-needs-proposal"
        assert await books.approve(proposal, 2) == ["done"]
        assert await books.enact(proposal) == "done"

    async def test_nobody_approves_in_another_s_name(self, books: Books) -> None:
        proposal = await books.propose()
        books.wait(7)
        insufficient_privilege = "42501"
        said = await books.run(_APPROVAL, by=1, proposal=proposal, account=books.people[2])
        assert said == insufficient_privilege
        said = await books.run(_PROPOSAL, by=1, valid_from=JULY, published=date(2026, 3, 9), account=books.people[2])
        assert said == insufficient_privilege

    async def test_the_tariff_is_the_one_that_was_published(self, books: Books) -> None:
        proposal = await books.propose()
        books.wait(7)
        assert await books.approve(proposal, 1, 2) == ["done", "done"]
        dearer = '[{"up_to_km": "5", "price": "99"}]'
        assert await books.enact(proposal, tiers=dearer) == "tariff-needs-proposal"
        assert await books.enact(proposal, date(2026, 7, 2)) == "tariff-needs-proposal"
        insufficient_privilege = "42501"
        rewrite = text("update tariff_proposals set tiers = cast(:tiers as jsonb)")
        assert await books.run(rewrite, tiers=dearer) == insufficient_privilege

    async def test_a_proposal_is_carried_out_once_by_however_many_at_once(self, books: Books) -> None:
        proposal = await books.propose()
        books.wait(7)
        await books.approve(proposal, 1, 2)
        outcomes = await asyncio.gather(*(books.enact(proposal) for _ in range(6)))
        assert sorted(outcomes)[0] == "done"
        assert outcomes.count("done") == 1

    async def test_withdrawing_and_carrying_out_at_once_do_not_both_happen(self, books: Books) -> None:
        proposal = await books.propose()
        books.wait(7)
        await books.approve(proposal, 1, 2)
        withdraw = text(
            "update tariff_proposals set withdrawn_at = :now, withdrawn_because = 'x',"
            " withdrawn_by_account_id = :account"
        )
        enacted, withdrawn = await asyncio.gather(books.enact(proposal), books.run(withdraw))
        assert sorted([enacted, withdrawn])[0] in {"done", "tariff-needs-proposal"}
        assert (enacted == "done") != (withdrawn == "done")


class TestDaysKept:
    async def test_the_notice_is_over_before_anybody_approves_and_not_too_late(self, books: Books) -> None:
        proposal = await books.propose()
        books.wait(6)
        assert await books.approve(proposal, 1) == ["tariff-not-open"]
        books.world.clock.shows = NOW.replace(month=7, day=1)
        assert await books.approve(proposal, 1) == ["tariff-not-open"]

    async def test_it_is_published_today_and_announced_for_all_its_days(self, books: Books) -> None:
        backdated = await books.run(_PROPOSAL, valid_from=JULY, published=date(2026, 2, 1))
        check_violation = "23514"
        assert backdated == check_violation
        hasty = await books.run(_PROPOSAL, valid_from=date(2026, 3, 9), published=date(2026, 3, 2))
        assert hasty == "tariff-notice-too-short"

    async def test_the_interval_is_kept(self, books: Books) -> None:
        first, second = await books.propose(), await books.propose(date(2026, 8, 1))
        books.wait(7)
        for proposal in (first, second):
            assert await books.approve(proposal, 1, 2) == ["done", "done"]
        assert await books.enact(first) == "done"
        shortened = text("update visit_fee_tariffs set valid_to = '2026-07-31' where proposal_id = :proposal")
        assert await books.run(shortened, proposal=first) == "done"
        assert await books.enact(second, date(2026, 8, 1)) == "tariff-too-soon"

    async def test_it_does_not_begin_in_the_past(self, books: Books) -> None:
        proposal = await books.propose()
        books.wait(7)
        await books.approve(proposal, 1, 2)
        books.world.clock.shows = NOW.replace(month=7, day=1)
        assert await books.enact(proposal) == "tariff-needs-proposal"


class TestStandingTariffs:
    async def test_only_the_end_of_one_changes_and_only_to_an_earlier_day(self, books: Books) -> None:
        insufficient_privilege = "42501"
        dearer = text("update visit_fee_tariffs set tiers = cast(:tiers as jsonb)")
        assert await books.run(dearer, tiers="[]") == insufficient_privilege
        assert await books.run(text("delete from visit_fee_tariffs")) == insufficient_privilege
        for day in ("'2026-12-31'", "null"):
            assert await books.run(text(f"update visit_fee_tariffs set valid_to = {day}")) == "ending-invalid"
        assert await books.run(text("update visit_fee_tariffs set valid_to = '2026-05-31'")) == "done"
