"""Where a home is, decided without a database."""

from decimal import Decimal

import pytest

from service.core.geo import Point
from service.patients import errors, placing_rules
from service.patients.placing_rules import Lesson, Placing, Sighting, SightingLimits, Source

LIMITS = SightingLimits(far_metres=100, accuracy_metres=50)


def lesson(placing, source, *, accuracy=20, distance=500, doubted=False):
    return placing_rules.lesson_of(
        placing, source, Sighting(Point(106, 39), accuracy, doubted), distance_metres=distance, limits=LIMITS
    )


class TestLessonOf:
    @pytest.mark.parametrize("source", [Source.amap, Source.tencent, Source.baidu, Source.gazetteer])
    @pytest.mark.parametrize("placing", [Placing.located, Placing.review])
    def test_an_exact_visit_corrects_what_a_geocoder_said(self, placing, source):
        assert lesson(placing, source) is Lesson.correct
        assert lesson(placing, source, accuracy=50) is Lesson.correct

    @pytest.mark.parametrize("accuracy", [None, 51])
    def test_an_inexact_one_asks_a_person(self, accuracy):
        assert lesson(Placing.located, Source.amap, accuracy=accuracy) is Lesson.propose

    def test_a_near_one_teaches_nothing(self):
        assert lesson(Placing.located, Source.amap, distance=99) is None
        assert lesson(Placing.located, Source.amap, distance=100) is Lesson.correct

    @pytest.mark.parametrize(
        ("placing", "source"),
        [
            (Placing.pinned, Source.wechat),
            (Placing.pinned, Source.coordinates),
            (Placing.review, Source.coordinates),
            (Placing.located, Source.visit),
        ],
    )
    def test_what_a_person_or_an_earlier_visit_said_is_only_questioned_by_a_person(self, placing, source):
        assert lesson(placing, source) is None
        assert lesson(placing, source, doubted=True) is Lesson.propose


class TestPlacingByMachine:
    def test_the_threshold_itself_is_enough(self):
        assert placing_rules.placing_by_machine(Decimal("0.8"), Decimal("0.8")) is Placing.located
        assert placing_rules.placing_by_machine(Decimal("0.79"), Decimal("0.8")) is Placing.review


class TestRefuseNotPlaced:
    def test_lets_only_positions_through_that_somebody_answers_for(self):
        for placing in (Placing.pinned, Placing.located):
            placing_rules.refuse_not_placed(placing)
        for placing in (Placing.review, Placing.unplaced):
            with pytest.raises(errors.HomeNotPlaced):
                placing_rules.refuse_not_placed(placing)


class TestAddressOf:
    @pytest.mark.parametrize(
        ("parts", "whole"),
        [
            ((None, None, "朝阳东街88号"), "朝阳东街88号"),
            (("大武口区朝阳东街88号", "朝阳小区", "3单元602"), "大武口区朝阳东街88号朝阳小区3单元602"),
            (("大武口区朝阳东街88号", "朝阳小区", None), "大武口区朝阳东街88号朝阳小区"),
            (("大武口区朝阳东街88号", "朝阳小区", "朝阳小区3单元602"), "大武口区朝阳东街88号朝阳小区3单元602"),
            (("大武口区朝阳小区", "朝阳小区", "大武口区朝阳小区3单元"), "大武口区朝阳小区3单元"),
            (("甲", "甲", "甲"), "甲"),
            (("", "", None), ""),
        ],
    )
    def test_says_each_thing_once(self, parts, whole):
        assert placing_rules.address_of(*parts) == whole


class TestIsAdcode:
    @pytest.mark.parametrize(
        ("code", "is_one"), [("640202", True), ("64020", False), ("D-0001", False), ("６４０２０２", False)]
    )
    def test_knows_six_digits(self, code, is_one):
        assert placing_rules.is_adcode(code) is is_one
