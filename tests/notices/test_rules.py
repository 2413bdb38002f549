from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.clock import LOCAL
from service.institutions.rules import settings
from service.notices import errors, rules
from service.notices.rules import Audience, NoticeKind, Recipient
from service.patients.rules import Right

ALL = frozenset(Right)
ELDER = Recipient(None, "+8613800000001", ALL)
DAUGHTER = Recipient(UUID(int=1), "+8613800000002", ALL)


def at(clock: str, day: int = 2) -> datetime:
    return datetime.fromisoformat(f"2026-03-{day:02d}T{clock}:00+08:00")


class TestDueAt:
    @pytest.mark.parametrize(
        ("now", "due"),
        [
            (at("09:00"), at("09:00")),
            (at("21:59"), at("21:59")),
            (at("22:00"), at("07:00", 3)),
            (at("23:30"), at("07:00", 3)),
            (at("00:00"), at("07:00")),
            (at("06:59"), at("07:00")),
            (at("07:00"), at("07:00")),
        ],
    )
    def test_waits_for_the_morning(self, now: datetime, due: datetime) -> None:
        assert rules.due_at(now, 22, 7) == due

    def test_a_quiet_noon_does_not_reach_over_midnight(self) -> None:
        assert rules.due_at(at("12:30"), 12, 14) == at("14:00")
        assert rules.due_at(at("14:00"), 12, 14) == at("14:00")
        assert rules.due_at(at("23:00"), 12, 14) == at("23:00")

    def test_equal_hours_are_no_quiet_hours(self) -> None:
        assert rules.due_at(at("03:00"), 7, 7) == at("03:00")

    @given(st.integers(0, 366 * 1440), st.integers(0, 23), st.integers(0, 23))
    def test_is_never_in_the_quiet_hours_nor_before_now_nor_a_day_away(self, minute: int, start: int, end: int) -> None:
        now = (at("00:00") + timedelta(minutes=minute)).astimezone(LOCAL)
        due = rules.due_at(now, start, end)
        assert now <= due < now + timedelta(days=1)
        hour = due.astimezone(LOCAL).hour
        quiet = {(start + step) % 24 for step in range((end - start) % 24)}
        assert hour not in quiet
        if now.hour not in quiet:
            assert due == now


class TestChoose:
    def test_tells_the_elder_and_his_proxies(self) -> None:
        assert rules.choose(ELDER, [DAUGHTER], NoticeKind.bill_ready, Audience.elder_and_proxies) == [ELDER, DAUGHTER]

    def test_tells_whom_the_setting_names(self) -> None:
        for to, told in {
            Audience.elder: [ELDER],
            Audience.proxies: [DAUGHTER],
            Audience.proxies_else_elder: [DAUGHTER],
        }.items():
            assert rules.choose(ELDER, [DAUGHTER], NoticeKind.bill_ready, to) == told
        assert rules.choose(ELDER, [], NoticeKind.bill_ready, Audience.proxies) == []
        assert rules.choose(ELDER, [], NoticeKind.bill_ready, Audience.proxies_else_elder) == [ELDER]

    def test_tells_a_bill_only_to_those_who_may_pay(self) -> None:
        looks = Recipient(UUID(int=2), "+8613800000003", frozenset({Right.view}))
        assert looks not in rules.choose(ELDER, [looks], NoticeKind.bill_ready, Audience.elder_and_proxies)
        assert looks in rules.choose(ELDER, [looks], NoticeKind.plan_published, Audience.elder_and_proxies)

    def test_tells_one_phone_once(self) -> None:
        same = Recipient(UUID(int=3), ELDER.phone, ALL)
        assert rules.choose(ELDER, [same], NoticeKind.plan_published, Audience.elder_and_proxies) == [ELDER]


class TestIsMobile:
    @pytest.mark.parametrize("phone", [None, "+8695212345678", "+85261234567", "13800000001", "+861280000000"])
    def test_a_landline_or_a_foreign_number_takes_no_message(self, phone: str | None) -> None:
        assert not rules.is_mobile(phone)

    def test_a_mainland_mobile_does(self) -> None:
        assert rules.is_mobile("+8619900000000")


class TestTexts:
    def test_fills_the_places_and_leaves_everything_else(self) -> None:
        assert rules.render("${a}，$100，{b}${c}", {"a": "甲", "b": "乙"}) == "甲，$100，{b}"

    def test_uses_only_the_parameters_that_the_text_has_places_for(self) -> None:
        assert rules.used("${b}${a}${b}", {"a": "1", "b": "2", "c": "3"}) == {"b": "2", "a": "1"}

    def test_refuses_a_place_for_what_the_kind_does_not_know(self) -> None:
        with pytest.raises(errors.TemplateParameterUnknown) as refused:
            rules.refuse_unknown_parameters(NoticeKind.on_the_way, "${name}${amount}")
        assert refused.value.facts["unknown"] == "amount"
        for kind, samples in rules.SAMPLES.items():
            rules.refuse_unknown_parameters(kind, "".join(f"${{{name}}}" for name in samples))

    def test_clips_what_the_provider_would_refuse(self) -> None:
        clipped = rules.clipped({"a": "长" * 36, "b": "长" * 35})
        assert (len(clipped["a"]), clipped["a"][-1], clipped["b"]) == (35, "…", "长" * 35)

    @pytest.mark.parametrize(("characters", "count"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3)])
    def test_counts_messages_as_they_are_charged(self, characters: int, count: int) -> None:
        assert rules.segments(characters) == count


class TestRetryAt:
    def test_waits_twice_as_long_each_time_up_to_six_hours(self) -> None:
        waits = [rules.retry_at(at("09:00"), 60, attempt) - at("09:00") for attempt in (1, 2, 3, 20)]
        assert waits == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4), timedelta(hours=6)]


def test_the_setting_knows_exactly_the_kinds_and_audiences_that_there_are() -> None:
    assert set(settings.NOTICES_OFF.words) == set(NoticeKind)
    assert set(settings.NOTICES_TO.words) == set(Audience)


def test_every_kind_has_a_lifetime_and_parameters() -> None:
    assert set(rules.LIFETIMES) == set(rules.SAMPLES) == set(rules.NEEDED) == set(NoticeKind)
