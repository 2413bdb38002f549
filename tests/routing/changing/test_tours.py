"""Changing a day on which people share vehicles: the tours stand, and nobody is left behind by one.

The day is that of `test_planted_rides`; places are compared with every one tried by hand on tiny days.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from service.routing import referee
from service.routing.changing import opening, places, reasons, tours
from service.routing.changing.places import Place, Refused
from service.routing.changing.reasons import Because
from service.routing.problem import Job, Plan, Problem, Route, Service, Stop, Tour, TourStop, Unassigned, Window
from service.routing.referee import Rule
from service.routing.rules import UnassignedReason
from tests.routing.solver.rides import days, everything
from tests.routing.test_planted_rides import BLOOD, DRIP, NONE, PLAN, PROBLEM, STOPS, P, Q, R

EXTRA = len(PROBLEM.jobs)


def extra(point: int, duration: int, *windows: Window, staff: int | None = None) -> Problem:
    """Return the day with one more visit, for everybody or one person."""
    allowed = None if staff is None else frozenset({staff})
    job = Job("extra", point, windows, (Service(duration, NONE),), drop_penalty=9999, allowed_staff=allowed)
    return replace(PROBLEM, jobs=(*PROBLEM.jobs, job))


def put(problem: Problem, plan: Plan = PLAN) -> list[Place]:
    """Return the places of the visit, each judged, with the vehicle driving as it did."""
    found = places.places(problem, plan, EXTRA)
    for each in found if isinstance(found, list) else ():
        assert referee.check_plan(problem, each.plan).violations == ()
        assert each.plan.tours == plan.tours
    return found if isinstance(found, list) else []


class TestBesideARide:
    def test_at_the_door_where_one_waits_for_the_vehicle(self) -> None:
        found = put(extra(4, 15))
        assert found, "Q waits from 85 to 100"
        assert {each.staff for each in found} == {(Q,)}
        assert found[0].cost == 0

    def test_not_when_the_vehicle_would_leave_without_him(self) -> None:
        problem = extra(4, 16)
        assert places.places(problem, PLAN, EXTRA) == Refused(UnassignedReason.no_ride)

    def test_who_stays_behind_is_found_by_the_referee(self) -> None:
        problem = extra(4, 16)
        late = Route(Q, (*PLAN.routes[Q].stops, Stop(EXTRA, 0, 85, 101)))
        plan = replace(PLAN, routes=(PLAN.routes[P], late, PLAN.routes[R]))
        assert {each.code for each in referee.check_plan(problem, plan).violations} == {
            Rule.ride_elsewhere, Rule.shift_end
        }  # fmt: skip

    def test_nobody_walks_a_part_of_a_ride(self) -> None:
        # a step from the door at which Q waits: there and back is too far, and the vehicle does not stop there
        assert places.places(extra(3, 1, staff=Q), PLAN, EXTRA) == Refused(UnassignedReason.no_ride)

    def test_who_walks_is_asked_as_ever(self) -> None:
        assert {each.staff for each in put(extra(2, 40))} == {(R,)}
        assert places.places(extra(2, 41, staff=R), PLAN, EXTRA) == Refused(UnassignedReason.unreachable)

    def test_a_visit_slides_only_as_long_as_the_vehicle_waits(self) -> None:
        found = put(extra(4, 15, Window(70, 70)))
        [place] = [each for each in found if each.staff == (Q,)]
        assert [(push.job, push.before, push.after) for push in place.pushes] == [(BLOOD, 70, 85)]
        assert not put(extra(4, 16, Window(70, 70)))

    def test_before_the_vehicle_leaves_in_the_morning_and_after_it_is_back(self) -> None:
        later = tuple(replace(stop, arrive=stop.arrive + 20, depart=stop.depart + 20) for stop in STOPS)
        routes = tuple(
            Route(each.staff, tuple(replace(stop, start=stop.start + 20, end=stop.end + 20) for stop in each.stops))
            for each in PLAN.routes
        )
        free = replace(PROBLEM.jobs[0], windows=(Window(30, 60),))
        problem = extra(0, 20)
        problem = replace(
            problem,
            jobs=(free, *problem.jobs[1:]),
            vehicles=(replace(problem.vehicles[0], shift=Window(0, 160)), problem.vehicles[1]),
        )
        found = put(problem, replace(PLAN, routes=routes, tours=(Tour(0, later),)))
        assert {(each.staff[0], each.starts[0]) for each in found} >= {(P, 0), (Q, 0), (P, 160), (Q, 160)}


class TestEveryPlace:
    @pytest.mark.parametrize("seed", range(24))
    def test_finds_one_where_a_hand_finds_one_and_none_dearer(self, seed: int) -> None:
        whole = days.tiny(seed, 4, riders=2)
        point = (0, 1, 2, 3, 4, 2)[seed % 6]
        job = replace(whole.jobs[3], point=point, windows=(Window(0, 900),), services=(Service(20, NONE),))
        problem = replace(whole, jobs=(*whole.jobs[:3], job))
        plan = everything.Search(replace(problem, jobs=problem.jobs[:3])).plan
        assert plan is not None
        plan = replace(plan, unassigned=(*plan.unassigned, Unassigned(3, "no_capacity")))
        by_hand = min(costs(problem, plan, 3), default=None)
        found = places.places(problem, plan, 3)
        if by_hand is not None:
            assert isinstance(found, list)
            assert found[0].cost <= by_hand
        for place in found if isinstance(found, list) else ():
            assert referee.check_plan(problem, place.plan).violations == ()
            assert place.plan.tours == plan.tours


def costs(problem: Problem, plan: Plan, job: int) -> Iterator[int]:
    """Go through all places of a job of one person at all moments, everybody else's times and the tours as they are."""
    before = referee.check_plan(problem, plan).total - (problem.jobs[job].drop_penalty or 0)
    duration = problem.jobs[job].services[0].duration
    left = tuple(each for each in plan.unassigned if each.job != job)
    for at, route in enumerate(plan.routes):
        for position in range(len(route.stops) + 1):
            earliest = route.stops[position - 1].end if position else 0
            latest = route.stops[position].start if position < len(route.stops) else 900
            for start in range(earliest, latest - duration + 1):
                stops = (*route.stops[:position], Stop(job, 0, start, start + duration), *route.stops[position:])
                routes = (*plan.routes[:at], Route(route.staff, stops), *plan.routes[at + 1 :])
                verdict = referee.check_plan(problem, Plan(routes, left, plan.tours))
                if verdict.feasible:
                    yield verdict.total - before


