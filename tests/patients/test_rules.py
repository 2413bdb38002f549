"""Who may be served at home, who goes first, what a relation allows."""

from datetime import UTC, date, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.ids import new_id
from service.patients import errors, rules
from service.patients.rules import KeyGroup, RelationKind, Right

GROUPS = st.frozensets(st.sampled_from(KeyGroup))


def relation(kind: RelationKind, *rights: Right) -> rules.RelationFacts:
    return rules.RelationFacts(
        id=new_id(),
        person_id=new_id(),
        kind=kind,
        institution_id=None,
        account_id=None,
        kinship=None,
        rights=frozenset(rights),
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        valid_to=None,
        because="",
    )


class TestMayBeServedAtHome:
    @pytest.mark.parametrize("group", ["disabled", "dementia", "chronic", "advanced_age", "disability"])
    def test_each_of_the_named_groups_alone_opens_it(self, group):
        assert rules.may_be_served_at_home({KeyGroup(group)})

    @pytest.mark.parametrize(
        "groups", [(), ("semi_disabled",), ("severe_illness", "special_family", "low_income", "semi_disabled")]
    )
    def test_the_others_do_not_open_it(self, groups):
        assert not rules.may_be_served_at_home([KeyGroup(each) for each in groups])


class TestPriorityOf:
    @pytest.mark.parametrize(
        "group",
        ["disabled", "dementia", "semi_disabled", "severe_illness", "advanced_age", "special_family", "low_income"],
    )
    def test_each_group_goes_before_a_plain_person(self, group):
        assert rules.priority_of({KeyGroup(group)}, 50) > rules.priority_of((), 50) == 0

    def test_sixty_five_counts_from_the_birthday(self):
        assert rules.priority_of((), 64) == 0 < rules.priority_of((), 65)

    def test_an_old_disabled_person_goes_before_an_old_one_and_before_a_poor_one(self):
        old_disabled = rules.priority_of({KeyGroup.disabled}, 70)
        assert old_disabled > rules.priority_of((), 90)
        assert old_disabled > rules.priority_of({KeyGroup.low_income}, 90)

    @given(GROUPS, GROUPS, st.integers(0, 120))
    def test_one_group_more_never_moves_a_person_back(self, some, more, age):
        assert rules.priority_of(some | more, age) >= rules.priority_of(some, age)

    def test_every_group_opens_service_or_moves_forward(self):
        for group in KeyGroup:
            assert rules.may_be_served_at_home({group}) or rules.priority_of({group}, 0) > 0


class TestAgeOn:
    @pytest.mark.parametrize(
        ("born_on", "on", "age"),
        [
            (date(1961, 3, 2), date(2026, 3, 1), 64),
            (date(1961, 3, 2), date(2026, 3, 2), 65),
            (date(1960, 2, 29), date(2025, 2, 28), 64),
            (date(1960, 2, 29), date(2025, 3, 1), 65),
        ],
    )
    def test_is_completed_on_the_birthday(self, born_on, on, age):
        assert rules.age_on(born_on, on) == age


class TestFloorsOnFoot:
    @pytest.mark.parametrize(("floor", "lift", "flights"), [(1, False, 0), (6, False, 5), (6, True, 0), (1, True, 0)])
    def test_counts_flights_only_without_a_lift(self, floor, lift, flights):
        assert rules.floors_on_foot(floor, lift) == flights


class TestRightsOf:
    def test_an_institution_may_view_and_book(self):
        assert rules.rights_of([relation(RelationKind.institution)]) == {Right.view, Right.book}

    def test_an_account_may_what_was_granted_to_it(self):
        assert rules.rights_of([relation(RelationKind.proxy, Right.view, Right.pay)]) == {Right.view, Right.pay}

    def test_several_relations_add_up_and_none_gives_nothing(self):
        both = [relation(RelationKind.institution), relation(RelationKind.proxy, Right.pay)]
        assert rules.rights_of(both) == {Right.view, Right.book, Right.pay}
        assert rules.rights_of([]) == frozenset()

    def test_a_grant_always_lets_see(self):
        assert rules.granted([Right.book]) == {Right.view, Right.book}

    def test_rights_are_read_out_in_one_order(self):
        for some in product(Right, repeat=2):
            assert rules.sorted_rights(some) == rules.sorted_rights(reversed(some))
        assert rules.sorted_rights(set(Right)) == [Right.view, Right.book, Right.pay, Right.grant]


class TestRefusals:
    def test_a_period_of_one_day_is_one(self):
        rules.refuse_end_before_start(date(2026, 1, 1), date(2026, 1, 1))
        rules.refuse_end_before_start(date(2026, 1, 1), None)
        with pytest.raises(errors.EndsBeforeStart):
            rules.refuse_end_before_start(date(2026, 1, 2), date(2026, 1, 1))

    def test_nobody_dies_before_birth_or_tomorrow(self):
        born, today = date(1945, 5, 1), date(2026, 3, 2)
        rules.refuse_impossible_death(born, today, today)
        rules.refuse_impossible_death(born, born, today)
        for impossible in (date(1945, 4, 30), date(2026, 3, 3)):
            with pytest.raises(errors.DeathImpossible):
                rules.refuse_impossible_death(born, impossible, today)
