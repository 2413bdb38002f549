"""Nobody can forget the audit trail: tables are sorted, transactions watched, requests witnessed."""

import ast
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service import schema
from service.accounts.rules import Role
from service.core.audit import statements
from tests.scenarios.test_walking_day import Story
from tests.world import World

ABOUT_NOBODY = {
    # the trail itself, and the queue's count of attempts
    "audit_entries", "audit_seals", "audit_checks", "job_attempts",
    # how the region and its institutions are set up
    "regions", "districts", "institutions", "stations", "service_modes", "setting_rows", "dispatch_areas",
    "overflow_agreements",
    "institution_designations", "institution_levels",
    # what is offered, and at what price
    "service_items", "insurance_rules", "ltci_rules", "programmes", "programme_items", "packages",
    "package_items", "price_rows", "price_limits", "reduction_rules",
    "visit_fee_tariffs", "tariff_proposals", "tariff_approvals", "per_diem_agreements",
    # those who work here, their log-ins and shifts
    "accounts", "account_institutions", "refresh_tokens", "practitioners", "qualifications", "shifts", "absences",
    "vehicles", "vehicle_bookings",
    "sessions", "log_in_attempts", "old_passwords", "second_factors", "second_factor_uses", "recovery_codes",
    # the words that notices are made of
    "notice_templates",
    # the books: sums of bills, numbers of invoices; the bills are about people
    "journal_entries", "journal_lines", "invoice_counters", "invoices",
    # a day's plan as a whole; its stops are about people
    "plans", "plan_routes", "plan_tours", "period_plans",
}  # fmt: skip
"""Tables whose reading leaves no row. Whoever adds a table decides here, or leads it to a person by a foreign key."""

OPENS_SESSIONS = {
    "service/core/db/session.py": "transaction(): leaves the row",
    "service/core/jobs/attempts.py": "counts the attempts of jobs",
    "service/core/metrics.py": "counts the queue",
    "service/core/health.py": "asks whether the database answers",
}


def test_every_table_is_either_about_people_or_known_to_be_about_nobody() -> None:
    about_people = statements.tables_about_people()
    every = {table.name for table in schema.METADATA.tables.values()}
    assert about_people & ABOUT_NOBODY == set()
    assert about_people | ABOUT_NOBODY == every


def test_nobody_opens_a_session_beside_the_watched_transaction() -> None:
    found = set()
    for path in Path("service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in {"sessions", "AsyncSession", "Session"}:
                found.add(str(path))
    assert found == set(OPENS_SESSIONS)


@pytest.mark.database
class TestTheWitness:
    async def test_the_day_from_booking_to_bill_left_a_row_of_every_request(
        self, world: World, owner_engine: AsyncEngine
    ) -> None:
        story = Story(world)
        await story.set_the_scene()
        booked = await story.book("08:30", "10:00")
        await story.plan()
        visit_id = await story.visit(booked["order"]["id"])
        await story.bill(story.daughter, visit_id)
        routes = {each.route for each in world.witness.seen}
        assert len(routes) >= 15
        assert await world.witness.faults(owner_engine, world.region_id) == []

    async def test_it_would_tell_of_a_request_that_left_none(self, world: World, owner_engine: AsyncEngine) -> None:
        client = await world.as_role(Role.dispatcher)
        person = await world.add_patient()
        assert (await client.get(f"/patients/{person}")).status_code == 200
        body = {"key_group": "chronic", "valid_from": "2026-01-01"}
        assert (await client.post(f"/patients/{person}/key-groups", json=body)).status_code == 201
        assert await world.witness.faults(owner_engine, world.region_id) == []
        async with owner_engine.begin() as connection:
            mine = text("delete from audit_entries where region_id = :region")
            await connection.execute(mine, {"region": world.region_id})
        faults = await world.witness.faults(owner_engine, world.region_id)
        assert sorted(faults) == [
            "GET /v1/patients/{id} showed 1 people and left no row",
            "POST /v1/patients/{id}/key-groups left no row",
        ]
        world.witness.seen.clear()

    async def test_it_would_tell_of_a_row_that_does_not_name_the_person(
        self, world: World, owner_engine: AsyncEngine
    ) -> None:
        client = await world.as_role(Role.dispatcher)
        person = await world.add_patient()
        assert (await client.get(f"/patients/{person}")).status_code == 200
        async with owner_engine.begin() as connection:
            nameless = text("update audit_entries set person_ids = '{}' where region_id = :region")
            await connection.execute(nameless, {"region": world.region_id})
        faults = await world.witness.faults(owner_engine, world.region_id)
        assert faults == ["GET /v1/patients/{id} showed people whom its row does not name"]
        world.witness.seen.clear()