class TestFitted:
    def test_rides_that_lead_nowhere_are_ridden_through(self) -> None:
        plan = tours.fitted(PROBLEM, places.without(PLAN, BLOOD))
        assert [(stop.off, stop.on) for stop in plan.tours[0].stops] == [
            ((), (P, Q)), ((P,), ()), ((Q,), (Q,)), ((), (P,)), ((P, Q), ()),
        ]  # fmt: skip
        assert {each.code for each in referee.check_plan(PROBLEM, plan).violations} == {Rule.mandatory_left_out}

    def test_unless_somebody_has_the_seat(self) -> None:
        one = replace(PROBLEM, vehicles=(replace(PROBLEM.vehicles[0], seats=1), PROBLEM.vehicles[1]))
        plan = tours.fitted(one, places.without(PLAN, BLOOD))
        assert all(Q not in stop.on for stop in plan.tours[0].stops[2:])

    def test_the_vehicle_drives_as_it_did(self) -> None:
        plan = tours.fitted(PROBLEM, places.without(places.without(PLAN, BLOOD), DRIP))
        assert [(stop.point, stop.arrive, stop.depart) for stop in plan.tours[0].stops] == [
            (stop.point, stop.arrive, stop.depart) for stop in STOPS
        ]

    def test_a_plan_whose_rides_are_all_taken_is_as_it_was(self) -> None:
        assert tours.fitted(PROBLEM, PLAN) == PLAN


class TestOpenings:
    def test_a_span_is_open_only_as_long_as_the_vehicle_waits(self) -> None:
        spans = [Window(60, 69), Window(70, 84), Window(85, 90), Window(91, 140)]
        found = opening.openings(extra(4, 10), PLAN, EXTRA, spans)
        assert [(each.window, each.staff) for each in found] == [(Window(70, 84), (Q,)), (Window(85, 90), (Q,))]

    def test_a_visit_of_the_plan_is_open_when_it_is_and_where_nobody_is_left_behind_for_it(self) -> None:
        found = opening.openings(PROBLEM, PLAN, BLOOD, [Window(0, 69), Window(70, 100)])
        assert [(each.window, each.staff, each.starts) for each in found] == [(Window(70, 100), (Q,), (70,))]


class TestReasons:
    def test_only_he_is_taken_there(self) -> None:
        found = {why.job: why for why in reasons.explain_assignments(PROBLEM, PLAN)}
        assert found[BLOOD].because is Because.only_carried
        assert (found[BLOOD].others, found[BLOOD].next_best) == (2, None)

    def test_another_who_is_there_as_well_costs_what_the_referee_says(self) -> None:
        # P is at the same door, and has time when the vehicle leaves later
        later = (*STOPS[:3], replace(STOPS[3], depart=120), TourStop(0, 160, 160, off=(P, Q)))
        problem = replace(PROBLEM, vehicles=(replace(PROBLEM.vehicles[0], shift=Window(0, 160)), PROBLEM.vehicles[1]))
        plan = replace(PLAN, tours=(Tour(0, later),))
        assert referee.check_plan(problem, plan).violations == ()
        [why] = [each for each in reasons.explain_assignments(problem, plan) if each.job == BLOOD]
        assert (why.because, why.next_best, why.extra) == (Because.cheapest, P, 0)

    def test_who_would_be_too_slow_with_any_vehicle_of_others_has_no_time(self) -> None:
        blood = replace(PROBLEM.jobs[BLOOD], allowed_staff=frozenset({Q, R}))
        problem = replace(PROBLEM, jobs=(*PROBLEM.jobs[:BLOOD], blood))
        [why] = [each for each in reasons.explain_assignments(problem, PLAN) if each.job == BLOOD]
        assert (why.because, why.others) == (Because.only_free, 1)
