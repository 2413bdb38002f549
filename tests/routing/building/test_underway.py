"""Days with tours of shared vehicles on which something happens, at any time: whoever is out comes home as told.

Places are minutes by car on one line, forty times as far on foot. The vehicle takes A and B out in the morning, brings
A back, waits with B, and takes B out again in the afternoon.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from service.core.geo import TravelMode
from service.core.ids import new_id
from service.gateways.maps import Pace, TravelMatrix
from service.orders.rules import OrderFacts, OrderState
from service.practitioners.rules import StaffDay
from service.routing import building, referee, validation
from service.routing.building import (
    Busy,
    DayFacts,
    SharedVehicle,
    Told,
    ToldHalt,
    ToldTour,
    afield,
    rejoining,
    repairing,
    resuming,
)
from service.routing.building.repairing import Disruption, Split
from service.routing.building.underway import underway
from service.routing.changing import mending
from service.routing.problem import Plan
from service.routing.referee import Rule, Verdict
from tests.routing.building.test_repairing import HERE, Morning, at, at_clock, nurse, place, told

A, B = (nurse(travel_mode=TravelMode.walk, rides=True) for _ in range(2))
CAR = SharedVehicle(new_id(), HERE, "京A", 4, place(0), at("07:30"), at("18:00"))


def halt(where: int, arrive: str, depart: str, off: Sequence[StaffDay] = (), on: Sequence[StaffDay] = ()) -> ToldHalt:
    return ToldHalt(
        place(where),
        at(arrive),
        at(depart),
        tuple(each.practitioner_id for each in off),
        tuple(each.practitioner_id for each in on),
    )


TOUR = ToldTour(
    CAR.id,
    (
        halt(0, "08:20", "08:20", on=[A, B]),
        halt(30, "08:50", "08:50", off=[A]),
        halt(40, "09:00", "09:30", off=[B], on=[B]),
        halt(30, "09:40", "09:40", on=[A]),
        halt(32, "09:42", "10:30", off=[A], on=[A]),
        halt(0, "11:02", "13:40", off=[A]),
        halt(-20, "14:00", "14:30", off=[B], on=[B]),
        halt(0, "14:50", "14:50", off=[B]),
    ),
)
MOMENTS = [at("07:00") + timedelta(minutes=20 * step) for step in range(27)]


class Riding(Morning):
    """The day, with what it told."""

    def __init__(self) -> None:
        super().__init__(A, B)
        self.first, self.other = self.order(30, "09:00", "09:30"), self.order(40, "09:00", "09:30")
        self.second, self.last = self.order(32, "10:00", "10:30"), self.order(-20, "14:00", "14:30")
        self.told = [
            told(A, self.first, "09:00", "09:30", 30),
            told(B, self.other, "09:00", "09:30", 40),
            told(A, self.second, "10:00", "10:30", 2),
            told(B, self.last, "14:00", "14:30", 20),
        ]

    def facts(self) -> DayFacts:
        paces = {mode: Pace(1.0, 10.0, 0) for mode in (TravelMode.walk, TravelMode.car)}
        return replace(super().facts(), paces={HERE: paces}, vehicles=(CAR,))

    def happen(self, **happened: Any) -> tuple[Split, building.Day, Plan, Verdict]:
        """Divide the day, mend its rest on foot, put it together with the tour, and have it judged."""
        parts = repairing.split(self.facts(), self.told, Disruption(**happened), [TOUR])
        rest = building.draw(parts.rest)
        plain = building.problem_of(rest, [each.seconds for each in ways(rest)])
        before = building.recall(rest, plain, self.told)
        problem = resuming.bound(parts, rest, plain, before)
        validation.check(problem)
        day, plan = rejoining.rejoin(parts, rest, problem.jobs, mending.mend(problem, before))
        whole = building.problem_of(day, [each.seconds for each in ways(day)])
        validation.check(whole)
        plan = building.go_on(day, whole, plan, parts.tours)
        assert rejoining.is_kept(parts, day, plan)
        return parts, day, plan, referee.check_plan(whole, plan)


def ways(day: building.Day) -> list[TravelMatrix]:
    lon = np.array([each.lon for each in day.points])
    minutes = np.rint(np.abs(lon[:, None] - lon[None, :]) * 1000).astype(np.int64)
    lengths = {TravelMode.walk: 2400, TravelMode.car: 60}
    nothing = np.zeros(minutes.shape, dtype=np.bool_)
    return [TravelMatrix("线", minutes * lengths[each.mode], minutes * 1000, nothing) for each in day.means]


def carried(day: building.Day, plan: Plan) -> list[tuple[UUID, str]]:
    """Return who gets on when, in order."""
    return [
        (day.segments[row].staff.practitioner_id, building.moment_of(day.on, stop.depart).strftime("%H:%M"))
        for tour in plan.tours
        for stop in tour.stops
        for row in stop.on
    ]


class TestWhoeverIsOut:
    @pytest.mark.parametrize("moment", MOMENTS, ids=at_clock)
    def test_goes_on_as_told_and_nobody_is_left_behind(self, moment: datetime) -> None:
        riding = Riding()
        parts, day, plan, verdict = riding.happen(frozen_until=moment)
        assert verdict.violations == ()
        begun = moment > at("08:20")
        assert parts.tours == ((TOUR,) if begun else ())
        assert len(carried(day, plan)) == (6 if begun else 0)
        assert {each.told for each in parts.frozen} == (set(riding.told) if begun else set())

    @pytest.mark.parametrize("moment", MOMENTS[5:], ids=at_clock)
    @pytest.mark.parametrize("gone", range(4))
    def test_rides_past_a_visit_that_is_given_up(self, gone: int, moment: datetime) -> None:
        riding = Riding()
        order = riding.told[gone].order_id
        assert order is not None
        _, day, plan, verdict = riding.happen(frozen_until=moment, cancelled=frozenset({order}))
        assert verdict.violations == ()
        assert len(carried(day, plan)) == 5
        [tour] = plan.tours
        assert (tour.stops[0].depart, tour.stops[-1].arrive) == (30_000, 53_400), "the vehicle drives as it did"

    @pytest.mark.parametrize("moment", MOMENTS[5:], ids=at_clock)
    def test_is_brought_home_when_away_from_then_on(self, moment: datetime) -> None:
        riding = Riding()
        _, day, plan, verdict = riding.happen(frozen_until=moment, absent={A.practitioner_id: moment})
        assert verdict.violations == ()
        own = [when for who, when in carried(day, plan) if who == A.practitioner_id]
        expected = 0 if moment < at("09:30") else 2 if moment < at("10:30") else 3
        assert len(own) == expected

    def test_is_driven_home_from_a_visit_that_has_begun(self) -> None:
        riding = Riding()
        doors = {0: 30, 1: 40, 2: 32}
        for at_once, where in doors.items():
            stop = riding.told[at_once]
            riding.busy.append(Busy(stop.practitioner_id, stop.start, stop.end, place(where)))
        begun = {riding.told[each].order_id for each in doors}
        riding.begun = [replace(each, state=OrderState.in_progress) for each in riding.orders if each.id in begun]
        riding.orders = [each for each in riding.orders if each.id not in begun]
        parts, day, plan, verdict = riding.happen(frozen_until=at("10:10"))
        assert verdict.violations == ()
        assert len(carried(day, plan)) == 6
        assert afield.left_behind(parts, day, plan) == []
        riding.busy[2] = replace(riding.busy[2], end=at("10:31"))
        parts, day, plan, verdict = riding.happen(frozen_until=at("10:10"))
        assert afield.left_behind(parts, day, plan) == [A.name], "the vehicle leaves at 10:30"

    def test_who_takes_longer_than_the_vehicle_waits_is_noticed(self) -> None:
        riding = Riding()
        *_, verdict = riding.happen(frozen_until=at("09:10"), longer={riding.other.id: 1})
        assert {each.code for each in verdict.violations} == {Rule.not_carried}


class TestUnderway:
    def other(self, depart: str, *who: StaffDay) -> ToldTour:
        return ToldTour(new_id(), (halt(0, depart, depart, on=who), halt(0, "16:00", "16:00", off=who)))

    def test_vehicles_and_people_that_hang_together_stand_together(self) -> None:
        c, d = nurse(), nurse()
        tours = [TOUR, self.other("15:00", B, c), self.other("15:00", c), self.other("15:00", d)]
        found = underway(tours, at("08:30"), lambda _: ())
        assert found.tours == tuple(tours[:3])
        assert found.people == {each.practitioner_id for each in (A, B, c)}
        assert underway(tours, at("08:20"), lambda _: ()).tours == ()

    def test_who_has_a_stop_that_stays_for_later_is_taken_there(self) -> None:
        c = nurse()
        beside: OrderFacts = Riding().last
        tours = [TOUR, self.other("15:00", c)]
        staying = [told(c, beside, "14:00", "14:30", 0)]
        found = underway(tours, at("08:30"), lambda people: staying if B.practitioner_id in people else ())
        assert found.tours == tuple(tours)


def test_the_day_is_right_as_told() -> None:
    riding = Riding()
    facts = riding.facts()
    day = building.draw(facts)
    problem = building.problem_of(day, [each.seconds for each in ways(day)])
    stops: list[Told] = riding.told
    plan = building.redrive(day, problem, building.recall(day, problem, stops), [TOUR])
    assert referee.check_plan(problem, plan).violations == ()
    assert plan.unassigned == ()
