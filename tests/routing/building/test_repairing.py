"""A day is divided, planned anew and put together again: what people have begun stays, and binds what comes after.

Places are minutes of travel on one line, times "HH:MM"; nothing is searched for: the plan is mended at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from service.catalog.crew_rules import CrewSync
from service.catalog.rules import ItemFacts, OrderKind
from service.core.clock import LOCAL, at_local
from service.core.geo import Point, TravelMode
from service.core.ids import new_id
from service.gateways.maps import Pace, TravelMatrix
from service.orders.rules import OrderFacts, OrderState
from service.patients.rules import CareFacts, HomeFacts, Precaution, Sex
from service.practitioners.rules import PractitionerRole, StaffDay
from service.routing import building, referee, validation
from service.routing.building import Busy, DayFacts, Policy, Told, rejoining, repairing, resuming
from service.routing.building.recalling import row_of
from service.routing.building.repairing import Disruption, Split
from service.routing.building.retelling import PersonDay
from service.routing.changing import mending
from service.routing.problem import Plan, Problem
from service.routing.states import StopKind

DAY, HERE = date(2026, 3, 3), new_id()
LABORATORY = 20


def at(clock: str) -> datetime:
    return at_local(DAY, time.fromisoformat(clock))


def place(minutes: int) -> Point:
    return Point(100 + minutes / 1000, 39)


def item(code: str, specimen: int | None = None) -> ItemFacts:
    return ItemFacts(
        code, code, 30, 1, frozenset(), frozenset(OrderKind), None, home_allowed=True, refusal_note=None,
        specimen_minutes=specimen,
    )  # fmt: skip


def nurse(**more: Any) -> StaffDay:
    return replace(
        StaffDay(
            practitioner_id=new_id(), institution_id=HERE, name="医护", role=PractitionerRole.nurse, sex=Sex.female,
            skills=frozenset(), licensed=True, lon=100, lat=39, travel_mode=TravelMode.ebike, shift_start=at("08:00"),
            shift_end=at("17:00"), lunch_from=None, lunch_to=None, lunch_minutes=0,
        ),
        **more,
    )  # fmt: skip


def told(who: StaffDay, order: OrderFacts | None, start: str, end: str, travel: int, **more: Any) -> Told:
    return Told(who.practitioner_id, order.id if order else None, at(start), at(end), travel * 60, **more)


@dataclass
class Mended:
    """A day put together again."""

    parts: Split
    problem: Problem
    plan: Plan
    people: list[PersonDay]
    rest: Problem

    def times(self, who: StaffDay) -> list[tuple[str, str, str]]:
        """Return what somebody does: the kind, from, to."""
        [found] = [each for each in self.people if each.staff.practitioner_id == who.practitioner_id]
        clocks = [(each.kind.value, at_clock(each.start_at), at_clock(each.end_at)) for each in found.stops]
        assert clocks == sorted(clocks, key=lambda each: each[1:])
        return clocks

    def who(self, order: OrderFacts) -> list[UUID]:
        """Return who comes for an order."""
        return [
            each.staff.practitioner_id
            for each in self.people
            for stop in each.stops
            if stop.order is not None and stop.order.id == order.id
        ]


def at_clock(moment: datetime) -> str:
    return moment.astimezone(LOCAL).strftime("%H:%M")


class Morning:
    """A day of some nurses, to which homes and orders are added."""

    def __init__(self, *staff: StaffDay, **policy: Any) -> None:
        self.staff, self.orders, self.begun = staff, list[OrderFacts](), list[OrderFacts]()
        self.homes, self.care = dict[UUID, HomeFacts](), dict[UUID, CareFacts]()
        self.busy, self.policy = list[Busy](), Policy(changed_price_minutes=30, moved_price_minutes=10, **policy)

    def order(
        self, where: int, start: str, end: str, code: str = "REHAB", *, precaution: Precaution = Precaution.none,
        begun: bool = False, **more: Any,
    ) -> OrderFacts:  # fmt: skip
        home, person = new_id(), more.pop("person_id", new_id())
        self.homes[home] = HomeFacts(home, place(where).lon, 39, 1, has_lift=False, care_institution_id=None)
        self.care[person] = CareFacts(precaution=precaution)
        made = OrderFacts(
            id=new_id(), order_no=f"{len(self.homes)}", institution_id=HERE, kind=OrderKind.home_visit,
            person_id=person, home_id=home, state=OrderState.in_progress if begun else OrderState.scheduled,
            service_on=DAY, wished_start=at(start), wished_end=at(end), staff_count=more.pop("staff_count", 1),
            items=((code, 1),), preferred_practitioner_id=None, distance_metres=None, **more,
        )  # fmt: skip
        (self.begun if begun else self.orders).append(made)
        return made

    def facts(self) -> DayFacts:
        return DayFacts(
            on=DAY, now=at("00:00"), orders=tuple(self.orders), begun=tuple(self.begun),
            items={each: item(each, 600 if each == "BLOOD" else None) for each in ("REHAB", "BLOOD")},
            homes=self.homes, priorities={each.id: 100 for each in self.orders}, stairs={HERE: 0},
            paces={HERE: {TravelMode.ebike: Pace(1.0, 10.0, 0)}}, staff=self.staff, busy=tuple(self.busy),
            care=self.care, policies={HERE: self.policy}, laboratories={HERE: place(LABORATORY)},
        )  # fmt: skip

    def mend(self, stops: Sequence[Told], until: str, **happened: Any) -> Mended:
        """Divide the day, mend its rest, put it together, have it judged and retell it."""
        parts = repairing.split(self.facts(), stops, Disruption(at(until), **happened))
        rest = building.draw(parts.rest)
        plain = building.problem_of(rest, [each.seconds for each in travel(rest)])
        before = building.recall(rest, plain, stops)
        problem = resuming.bound(parts, rest, plain, before)
        validation.check(problem)
        found = mending.mend(problem, before)
        day, plan = rejoining.rejoin(parts, rest, problem.jobs, found)
        whole = building.problem_of(day, [each.seconds for each in travel(day)])
        verdict = referee.check_plan(whole, plan)
        assert verdict.feasible, verdict.violations
        assert rejoining.is_kept(parts, day, plan)
        return Mended(parts, whole, plan, building.retell_people(day, whole, plan, travel(day)), problem)


def travel(day: building.Day) -> list[TravelMatrix]:
    lon = np.array([each.lon for each in day.points])
    minutes = np.rint(np.abs(lon[:, None] - lon[None, :]) * 1000).astype(np.int64)
    return [
        TravelMatrix("线", minutes * 60, minutes * 1000, np.zeros(minutes.shape, dtype=np.bool_)) for _ in day.means
    ]


class TestSpecimens:
    def test_one_of_a_visit_that_has_begun_is_handed_in_and_nobody_is_sent_elsewhere_then(self) -> None:
        who = nurse()
        day = Morning(who)
        drawn = day.order(10, "08:00", "09:00", "BLOOD", begun=True)
        day.busy = [
            Busy(who.practitioner_id, at("08:10"), at("08:40"), place(11)),
            Busy(who.practitioner_id, at("10:00"), at("10:10"), place(LABORATORY), drawn.id, 600),
        ]
        later = day.order(0, "09:00", "11:00")
        found = day.mend([told(who, drawn, "08:10", "08:40", 10), told(who, later, "09:00", "09:30", 10)], "08:30")
        assert found.times(who) == [("visit", "09:00", "09:30")]
        assert found.parts.stranded == ()
        [row] = [each for each, route in zip(found.problem.staff, found.plan.routes, strict=True) if route.stops]
        assert row.shift is not None
        assert row.shift.end == 10 * 3600

    def test_one_is_named_whose_carrier_is_away_before_it_is_handed_in(self) -> None:
        who = nurse()
        day = Morning(who)
        begun = day.order(10, "08:00", "09:00", "BLOOD", begun=True)
        taken = day.order(10, "08:40", "09:30", "BLOOD")
        day.busy = [
            Busy(who.practitioner_id, at("08:10"), at("08:40"), place(10)),
            Busy(who.practitioner_id, at("10:00"), at("10:10"), place(LABORATORY), begun.id, 600),
        ]
        stops = [
            told(who, begun, "08:10", "08:40", 10),
            told(who, taken, "08:40", "09:10", 0),
            told(who, None, "10:10", "10:20", 0, kind=StopKind.delivery, specimen_of=taken.id),
        ]
        found = day.mend(stops, "09:00", absent={who.practitioner_id: at("10:05")})
        assert set(found.parts.stranded) == {begun.id, taken.id}
        assert found.times(who) == [("visit", "08:40", "09:10")]
        assert day.mend(stops, "09:00").parts.stranded == ()

    def test_one_that_is_handed_in_later_lets_visits_in_between_and_the_ways_are_told(self) -> None:
        who = nurse()
        day = Morning(who, specimen_handover_minutes=0)
        taken, between, after = (
            day.order(10, "08:00", "09:00", "BLOOD"),
            day.order(15, "08:30", "10:00"),
            day.order(25, "10:00", "12:00"),
        )
        stops = [
            told(who, taken, "08:10", "08:40", 10),
            told(who, between, "08:45", "09:15", 5),
            told(who, None, "09:20", "09:20", 5, kind=StopKind.delivery, specimen_of=taken.id),
            told(who, after, "10:00", "10:30", 5),
        ]
        found = day.mend(stops, "08:30")
        assert found.times(who) == [
            ("visit", "08:10", "08:40"),
            ("visit", "08:45", "09:15"),
            ("delivery", "09:20", "09:20"),
            ("visit", "10:00", "10:30"),
        ]
        [person] = found.people
        assert [each.travel_seconds // 60 for each in person.stops] == [10, 5, 5, 5]
        assert (person.home_seconds // 60, person.travel_seconds // 60) == (25, 50)
        assert [each.specimen_of for each in person.stops if each.kind is StopKind.delivery] == [taken]

    def test_a_handover_that_takes_no_time_is_recalled_at_the_very_end_of_a_shift(self) -> None:
        who = nurse(shift_end=at("10:00"), lon=place(LABORATORY).lon)
        day = building.draw(Morning(who).facts())
        assert row_of(day, told(who, None, "10:00", "10:00", 0, kind=StopKind.delivery)) == 0
        assert row_of(day, told(who, None, "10:00", "10:10", 0)) is None

    def test_of_a_crew_each_by_himself_who_hands_in_is_recalled_as_the_one_who_gives_the_service(self) -> None:
        first, taker = nurse(), nurse()
        morning = Morning(first, taker)
        taken = morning.order(10, "08:00", "12:00", "BLOOD", staff_count=2)
        known = morning.facts()
        apart = replace(known.items["BLOOD"], staff_count=2, crew_sync=CrewSync.independent)
        day = building.draw(replace(known, items={**known.items, "BLOOD": apart}))
        problem = building.problem_of(day, [each.seconds for each in travel(day)])
        for early, late in ((first, taker), (taker, first)):
            stops = [
                told(early, taken, "08:10", "08:40", 10),
                told(late, taken, "09:10", "09:40", 10),
                told(taker, None, "10:30", "10:35", 10, kind=StopKind.delivery, specimen_of=taken.id),
            ]
            plan = building.recall(day, problem, stops)
            assert plan.unassigned == ()
            given = {stop.service: route.staff for route in plan.routes for stop in route.stops if stop.job == 0}
            assert day.segments[given[0]].staff == taker


class TestVisitsThatTakeLonger:
    def test_minutes_are_real_ones_whatever_the_pace_of_each_of_a_crew(self) -> None:
        quick, slow = nurse(), nurse(pace_percent=130)
        day = Morning(quick, slow)
        visit = day.order(10, "08:00", "10:00", staff_count=2)
        stops = [told(quick, visit, "08:10", "08:40", 10), told(slow, visit, "08:10", "08:49", 10)]
        found = day.mend(stops, "08:30", longer={visit.id: 7})
        assert found.times(quick) == [("visit", "08:10", "08:47")]
        assert found.times(slow) == [("visit", "08:10", "08:56")]

    def test_a_slow_nurse_is_not_slower_for_the_minutes_more(self) -> None:
        slow = nurse(pace_percent=150)
        day = Morning(slow)
        visit = day.order(10, "09:00", "12:00")
        found = day.mend([told(slow, visit, "09:00", "09:45", 10)], "08:00", longer={visit.id: 20})
        assert found.times(slow) == [("visit", "09:00", "10:05")]

    def test_the_next_frozen_visit_begins_later_and_the_whole_crew_with_it(self) -> None:
        one, other = nurse(), nurse()
        day = Morning(one, other)
        first, second = day.order(10, "08:00", "10:00"), day.order(15, "08:00", "11:00", staff_count=2)
        stops = [
            told(one, first, "08:10", "08:40", 10),
            told(one, second, "08:45", "09:15", 5),
            told(other, second, "08:45", "09:15", 15),
        ]
        found = day.mend(stops, "09:00", longer={first.id: 20})
        assert found.times(one) == [("visit", "08:10", "09:00"), ("visit", "09:05", "09:35")]
        assert found.times(other) == [("visit", "09:05", "09:35")]

    def test_one_that_has_begun_pushes_what_is_frozen_behind_it(self) -> None:
        who = nurse()
        day = Morning(who)
        begun, second = day.order(10, "08:00", "09:00", begun=True), day.order(15, "08:00", "11:00")
        day.busy = [Busy(who.practitioner_id, at("08:10"), at("08:40"), place(13))]
        stops = [told(who, begun, "08:10", "08:40", 10), told(who, second, "08:45", "09:15", 5)]
        found = day.mend(stops, "09:00", longer={begun.id: 20})
        assert found.times(who) == [("visit", "09:05", "09:35")]

    def test_one_may_outlast_the_shift_but_not_the_presence(self) -> None:
        who = nurse(shift_end=at("09:00"))
        day = Morning(who)
        visit = day.order(10, "08:00", "09:00")
        stops = [told(who, visit, "08:15", "08:45", 10)]
        assert day.mend(stops, "08:30", longer={visit.id: 30}).times(who) == [("visit", "08:15", "09:15")]
        gone = day.mend(stops, "08:30", longer={visit.id: 30}, absent={who.practitioner_id: at("08:50")})
        assert gone.people == []


class TestWhatIsBehindSomebody:
    @pytest.mark.parametrize("begun", [False, True])
    def test_who_was_with_somebody_infectious_is_not_sent_to_somebody_in_danger(self, begun: bool) -> None:
        near, far = nurse(), nurse(lon=place(60).lon)
        day = Morning(near, far)
        ill = day.order(10, "08:00", "09:00", precaution=Precaution.infectious, begun=begun)
        if begun:
            day.busy = [Busy(near.practitioner_id, at("08:10"), at("08:40"), place(10))]
        weak = day.order(10, "09:00", "12:00", precaution=Precaution.immunocompromised)
        found = day.mend([told(near, ill, "08:10", "08:40", 10)], "08:30")
        assert found.who(weak) == [far.practitioner_id]

    def test_who_is_to_see_one_person_only_sees_whom_he_has_seen(self) -> None:
        near, far = nurse(), nurse(lon=place(60).lon)
        day = Morning(near, far)
        person = new_id()
        seen = day.order(55, "08:00", "09:00", person_id=person, same_staff=True)
        again = day.order(5, "10:00", "12:00", person_id=person)
        found = day.mend([told(far, seen, "08:05", "08:35", 5)], "08:30")
        assert found.who(again) == [far.practitioner_id]

    def test_ways_behind_somebody_count_as_work_and_a_break_does_not(self) -> None:
        who = nurse(lunch_from=at("08:40"), lunch_to=at("10:00"), lunch_minutes=30)
        day = Morning(who, max_work_minutes=120)
        first, second = day.order(10, "08:00", "09:00"), day.order(10, "10:00", "12:00")
        stops = [
            told(who, first, "08:10", "08:40", 10),
            told(who, None, "08:40", "09:10", 0, kind=StopKind.lunch),
            told(who, second, "10:00", "10:30", 0),
        ]
        found = day.mend(stops, "09:00")
        assert {each.max_work for each in found.rest.staff} == {80 * 60}
        assert found.who(second) == [who.practitioner_id]

    def test_who_waited_out_the_traffic_need_not_have_left_in_it(self) -> None:
        who = nurse()
        day = Morning(who, traffic=((60, 200), (9 * 60, 100)))
        first, second = day.order(10, "08:00", "09:00"), day.order(40, "08:00", "10:05")
        found = day.mend([told(who, first, "08:20", "08:50", 20)], "09:00")
        assert found.times(who) == [("visit", "08:20", "08:50"), ("visit", "09:30", "10:00")]
        assert found.who(second) == [who.practitioner_id]


class TestBreaks:
    @pytest.mark.parametrize(
        ("station", "ways", "where"), [(True, (10, 10), 0), (False, (0, 10), 10), (False, (10, 0), 20)]
    )
    def test_one_that_has_begun_is_had_where_it_was_told(
        self, station: bool, ways: tuple[int, int], where: int
    ) -> None:
        who = nurse(
            lunch_from=at("11:00"), lunch_to=at("13:00"), lunch_minutes=30, lunch_at_station=station,
        )  # fmt: skip
        day = Morning(who)
        first, second = day.order(10, "10:00", "11:00"), day.order(20, "10:00", "15:00")
        lunch_at = "11:10" if ways[0] else "11:00"
        stops = [
            told(who, first, "10:30", "11:00", 10),
            told(who, None, lunch_at, "11:40" if ways[0] else "11:30", ways[0], kind=StopKind.lunch),
            told(who, second, "12:00", "12:30", ways[1]),
        ]
        found = day.mend(stops, "11:20")
        assert [each[0] for each in found.times(who)] == ["visit", "lunch", "visit"]
        [person] = found.people
        assert [each.place for each in person.stops if each.kind is StopKind.lunch] == [place(where)]

    def test_one_that_is_yet_to_come_is_due_in_the_stretch_in_which_it_is_planned(self) -> None:
        who = nurse(lunch_from=at("11:00"), lunch_to=at("14:00"), lunch_minutes=30)
        day = Morning(who)
        first, second = day.order(10, "11:00", "12:00"), day.order(20, "12:00", "16:00")
        stops = [
            told(who, first, "11:10", "11:40", 10),
            told(who, None, "11:50", "12:20", 10, kind=StopKind.lunch),
            told(who, second, "12:20", "12:50", 0),
        ]
        found = day.mend(stops, "11:20")
        assert [each[0] for each in found.times(who)].count("lunch") == 1
        assert found.who(second) == [who.practitioner_id]


class TestPromises:
    def test_what_was_told_of_people_who_are_gone_holds_for_nobody(self) -> None:
        gone, here = nurse(), nurse()
        day = Morning(gone, here)
        visit = day.order(10, "10:00", "12:00")
        found = day.mend([told(gone, visit, "10:00", "10:30", 10)], "08:00", absent={gone.practitioner_id: at("08:00")})
        assert found.who(visit) == [here.practitioner_id]
        assert [each.promised_staff for each in found.rest.jobs] == [None]
        assert referee.check_plan(found.problem, found.plan).total == timedelta(minutes=20).total_seconds()
