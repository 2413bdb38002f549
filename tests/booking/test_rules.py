"""Who may be booked for what."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.beds.rules import BedFacts, BedPayment
from service.booking import errors, rules
from service.catalog.rules import ItemFacts
from service.core.ids import new_id
from service.orders import errors as order_errors
from service.orders.rules import OrderKind, OrderState
from service.patients.rules import HomeFacts, KeyGroup

DAY = date(2026, 3, 3)
SERVED = {"disabled", "dementia", "chronic", "advanced_age", "disability"}


def item(*, home_allowed: bool = True, kinds: tuple[str, ...] = ("home_visit",)) -> ItemFacts:
    return ItemFacts(
        code="X",
        name="静脉输液",
        duration_minutes=30,
        staff_count=1,
        skills=frozenset(),
        order_kinds=frozenset(kinds),
        latest_start=None,
        home_allowed=home_allowed,
        refusal_note="请到机构就诊",
    )


class TestRefuseIneligible:
    @pytest.mark.requirement("R001")
    @given(groups=st.frozensets(st.sampled_from(KeyGroup)))
    def test_one_group_served_at_home_is_enough_and_needed(self, groups: frozenset[KeyGroup]) -> None:
        rules.refuse_ineligible(groups, require_key_group=False)
        if groups & SERVED:
            rules.refuse_ineligible(groups, require_key_group=True)
            return
        with pytest.raises(errors.NotEligible):
            rules.refuse_ineligible(groups, require_key_group=True)


class TestRefuseWithoutCarer:
    @pytest.mark.requirement("R129")
    def test_only_dementia_needs_a_carer(self) -> None:
        rules.refuse_without_carer({KeyGroup.disabled}, has_carer=False)
        rules.refuse_without_carer({KeyGroup.dementia}, has_carer=True)
        with pytest.raises(errors.CarerMissing):
            rules.refuse_without_carer({KeyGroup.dementia, KeyGroup.disabled}, has_carer=False)


class TestRefusePlace:
    def test_only_a_round_of_a_care_institution_asks_where_one_lives(self) -> None:
        home = HomeFacts(id=new_id(), lon=106.3, lat=39.0, floor=1, has_lift=False, care_institution_id=None)
        rules.refuse_home(OrderKind.home_visit, home)
        rules.refuse_home(OrderKind.home_bed_round, home)
        with pytest.raises(errors.NotACareHome):
            rules.refuse_home(OrderKind.institution_round, home)

    def test_a_bed_is_this_institutions(self) -> None:
        here, there = new_id(), new_id()
        bed = BedFacts(new_id(), here, DAY, None, BedPayment.per_item, frozenset())
        rules.refuse_bed(bed, institution_id=here, service_on=DAY)
        for missing, institution_id in ((bed, there), (None, here)):
            with pytest.raises(errors.BedMissing):
                rules.refuse_bed(missing, institution_id=institution_id, service_on=DAY)

    def test_nobody_goes_where_nobody_knows(self) -> None:
        home_id = new_id()
        assert rules.require_home(home_id) == home_id
        with pytest.raises(errors.HomeMissing):
            rules.require_home(None)


class TestRefuseItems:
    def test_says_the_catalogues_note(self) -> None:
        with pytest.raises(errors.ItemNotAtHome, match="请到机构就诊"):
            rules.refuse_items([item(home_allowed=False)], OrderKind.home_visit)

    def test_asks_for_the_kind(self) -> None:
        rules.refuse_items([item()], OrderKind.home_visit)
        with pytest.raises(errors.ItemNotForKind, match="机构巡诊"):
            rules.refuse_items([item()], OrderKind.institution_round)


class TestRefuseOneTooMany:
    def test_the_limit_itself_may_be_reached(self) -> None:
        rules.refuse_one_too_many(2, 3)
        with pytest.raises(order_errors.TooManyOpenOrders):
            rules.refuse_one_too_many(3, 3)


class TestRefuseUnchangeable:
    @pytest.mark.parametrize("state", list(OrderState))
    def test_what_the_institution_has_answered_stays(self, state: OrderState) -> None:
        if state in {"draft", "submitted"}:
            rules.refuse_unchangeable(state)
            return
        with pytest.raises(errors.OrderNotChangeable):
            rules.refuse_unchangeable(state)
