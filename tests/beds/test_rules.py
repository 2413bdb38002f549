"""When a home bed may be opened and closed."""

from datetime import date

import pytest

from service.beds import errors, rules
from service.beds.rules import ClosingReason
from service.practitioners.rules import LicenceFacts

OPENED = date(2026, 3, 2)
TODAY = date(2026, 3, 20)


def close(closing: date, *, already: date | None = None) -> None:
    rules.refuse_closing(opened_on=OPENED, already=already, closing=closing, today=TODAY)


class TestRefuseClosing:
    @pytest.mark.parametrize("closing", [date(2026, 3, 3), TODAY])
    def test_lets_a_bed_close_from_the_next_day_until_today(self, closing: date) -> None:
        close(closing)

    @pytest.mark.parametrize("closing", [OPENED, date(2026, 3, 1)])
    def test_refuses_to_close_on_the_opening_day_or_before(self, closing: date) -> None:
        with pytest.raises(errors.ClosesBeforeItOpens) as refused:
            close(closing)
        assert refused.value.facts["opened_on"] == OPENED

    def test_refuses_tomorrow(self) -> None:
        with pytest.raises(errors.BedInTheFuture):
            close(date(2026, 3, 21))

    def test_refuses_a_second_closing(self) -> None:
        with pytest.raises(errors.BedClosed) as refused:
            close(TODAY, already=date(2026, 3, 10))
        assert refused.value.facts["closed_on"] == date(2026, 3, 10)


class TestRefuseReason:
    @pytest.mark.parametrize("reason", [each for each in ClosingReason if each is not ClosingReason.died])
    def test_every_other_reason_is_for_the_living(self, reason: ClosingReason) -> None:
        rules.refuse_reason(reason, None)
        with pytest.raises(errors.ClosingReasonWrong):
            rules.refuse_reason(reason, TODAY)

    def test_death_must_be_registered_first(self) -> None:
        rules.refuse_reason(ClosingReason.died, TODAY)
        with pytest.raises(errors.ClosingReasonWrong):
            rules.refuse_reason(ClosingReason.died, None)


class TestRefuseDoctor:
    LICENCE = LicenceFacts(valid_from=date(2026, 1, 1), valid_to=OPENED)

    def doctor(
        self, *, role: str = "doctor", here: bool = True, licences: tuple[LicenceFacts, ...] = (LICENCE,),
        on: date = OPENED,
    ) -> None:  # fmt: skip
        rules.refuse_doctor(role=role, same_institution=here, licences=licences, opened_on=on)

    def test_lets_a_licensed_doctor_of_the_institution_through(self) -> None:
        self.doctor()

    @pytest.mark.parametrize("role", ["nurse", "therapist", "village_doctor"])
    def test_refuses_who_is_no_doctor(self, role: str) -> None:
        with pytest.raises(errors.DoctorNotQualified):
            self.doctor(role=role)

    def test_refuses_a_doctor_of_another_institution(self) -> None:
        with pytest.raises(errors.DoctorNotQualified):
            self.doctor(here=False)

    def test_refuses_the_day_after_the_licence_ended(self) -> None:
        with pytest.raises(errors.DoctorNotQualified):
            self.doctor(on=date(2026, 3, 3))

    def test_refuses_without_any_licence(self) -> None:
        with pytest.raises(errors.DoctorNotQualified):
            self.doctor(licences=())


class TestRefuseFuture:
    def test_today_is_no_future(self) -> None:
        rules.refuse_future(TODAY, TODAY)
        with pytest.raises(errors.BedInTheFuture):
            rules.refuse_future(date(2026, 3, 21), TODAY)
