"""The proof of a bill as the institution reads it: what it holds, whom it names, and older bills."""

import json
from uuid import UUID

import pytest
from httpx import AsyncClient

from service.accounts.rules import Role
from service.billing import proof
from service.billing.proof.document import FORMAT
from tests.billing.day import Day, as_entry, rerun
from tests.billing.proof.proofs import prove, read_proof
from tests.world import World


async def shared(day: Day) -> tuple[list[UUID], list[dict[str, object]]]:
    """Return three people of one home and the bills of the trip on which they were visited."""
    await day.price("BP", "10")
    await day.tariff()
    home_id = await day.world.add_home()
    trip_id = await day.trip(home_id)
    people = [await day.world.add_patient(home_id=home_id) for _ in range(3)]
    visits = [await day.visit(each, home_id=home_id, trip_id=trip_id) for each in people]
    return people, [await day.bill(each) for each in visits]


class TestPseudonyms:
    async def test_the_others_of_a_trip_are_not_named(self, day: Day) -> None:
        people, bills = await shared(day)
        for person_id, bill in zip(people, bills, strict=True):
            told = await prove(day.http, bill)
            case = (await day.http.get(f"/settlements/{bill['id']}/case")).json()
            assert [each["id"] for each in case["patients"]] == [str(person_id), "P2", "P3"]
            for other in set(people) - {person_id}:
                assert str(other) not in json.dumps([told, case])

    async def test_reading_names_the_patient_alone_in_the_audit_trail(self, day: Day) -> None:
        people, bills = await shared(day)
        await read_proof(day.http, bills[0])
        async with day.world.owner.connect() as connection:
            found = await connection.exec_driver_sql(
                "select person_ids from audit_entries where operation = 'read_settlement_proof'"
                " order by at desc limit 1"
            )
            assert found.scalar_one() == [people[0]]


class TestEvidence:
    async def test_it_shows_what_the_bill_rests_on(self, day: Day) -> None:
        price_id = await day.price("BP", "10", national_code="001101000010000")
        await day.price("EKG", "20")
        await day.tariff()
        limit_id = await day.limit("BP", maximum=4)
        person_id = await day.world.add_patient()
        contract_id = await day.contract(person_id, {"BP": 8})
        await day.bill(await day.visit(person_id, ("BP", 1)))
        bill = await day.bill(await day.visit(person_id, ("BP", 2), metres=2914))
        told = (await prove(day.http, bill))["evidence"]
        assert [(row["id"], row["national_code"]) for row in told["price_rows"]] == [(str(price_id), "001101000010000")]
        assert told["tariff"]["tiers"] == [{"up_to_km": "5", "price": "78"}]
        assert told["distance"] == {"metres": 2914, "note": "自机构所在地起，按直线距离计算"}
        assert [(each["practitioner_id"], len(each["licences"])) for each in told["crew"]] == [(str(day.nurse), 1)]
        entries = {
            each["source"]: (each["ref_id"], each["used_before"], each["units"], each["used_after"], each["cap"])
            for each in told["entitlements"]
        }
        assert entries == {
            "contract": (str(contract_id), 1, 2, 3, 8),
            "limit": (str(limit_id), 1, 2, 3, 4),
        }
        visit = told["visit"]
        assert (visit["visit_id"], visit["person_id"], visit["verified"]) == (bill["visit_id"], str(person_id), True)
        assert [event["kind"] for event in visit["events"]] == ["start"]
        assert told["quote"] is None

    async def test_a_reversal_shows_what_came_back(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 8})
        bill = await day.bill(await day.visit(person_id, ("BP", 2)))
        await day.reverse(bill)
        told = (await read_proof(day.http, bill))["evidence"]["entitlements"]
        assert [(each["kind"], each["used_before"], each["used_after"]) for each in told] == [
            ("consume", 0, 2),
            ("reverse", 2, 0),
        ]

    async def test_a_price_that_was_ended_since_is_still_shown(self, day: Day) -> None:
        price_id = await day.price("BP", "10")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        admin = await day.world.as_role(Role.institution_admin)
        ended = await admin.patch(
            f"/institutions/{day.world.institution_id}/prices/{price_id}", json={"valid_to": "2026-03-01"}
        )
        assert ended.status_code == 200, ended.text
        told = (await prove(day.http, bill))["evidence"]["price_rows"]
        assert [(row["id"], row["valid_to"]) for row in told] == [(str(price_id), "2026-03-01")]


class TestBillsFromBefore:
    async def test_one_that_kept_its_bare_case_is_proven_as_well(self, day: Day, world: World) -> None:
        people, bills = await shared(day)
        bill = bills[1]
        bare = (await day.http.get(f"/settlements/{bill['id']}/case")).json()
        old = json.dumps(bare).replace('"P2"', f'"{people[0]}"').replace('"P3"', f'"{people[2]}"')
        async with world.owner.begin() as connection:
            await connection.exec_driver_sql(
                "update settlements set facts = $1::text::jsonb where id = $2", (old, UUID(str(bill["id"])))
            )
        told = await prove(day.http, bill)
        assert told["format"] == FORMAT
        case = (await day.http.get(f"/settlements/{bill['id']}/case")).json()
        assert case == bare
        assert rerun(case) == as_entry(bill, UUID(str(bill["visit_id"])))


class TestWhoReads:
    async def test_another_institution_and_the_family_do_not(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        bill = await day.bill(await day.visit(person_id))
        other = await day.world.as_role(Role.finance, await day.world.add_institution())
        account_id = await day.world.add_account(Role.elder)
        await day.world.add_relation(person_id, account_id)
        elder: AsyncClient = day.world.client(day.world.principal(Role.elder, account_id))
        for who in (other, elder):
            assert (await who.get(f"/settlements/{bill['id']}/proof")).status_code == 404
        assert (await elder.get(f"/settlements/{bill['id']}")).status_code == 200


@pytest.mark.parametrize("changed", ["bill", "limit", "reduction"])
async def test_a_proof_that_was_touched_is_found_out(day: Day, changed: str) -> None:
    await day.price("BP", "10")
    await day.limit("BP")
    await day.reduce("0.5")
    bill = await day.bill(await day.visit(await day.world.add_patient(), ("BP", 3)))
    told = await read_proof(day.http, bill)
    match changed:
        case "bill":
            told["result"]["lines"][0]["fundings"][1]["amount_fen"] += 1
            path = "$.result.lines[0].fundings[1].amount_fen"
        case "limit":
            told["limits"]["rows"][0]["used"] = 1
            path = "$.limits.cut[0].quantity"
        case _:
            told["reductions"]["rows"][0]["ratio"] = "0.6"
            path = "$.reductions.applied[0].amount_fen"
    found = proof.check(json.dumps(told).encode())
    assert found is not None
    assert found.path == path
