"""What ties visits to each other: one person's are apart, a specimen follows its visit and never a later rank."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.catalog.part_rules import PartFacts
from service.catalog.rules import ItemFacts, OrderKind
from service.core.ids import new_id
from service.orders.part_rules import Part
from service.orders.rules import OrderFacts, OrderState
from service.routing.building import DayFacts, Policy, pinning, together
from service.routing.building.facts import Promise
from service.routing.building.together import Behind
from service.routing.building.visits import Visit
from service.routing.building.windows import WHOLE_DAY, Timing
from service.routing.problem import Carer, Job, Link, Service, Window

DAY, NOON = date(2026, 3, 3), datetime(2026, 3, 3, 4, tzinfo=UTC)
HERE, THERE, PERSON = new_id(), new_id(), new_id()


def item(code: str, specimen: int | None) -> ItemFacts:
    return ItemFacts(
        code, code, 10, 1, frozenset(), frozenset(OrderKind), None, home_allowed=True, refusal_note=None,
        specimen_minutes=specimen,
    )  # fmt: skip


def visit(person_id: UUID = PERSON, *codes: str, institution_id: UUID = HERE, **more: Any) -> Visit:
    order = OrderFacts(
        id=new_id(), order_no="1", institution_id=institution_id, kind=OrderKind.home_visit, person_id=person_id,
        home_id=new_id(), state=OrderState.accepted, service_on=DAY, wished_start=NOON,
        wished_end=NOON + timedelta(hours=1), staff_count=more.pop("staff_count", 1),
        items=tuple((code, 1) for code in codes or ("REHAB",)), preferred_practitioner_id=None, distance_metres=None,
        **more,
    )  # fmt: skip
    return Visit(order, Timing((Window(0, 100),), 10))


def facts(**policies: Policy) -> DayFacts:
    items = {"REHAB": item("REHAB", None), "BLOOD": item("BLOOD", 90), "URINE": item("URINE", 60)}
    known = {HERE: policies.get("here", Policy()), THERE: policies.get("there", Policy())}
    return DayFacts(
        on=DAY, now=NOON, orders=(), items=items, homes={}, priorities={}, stairs={}, paces={}, staff=(),
        policies=known,
    )  # fmt: skip


class TestOnePersonsVisits:
    def test_are_apart_by_the_longer_gap_and_other_people_s_are_free(self) -> None:
        gaps = facts(here=Policy(minimum_gap_minutes=1), there=Policy(minimum_gap_minutes=2))
        found = together.links_of(gaps, [visit(), visit(new_id()), visit(institution_id=THERE)], [])
        assert found == (Link(0, 2, low=120, ordered=False),)

    @pytest.mark.parametrize(
        ("other", "carer"),
        [
            ({}, Carer.same),
            ({"same_staff": True}, Carer.same),
            ({"staff_count": 2}, Carer.anybody),
            ({"institution_id": THERE}, Carer.anybody),
        ],
    )
    def test_are_given_by_the_same_people_where_these_can_be_the_same(
        self, other: dict[str, Any], carer: Carer
    ) -> None:
        [link] = together.links_of(facts(), [visit(same_staff=True), visit(**other)], [])
        assert link.carer is carer


class TestSpecimens:
    def test_the_one_that_keeps_shortest_says_how_soon_it_is_handed_in(self) -> None:
        crew = visit(new_id(), "BLOOD", staff_count=2)
        own = [visit(PERSON), visit(new_id(), "BLOOD", "URINE"), visit(new_id(), "BLOOD"), crew]
        behind = together.behind_of(facts(), own)
        assert behind == (Behind(1), Behind(2), Behind(3))
        assert together.links_of(facts(), own, behind) == (
            Link(1, 4, high=3600, carer=Carer.same, bound=True),
            Link(2, 5, high=5400, carer=Carer.same, bound=True),
            Link(3, 6, high=5400, carer=Carer.same, bound=True),
        )

    @pytest.mark.parametrize(("rank", "handed_in"), [(0, 1), (1, 1), (2, 2)])
    def test_is_handed_in_before_whoever_is_infectious(self, rank: int, handed_in: int) -> None:
        job = Job("1", 7, (Window(0, 100),), (Service(600, frozenset({"a"})),), drop_penalty=9, rank=rank)
        made = together.delivery_of(facts(here=Policy(specimen_handover_minutes=5)), visit(), job, 3)
        assert (made.point, made.rank, made.drop_penalty) == (3, handed_in, 0)
        assert made.services == (Service(300, frozenset()),)


class TestParts:
    def test_follow_each_other_in_time_by_the_same_person_all_or_none(self) -> None:
        timing = Timing((Window(0, 100),), 10)
        divided = replace(visit(), parts=((Part(2, 5, 20, 30), timing), (Part(3, 5, 40, 60), timing)))
        behind = together.behind_of(facts(), [visit(new_id(), "BLOOD"), divided])
        assert behind == (Behind(0), Behind(1, 2), Behind(1, 3))
        assert together.links_of(facts(), [visit(new_id(), "REHAB"), divided], behind[1:]) == (
            Link(1, 2, low=1200, high=1800, carer=Carer.same, bound=True),
            Link(2, 3, low=2400, high=3600, carer=Carer.same, bound=True),
        )

    def test_of_a_service_that_takes_a_specimen_each_has_one_to_hand_in(self) -> None:
        timing = Timing((Window(0, 100),), 10)
        parts = (Part(2, 5, 120, 150), Part(3, 5, 60, 90))
        known = facts()
        items = {
            "CURVE": replace(known.items["BLOOD"], code="CURVE", specimen_minutes=30, parts=(PartFacts(5, 120, 150),)),
            "SOAK": replace(known.items["REHAB"], code="SOAK", parts=(PartFacts(5, 60, 90),) * 2),
        }
        known = replace(known, items={**known.items, **items})
        divided = replace(visit(new_id(), "CURVE", "SOAK", "BLOOD"), parts=tuple((each, timing) for each in parts))
        behind = together.behind_of(known, [divided])
        # nothing is taken the third time
        assert behind == (Behind(0, of=1), Behind(0, of=2), Behind(0, 2), Behind(0, 3))
        links = together.links_of(known, [divided], behind)
        assert [(each.first, each.second, each.high) for each in links if each.second in {1, 2}] == [
            (0, 1, 30 * 60), (3, 2, 30 * 60),
        ]  # fmt: skip
        assert all(each.bound and each.carer is Carer.same for each in links)
        job = Job("7", 7, (Window(0, 100),), (Service(600, frozenset({"a"})),))
        assert together.delivery_of(known, divided, job, 3, 2).id == "7（第2次/共3次）（送标本）"

    def test_are_kept_apart_from_the_persons_other_visits_as_the_first_is(self) -> None:
        divided = replace(visit(), parts=((Part(2, 5, 20, 30), Timing((Window(0, 100),), 10)),))
        own = [visit(), divided]
        apart = together.links_of(facts(here=Policy(minimum_gap_minutes=3)), own, together.behind_of(facts(), own))
        assert apart[:2] == (Link(0, 1, low=180, ordered=False), Link(0, 2, low=180, ordered=False))


class TestPins:
    def test_keep_who_of_a_crew_hands_in_and_when(self) -> None:
        one, other, order = new_id(), new_id(), new_id()
        handed_in = {1: (NOON + timedelta(hours=1), other)}
        promise = Promise(NOON, frozenset({one, other}), deliveries=handed_in)
        known = replace(facts(), pins={order: promise})
        rows = {one: frozenset({0}), other: frozenset({1, 2})}
        job = Job("1", 7, (WHOLE_DAY,), (Service(600, frozenset()),), drop_penalty=9)
        delivery = pinning.pinned(known, order, job, rows, Behind(0))
        assert (delivery.allowed_staff, delivery.windows) == (frozenset({1, 2}), (Window(13 * 3600, 13 * 3600),))
        assert pinning.pinned(known, order, job, rows, None).allowed_staff == frozenset({0, 1, 2})
