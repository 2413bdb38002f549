"""Of a wish only those count who may come: a team or a grid is met by the staff of the visit's own institution."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from service.catalog.rules import OrderKind
from service.core.geo import Point, TravelMode
from service.core.ids import new_id
from service.orders.rules import OrderFacts, OrderState
from service.patients.rules import CareFacts, HomeFacts, Sex
from service.practitioners.rules import PractitionerRole, StaffDay, Team
from service.routing.building import DayFacts, wishes
from service.routing.building.staffing import Segment
from service.routing.building.wishes import Wish
from service.routing.problem import Window

DAY, NOON = date(2026, 3, 3), datetime(2026, 3, 3, 4, tzinfo=UTC)
HERE, THERE, PERSON, HOME = new_id(), new_id(), new_id(), new_id()
NURSE = StaffDay(
    practitioner_id=new_id(), institution_id=HERE, name="医护", role=PractitionerRole.nurse, sex=Sex.female,
    skills=frozenset(), licensed=True, lon=106.38, lat=39.02, travel_mode=TravelMode.ebike,
    shift_start=NOON, shift_end=NOON, lunch_from=None, lunch_to=None, lunch_minutes=0,
)  # fmt: skip
ORDER = OrderFacts(
    id=new_id(), order_no="1", institution_id=HERE, kind=OrderKind.home_visit, person_id=PERSON, home_id=HOME,
    state=OrderState.accepted, service_on=DAY, wished_start=NOON, wished_end=NOON + timedelta(hours=1), staff_count=1,
    items=(("REHAB", 1),), preferred_practitioner_id=None, distance_metres=None,
)  # fmt: skip


def wished(*staff: StaffDay, grid: str | None = "G", language: str | None = None, **more: Any) -> tuple[Any, Any]:
    """Return what is wished of a day's staff for somebody of team T at HERE, and who meets it."""
    home = HomeFacts(HOME, 106.38, 39.02, 1, has_lift=True, care_institution_id=None, grid=grid)
    facts = DayFacts(
        on=DAY, now=NOON, orders=(), items={}, homes={HOME: home}, priorities={}, stairs={}, paces={}, staff=(),
        care={PERSON: CareFacts(language=language)}, teams=more.pop("teams", {PERSON: Team(HERE, "T")}),
    )  # fmt: skip
    here = Point(106.38, 39.02)
    rows = {each.practitioner_id: frozenset({at}) for at, each in enumerate(staff)}
    found = wishes.who_of(
        facts, replace(ORDER, **more), [Segment(each, Window(0, 9), None, here, here) for each in staff], rows
    )
    return found.wish, found.preferred


MEMBER = replace(NURSE, team=Team(HERE, "T"))
KEEPER = replace(NURSE, grids=frozenset({"F", "G"}))


def test_everybody_of_the_team_is_wished_for_and_nobody_else() -> None:
    assert wished(NURSE, MEMBER, KEEPER, MEMBER) == (Wish.team, {1, 3})


@pytest.mark.parametrize("teams", [{}, {new_id(): Team(HERE, "T")}, {PERSON: Team(HERE, "U")}])
def test_without_a_team_on_duty_those_of_the_grid(teams: dict[Any, Team]) -> None:
    assert wished(NURSE, MEMBER, KEEPER, teams=teams) == (Wish.grid, {2})


def test_with_nobody_of_either_there_is_no_wish() -> None:
    assert wished(NURSE) == (None, None)
    assert wished(NURSE, KEEPER, grid=None) == (None, None)
    assert wished(NURSE, KEEPER, grid="H") == (None, None)


def test_another_institutions_team_of_that_name_and_keepers_cannot_come() -> None:
    theirs = [
        replace(NURSE, institution_id=THERE, team=Team(THERE, "T")),
        replace(KEEPER, institution_id=THERE),
    ]
    assert wished(*theirs) == (None, None)
    assert wished(*theirs, teams={PERSON: Team(THERE, "T")}) == (None, None)
    assert wished(*theirs, KEEPER) == (Wish.grid, {2})


def test_a_name_and_a_language_come_first() -> None:
    speaker = replace(NURSE, languages=frozenset({"hui"}))
    asked = replace(NURSE, practitioner_id=new_id())
    name: dict[str, Any] = {"preferred_practitioner_id": asked.practitioner_id}
    assert wished(MEMBER, speaker, asked, language="hui", **name) == (Wish.named, {2})
    assert wished(MEMBER, speaker, language="hui", **name) == (Wish.language, {1})
    assert wished(MEMBER, speaker, **name) == (Wish.team, {0})


def test_a_sex_that_is_no_must_comes_after_a_language_and_before_a_team() -> None:
    speaker, man = replace(NURSE, languages=frozenset({"hui"})), replace(NURSE, sex=Sex.male)
    wish: dict[str, Any] = {"staff_sex": Sex.male, "staff_sex_required": False}
    assert wished(MEMBER, man, speaker, language="hui", **wish) == (Wish.language, {2})
    assert wished(MEMBER, man, language="hui", **wish) == (Wish.sex, {1})
    assert wished(MEMBER, NURSE, **wish) == (Wish.team, {0})
    # a must is no wish: nobody else could come
    assert wished(MEMBER, man, staff_sex=Sex.male) == (Wish.team, {0})


def test_every_wish_has_its_sentence() -> None:
    assert set(wishes.SENTENCES) == set(Wish)
