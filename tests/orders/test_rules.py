"""What an order may become, which mode it needs, and when it may be booked and cancelled."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.catalog.rules import ItemFacts
from service.institutions.rules import ServiceMode
from service.orders import errors, rules
from service.orders.rules import OrderKind, OrderState, Window
from tests.orders.moves import LEGAL

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday 09:00 in Shanghai
DAY = date(2026, 3, 3)


def item(
    code: str = "REHAB", *, minutes: int = 30, staff: int = 1, latest: time | None = None, name: str = "康复训练"
) -> ItemFacts:
    return ItemFacts(
        code=code,
        name=name,
        duration_minutes=minutes,
        staff_count=staff,
        skills=frozenset(),
        order_kinds=frozenset({"home_visit"}),
        latest_start=latest,
        home_allowed=True,
        refusal_note=None,
    )


def window(start: str, end: str, day: date = DAY) -> Window:
    return Window(datetime.fromisoformat(f"{day}T{start}+08:00"), datetime.fromisoformat(f"{day}T{end}+08:00"))


class TestRefuseIllegalMove:
    @pytest.mark.parametrize("before", list(OrderState))
    @pytest.mark.parametrize("after", list(OrderState))
    def test_lets_through_exactly_the_moves_of_the_table(self, before: OrderState, after: OrderState) -> None:
        if (before, after) in LEGAL:
            rules.refuse_illegal_move(before, after)
            return
        with pytest.raises(errors.IllegalMove) as refused:
            rules.refuse_illegal_move(before, after)
        assert refused.value.facts["from_state"] == before
        assert refused.value.facts["to_state"] == after

    def test_every_state_has_a_row_and_a_label(self) -> None:
        assert set(rules.MOVES) == set(rules.STATE_LABELS) == set(OrderState)


class TestModeNeeded:
    @pytest.mark.requirement("R003")
    def test_a_bed_round_needs_the_home_bed_mode_and_the_others_the_round_mode(self) -> None:
        assert {
            OrderKind.home_visit: ServiceMode.round,
            OrderKind.institution_round: ServiceMode.round,
            OrderKind.home_bed_round: ServiceMode.home_bed,
        } == rules.MODE_NEEDED

    def test_says_which_mode_is_missing(self) -> None:
        with pytest.raises(errors.ModeNotRegistered, match="家庭病床"):
            rules.refuse_unregistered(OrderKind.home_bed_round, registered=False, service_on=DAY)

    def test_lets_a_registered_institution_through(self) -> None:
        rules.refuse_unregistered(OrderKind.home_visit, registered=True, service_on=DAY)


class TestRefuseWindowOutsideADay:
    @pytest.mark.parametrize(("start", "end"), [("08:00", "10:00"), ("00:00", "23:59:59.999999")])
    def test_lets_a_window_within_a_day_through(self, start: str, end: str) -> None:
        rules.refuse_window_outside_a_day(window(start, end))

    def test_lets_a_window_end_at_midnight(self) -> None:
        late = window("22:00", "23:00")
        rules.refuse_window_outside_a_day(Window(late.start, late.end + timedelta(hours=1)))

    def test_refuses_one_microsecond_after_midnight(self) -> None:
        late = window("22:00", "23:00")
        with pytest.raises(errors.WindowNotOneDay):
            rules.refuse_window_outside_a_day(Window(late.start, late.end + timedelta(hours=1, microseconds=1)))

    @pytest.mark.parametrize("end", ["08:00", "07:59"])
    def test_refuses_an_empty_window(self, end: str) -> None:
        with pytest.raises(errors.WindowNotOneDay):
            rules.refuse_window_outside_a_day(window("08:00", end))

    def test_takes_the_day_from_local_clocks(self) -> None:
        # 23:30 of the 2nd in UTC is 07:30 of the 3rd in Shanghai
        start = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
        early = Window(start, start + timedelta(hours=1))
        rules.refuse_window_outside_a_day(early)
        assert early.service_on == DAY


class TestRefuseWindow:
    def test_lets_a_window_through_that_begins_now(self) -> None:
        rules.refuse_window(Window(NOW, NOW + timedelta(hours=1)), now=NOW, days_ahead=1)

    def test_refuses_a_window_that_has_begun(self) -> None:
        start = NOW - timedelta(microseconds=1)
        with pytest.raises(errors.WindowPast):
            rules.refuse_window(Window(start, start + timedelta(hours=1)), now=NOW, days_ahead=1)

    def test_counts_the_days_ahead_in_local_days(self) -> None:
        rules.refuse_window(window("20:00", "21:00", date(2026, 3, 16)), now=NOW, days_ahead=14)
        with pytest.raises(errors.WindowTooFarAhead) as refused:
            rules.refuse_window(window("06:00", "07:00", date(2026, 3, 17)), now=NOW, days_ahead=14)
        assert refused.value.facts["last_day"] == date(2026, 3, 16)


class TestClipWindow:
    def test_leaves_a_window_alone_without_a_latest_start(self) -> None:
        wished = window("08:00", "12:00")
        assert rules.clip_window(wished, minutes=60, items=[item()]) == wished

    def test_ends_when_the_services_end_that_begin_at_the_last_moment(self) -> None:
        fasting = item("BLOOD", latest=time(9, 30), minutes=20)
        clipped = rules.clip_window(window("08:00", "12:00"), minutes=50, items=[fasting, item()])
        assert clipped == window("08:00", "10:20")

    def test_keeps_an_earlier_end(self) -> None:
        fasting = item("BLOOD", latest=time(9, 30), minutes=20)
        assert rules.clip_window(window("08:00", "09:00"), minutes=20, items=[fasting]) == window("08:00", "09:00")

    def test_takes_the_earliest_of_several_latest_starts(self) -> None:
        asked = [item("A", latest=time(11)), item("B", latest=time(9))]
        assert rules.clip_window(window("08:00", "12:00"), minutes=60, items=asked).end == window("08:00", "10:00").end

    def test_lets_a_window_begin_at_the_latest_start(self) -> None:
        fasting = item("BLOOD", latest=time(9, 30), minutes=20)
        assert rules.clip_window(window("09:30", "12:00"), minutes=20, items=[fasting]) == window("09:30", "09:50")

    def test_refuses_a_window_that_begins_after_the_latest_start(self) -> None:
        with pytest.raises(errors.WindowTooLate, match=r"空腹采血.*09:30"):
            rules.clip_window(window("09:31", "12:00"), minutes=20, items=[item(latest=time(9, 30), name="空腹采血")])

    def test_refuses_a_window_shorter_than_the_services(self) -> None:
        rules.clip_window(window("08:00", "09:00"), minutes=60, items=[item()])
        with pytest.raises(errors.WindowTooShort) as refused:
            rules.clip_window(window("08:00", "09:00"), minutes=61, items=[item()])
        assert refused.value.facts["minutes"] == 61

    @given(
        start=st.integers(0, 1380),
        length=st.integers(1, 600),
        minutes=st.integers(1, 300),
        latest=st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    )
    def test_what_it_returns_lies_in_the_wish_and_holds_the_services(
        self, start: int, length: int, minutes: int, latest: time | None
    ) -> None:
        midnight = window("00:00", "00:01").start
        wished = Window(midnight + timedelta(minutes=start), midnight + timedelta(minutes=start + length))
        try:
            got = rules.clip_window(wished, minutes=minutes, items=[item(latest=latest)])
        except (errors.WindowTooShort, errors.WindowTooLate):
            return
        assert wished.start == got.start
        assert got.end <= wished.end
        assert got.end - got.start >= timedelta(minutes=minutes)
        if latest is not None:
            last = midnight + timedelta(hours=latest.hour, minutes=latest.minute)
            assert got.end - timedelta(minutes=minutes) <= last


class TestMinutesAndStaff:
    def test_each_unit_takes_its_time(self) -> None:
        facts = {"A": item("A", minutes=20), "B": item("B", minutes=15)}
        assert rules.minutes_of((("A", 1), ("B", 3)), facts) == 65

    def test_the_most_demanding_service_decides_how_many_go(self) -> None:
        assert rules.staff_needed([item(staff=1), item(staff=2)], minimum=1) == 2

    def test_the_setting_is_the_least(self) -> None:
        assert rules.staff_needed([item(staff=1)], minimum=3) == 3


class TestRefuseLateCancellation:
    START = NOW + timedelta(hours=5)

    def cancel(self, *, at: datetime, state: OrderState = OrderState.accepted, by_staff: bool = False) -> None:
        rules.refuse_late_cancellation(
            state, self.START, by_staff=by_staff, free_cancel_hours=4, now=at, phone="0952-2012345"
        )

    def test_lets_the_elder_cancel_up_to_the_deadline(self) -> None:
        self.cancel(at=self.START - timedelta(hours=4))

    def test_tells_the_elder_to_phone_afterwards(self) -> None:
        with pytest.raises(errors.CancelTooLate, match="0952-2012345"):
            self.cancel(at=self.START - timedelta(hours=4) + timedelta(microseconds=1))

    def test_lets_staff_cancel_after_the_deadline(self) -> None:
        self.cancel(at=self.START, by_staff=True)

    def test_lets_anybody_drop_a_draft(self) -> None:
        self.cancel(at=self.START + timedelta(days=9), state=OrderState.draft)
